// One crossing per batch: wait, then everything there is to read into one direct buffer.
//
//   0  u32 changes   4 u32 results   8 u32 profiles  12 u32 session state
//  16  u32 synced   20 u32 more     24 u64 generation  32 u64 age_ms
//  40  u32 agent session            44 u32 drain_left
//  64  char text[256]: why not attached
// 320  changes x outrigger_change, then results x outrigger_result, then profiles x outrigger_profile_status
#include <cstring>
#include <stdexcept>
#include <string>

#include "shim/jni/support.h"

using namespace outrigger::jni;

namespace {

constexpr std::size_t header_bytes = 320;
constexpr std::size_t text_at = 64;
constexpr std::size_t most_results = 64;
constexpr std::size_t most_profiles = 64;  // as many as an application may have

class Buffer {
 public:
  Buffer(JNIEnv* env, jobject buffer)
      : bytes_(static_cast<char*>(env->GetDirectBufferAddress(buffer))),
        size_(static_cast<std::size_t>(env->GetDirectBufferCapacity(buffer))) {
    const std::size_t fixed = header_bytes + most_results * sizeof(outrigger_result) +
                              most_profiles * sizeof(outrigger_profile_status) + sizeof(outrigger_change);
    if (bytes_ == nullptr || size_ < fixed)
      throw std::runtime_error("drain: the buffer is not direct or smaller than " + std::to_string(fixed));
    most_changes_ = (size_ - fixed) / sizeof(outrigger_change) + 1;
    std::memset(bytes_, 0, header_bytes);
  }
  template <class Value>
  void put(std::size_t at, Value value) {
    std::memcpy(bytes_ + at, &value, sizeof value);
  }
  template <class Record>
  Record* records() {  // at the end of what is filled; all records are multiples of 8 bytes
    return reinterpret_cast<Record*>(bytes_ + filled_);
  }
  void filled(std::size_t bytes) { filled_ += bytes; }
  std::size_t most_changes() const { return most_changes_; }
  char* text() { return bytes_ + text_at; }

 private:
  char* bytes_;
  std::size_t size_;
  std::size_t filled_ = header_bytes;
  std::size_t most_changes_ = 0;
};

void put_state(outrigger_session* session, Buffer& out) {
  outrigger_state state{};
  state.struct_size = sizeof state;
  check(session, outrigger_read_state(session, &state), "state");
  out.put(12, state.session);
  out.put(16, state.synced);
  out.put(20, state.more);
  out.put(24, state.generation);
  out.put(32, state.age_ms);
  std::memcpy(out.text(), state.text, OUTRIGGER_MESSAGE_BYTES);
  outrigger_control_status control{};
  control.struct_size = sizeof control;
  if (outrigger_read_control(session, &control) == OUTRIGGER_OK) {  // not without an agent
    out.put(40, control.agent_session);
    out.put(44, control.drain_left);
  }
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the JVM looks natives up by these names.
extern "C" {

JNIEXPORT void JNICALL Java_io_outrigger_spark_Natives_drain(JNIEnv* env, jclass, jlong handle,
                                                             jlong timeout_ms, jobject buffer) {
  guarded<jlong>(env, [&] {
    outrigger_session* session = session_of(handle);
    Buffer out(env, buffer);
    const outrigger_code waited = outrigger_wait(session, timeout_ms);
    if (waited != OUTRIGGER_TIMEOUT) check(session, waited, "wait");
    std::size_t count = 0;
    check(session,
          outrigger_read_changes(session, out.records<outrigger_change>(), out.most_changes(), &count),
          "changes");
    out.put(0, static_cast<std::uint32_t>(count));
    out.filled(count * sizeof(outrigger_change));
    check(session, outrigger_poll_results(session, out.records<outrigger_result>(), most_results, &count),
          "results");
    out.put(4, static_cast<std::uint32_t>(count));
    out.filled(count * sizeof(outrigger_result));
    if (outrigger_read_profiles(session, out.records<outrigger_profile_status>(), most_profiles, &count) !=
        OUTRIGGER_OK)
      count = 0;  // no agent yet
    out.put(8, static_cast<std::uint32_t>(count));
    put_state(session, out);
    return jlong{0};
  });
}

// May what was read be taken for the whole truth (S17)? Null: yes. Otherwise which condition fails. Nothing is
// copied: a capacity of 0 is answered only after all conditions held.
JNIEXPORT jstring JNICALL Java_io_outrigger_spark_Natives_whyNotFresh(JNIEnv* env, jclass, jlong handle,
                                                                      jlong max_age_ms) {
  return guarded<jstring>(env, [&]() -> jstring {
    outrigger_session* session = session_of(handle);
    outrigger_change nothing;
    std::size_t count = 0;
    const outrigger_code code =
        outrigger_read_snapshot(session, static_cast<std::uint64_t>(max_age_ms), &nothing, 0, &count);
    if (code == OUTRIGGER_OK || code == OUTRIGGER_ERROR_CAPACITY) return nullptr;
    if (code != OUTRIGGER_ERROR_NOT_FRESH) check(session, code, "snapshot");
    char text[OUTRIGGER_MESSAGE_BYTES] = "";
    outrigger_last_error(session, text, sizeof text);
    return env->NewStringUTF(text);
  });
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
