// What the driver wants, one native per post of the C ABI. Each returns the command's number.
#include "shim/jni/support.h"

using namespace outrigger::jni;

namespace {

// The texts of one sample and the C struct that points to them.
class Sample {
 public:
  Sample(JNIEnv* env, std::uint64_t id, jbyteArray pod, jobjectArray extras) : pod_(bytes_of(env, pod)) {
    const jsize count = extras == nullptr ? 0 : env->GetArrayLength(extras);
    for (jsize i = 0; i < count; ++i) {
      const auto extra = static_cast<jbyteArray>(env->GetObjectArrayElement(extras, i));
      texts_.push_back(bytes_of(env, extra));
      env->DeleteLocalRef(extra);
    }
    for (const auto& text : texts_) extras_.push_back({text.data(), text.size()});
    sample_.executor_id = id;
    sample_.pod = {pod_.data(), pod_.size()};
    sample_.extras = extras_.data();
    sample_.extra_count = extras_.size();
  }
  Sample(const Sample&) = delete;
  Sample(Sample&&) = default;  // vectors keep their memory, so the pointers stay good
  const outrigger_sample& get() const { return sample_; }

 private:
  std::vector<char> pod_;
  std::vector<std::vector<char>> texts_;
  std::vector<outrigger_json> extras_;
  outrigger_sample sample_{};
};

template <class Post>
jlong post(JNIEnv* env, jlong handle, const char* what, Post&& send) {
  return guarded<jlong>(env, [&] {
    std::uint64_t command = 0;
    check(session_of(handle), send(session_of(handle), &command), what);
    return static_cast<jlong>(command);
  });
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the JVM looks natives up by these names.
extern "C" {

// Values in the order of io.outrigger.spark.AllocationPolicy.toNative().
JNIEXPORT jlong JNICALL Java_io_outrigger_spark_Natives_postPolicy(JNIEnv* env, jclass, jlong handle,
                                                                   jlongArray values) {
  return post(env, handle, "policy", [&](outrigger_session* session, std::uint64_t* command) {
    const auto given = ids_of(env, values);
    outrigger_policy policy;
    outrigger_policy_defaults(&policy);
    if (given.size() != 12) return OUTRIGGER_ERROR_ARGUMENT;
    policy.max_pending_pods = static_cast<std::uint32_t>(given[0]);
    policy.max_pending_pods_per_profile = static_cast<std::uint32_t>(given[1]);
    policy.batch_size = static_cast<std::uint32_t>(given[2]);
    policy.maximum_id = given[3];
    policy.creation_timeout_ms = given[4];
    policy.idle_timeout_ms = given[5];
    policy.batch_delay_ms = given[6];
    policy.driver_grace_ms = given[7];
    policy.termination_grace_s = static_cast<std::uint32_t>(given[8]);
    policy.delete_on_termination = given[9] != 0 ? 1 : 0;
    policy.claims = static_cast<std::uint8_t>(given[10]);
    policy.maximum_claims = static_cast<std::uint16_t>(given[11]);
    return outrigger_post_policy(session, &policy, command);
  });
}

JNIEXPORT jlong JNICALL Java_io_outrigger_spark_Natives_postTemplate(JNIEnv* env, jclass, jlong handle,
                                                                     jint profile, jint revision, jint digits,
                                                                     jlongArray ids, jobjectArray pods,
                                                                     jobjectArray extras) {
  return post(env, handle, "template", [&](outrigger_session* session, std::uint64_t* command) {
    const auto numbers = ids_of(env, ids);
    std::vector<Sample> samples;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto at = static_cast<jsize>(i);
      const auto pod = static_cast<jbyteArray>(env->GetObjectArrayElement(pods, at));
      const auto more = static_cast<jobjectArray>(env->GetObjectArrayElement(extras, at));
      if (env->ExceptionCheck()) throw Pending();
      samples.emplace_back(env, numbers[i], pod, more);
    }
    std::vector<outrigger_sample> flat;
    for (const auto& sample : samples) flat.push_back(sample.get());
    outrigger_template wanted{};
    wanted.struct_size = sizeof wanted;
    wanted.profile = static_cast<std::uint32_t>(profile);
    wanted.revision = static_cast<std::uint32_t>(revision);
    wanted.id_digits = static_cast<std::uint32_t>(digits);
    wanted.samples = flat.data();
    wanted.sample_count = flat.size();
    return outrigger_post_template(session, &wanted, command);
  });
}

JNIEXPORT jlong JNICALL Java_io_outrigger_spark_Natives_postRendered(JNIEnv* env, jclass, jlong handle,
                                                                     jint profile, jlong id, jbyteArray pod,
                                                                     jobjectArray extras) {
  return post(env, handle, "rendered", [&](outrigger_session* session, std::uint64_t* command) {
    const Sample sample(env, static_cast<std::uint64_t>(id), pod, extras);
    return outrigger_post_rendered(session, static_cast<std::uint32_t>(profile), &sample.get(), command);
  });
}

JNIEXPORT jlong JNICALL Java_io_outrigger_spark_Natives_postTarget(JNIEnv* env, jclass, jlong handle,
                                                                   jint profile, jint executors) {
  return post(env, handle, "target", [&](outrigger_session* session, std::uint64_t* command) {
    return outrigger_post_target(session, static_cast<std::uint32_t>(profile),
                                 static_cast<std::uint32_t>(executors), command);
  });
}

JNIEXPORT jlong JNICALL Java_io_outrigger_spark_Natives_postKnown(JNIEnv* env, jclass, jlong handle,
                                                                  jlongArray added, jlongArray removed) {
  return post(env, handle, "known", [&](outrigger_session* session, std::uint64_t* command) {
    const auto more = ids_of(env, added);
    const auto fewer = ids_of(env, removed);
    return outrigger_post_known(session, more.data(), more.size(), fewer.data(), fewer.size(), command);
  });
}

JNIEXPORT jlong JNICALL Java_io_outrigger_spark_Natives_postConfirmDelete(JNIEnv* env, jclass, jlong handle,
                                                                          jlongArray ids) {
  return post(env, handle, "confirm-delete", [&](outrigger_session* session, std::uint64_t* command) {
    const auto given = ids_of(env, ids);
    return outrigger_post_confirm_delete(session, given.data(), given.size(), command);
  });
}

JNIEXPORT jlong JNICALL Java_io_outrigger_spark_Natives_postDelete(JNIEnv* env, jclass, jlong handle,
                                                                   jlongArray ids) {
  return post(env, handle, "delete", [&](outrigger_session* session, std::uint64_t* command) {
    const auto given = ids_of(env, ids);
    return outrigger_post_delete(session, given.data(), given.size(), command);
  });
}

JNIEXPORT void JNICALL Java_io_outrigger_spark_Natives_postAck(JNIEnv* env, jclass, jlong handle,
                                                               jlong sequence) {
  guarded<jlong>(env, [&] {
    check(session_of(handle), outrigger_post_ack(session_of(handle), static_cast<std::uint64_t>(sequence)),
          "ack");
    return jlong{0};
  });
}

JNIEXPORT jlong JNICALL Java_io_outrigger_spark_Natives_postDrain(JNIEnv* env, jclass, jlong handle) {
  return post(env, handle, "drain", outrigger_post_drain);
}

JNIEXPORT jlong JNICALL Java_io_outrigger_spark_Natives_postDetach(JNIEnv* env, jclass, jlong handle) {
  return post(env, handle, "detach", outrigger_post_detach);
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
