// Open, close, names, layout: natives of io.outrigger.spark.Natives.
#include <array>
#include <cstddef>

#include "shim/jni/support.h"

using namespace outrigger::jni;

// NOLINTBEGIN(readability-identifier-naming): the JVM looks natives up by these names.
extern "C" {

JNIEXPORT jint JNICALL Java_io_outrigger_spark_Natives_abiVersion(JNIEnv*, jclass) {
  return static_cast<jint>(outrigger_abi_version());
}

// Sizes and offsets that Java reads by, in the order of io.outrigger.spark.Layout.
JNIEXPORT jintArray JNICALL Java_io_outrigger_spark_Natives_layout(JNIEnv* env, jclass) {
  return guarded<jintArray>(env, [&] {
    constexpr std::array<jint, 26> layout{sizeof(outrigger_change),
                                          offsetof(outrigger_change, sequence),
                                          offsetof(outrigger_change, executor_id),
                                          offsetof(outrigger_change, profile),
                                          offsetof(outrigger_change, flags),
                                          offsetof(outrigger_change, state),
                                          offsetof(outrigger_change, phase),
                                          offsetof(outrigger_change, exit_class),
                                          offsetof(outrigger_change, create_error),
                                          offsetof(outrigger_change, exit_code),
                                          offsetof(outrigger_change, created_at_ms),
                                          offsetof(outrigger_change, finished_at_ms),
                                          offsetof(outrigger_change, deletion_at_ms),
                                          offsetof(outrigger_change, uid),
                                          offsetof(outrigger_change, ip),
                                          offsetof(outrigger_change, name),
                                          offsetof(outrigger_change, node),
                                          offsetof(outrigger_change, message),
                                          offsetof(outrigger_change, reason),
                                          sizeof(outrigger_result),
                                          offsetof(outrigger_result, command),
                                          offsetof(outrigger_result, verdict),
                                          offsetof(outrigger_result, detail),
                                          sizeof(outrigger_profile_status),
                                          offsetof(outrigger_profile_status, template_wanted),
                                          offsetof(outrigger_profile_status, profile)};
    const jintArray out = env->NewIntArray(layout.size());
    if (out == nullptr) throw Pending();
    env->SetIntArrayRegion(out, 0, layout.size(), layout.data());
    return out;
  });
}

JNIEXPORT jlong JNICALL Java_io_outrigger_spark_Natives_open(JNIEnv* env, jclass, jstring run_directory,
                                                             jstring application, jstring version,
                                                             jint id_block) {
  return guarded<jlong>(env, [&] {
    const std::string directory = text_of(env, run_directory);
    const std::string id = text_of(env, application);
    const std::string client = text_of(env, version);
    outrigger_options options{};
    options.struct_size = sizeof options;
    options.id_block_size = static_cast<std::uint32_t>(id_block);
    options.run_directory = directory.c_str();
    options.application_id = id.c_str();
    options.client_version = client.c_str();
    outrigger_session* session = nullptr;
    char error[OUTRIGGER_MESSAGE_BYTES] = "";
    if (outrigger_open(&options, &session, error, sizeof error) != OUTRIGGER_OK) raise(env, error);
    return static_cast<jlong>(reinterpret_cast<std::intptr_t>(session));
  });
}

JNIEXPORT void JNICALL Java_io_outrigger_spark_Natives_close(JNIEnv*, jclass, jlong handle) {
  outrigger_close(session_of(handle));
}

JNIEXPORT jstring JNICALL Java_io_outrigger_spark_Natives_nonce(JNIEnv* env, jclass, jlong handle) {
  return guarded<jstring>(env, [&] {
    char text[OUTRIGGER_NONCE_BYTES] = "";
    check(session_of(handle), outrigger_read_nonce(session_of(handle), text, sizeof text), "nonce");
    return env->NewStringUTF(text);
  });
}

// Name of a number: 0 exit class, 1 error class, 2 verdict, 3 why a profile waits, 4 session state.
JNIEXPORT jstring JNICALL Java_io_outrigger_spark_Natives_name(JNIEnv* env, jclass, jint kind, jint number) {
  constexpr std::array names{outrigger_exit_class_name, outrigger_error_class_name, outrigger_verdict_name,
                             outrigger_wait_reason_name, outrigger_session_state_name};
  const auto at = static_cast<std::size_t>(kind);
  return env->NewStringUTF(at < names.size() ? names[at](static_cast<std::uint32_t>(number)) : "unknown");
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
