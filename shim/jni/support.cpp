#include "shim/jni/support.h"

#include <stdexcept>

namespace outrigger::jni {

void raise(JNIEnv* env, const std::string& text) {
  if (env->ExceptionCheck()) return;
  const jclass kind = env->FindClass("io/outrigger/spark/ChannelException");
  if (kind != nullptr) env->ThrowNew(kind, text.c_str());
}

void check(outrigger_session* session, outrigger_code code, const char* what) {
  if (code == OUTRIGGER_OK) return;
  char text[OUTRIGGER_MESSAGE_BYTES] = "";
  outrigger_last_error(session, text, sizeof text);
  throw std::runtime_error(std::string(what) + ": " + outrigger_code_name(code) + ": " + text);
}

std::string text_of(JNIEnv* env, jstring text) {
  if (text == nullptr) return {};
  const char* chars = env->GetStringUTFChars(text, nullptr);
  if (chars == nullptr) throw Pending();
  std::string copy(chars);
  env->ReleaseStringUTFChars(text, chars);
  return copy;
}

std::vector<std::uint64_t> ids_of(JNIEnv* env, jlongArray ids) {
  if (ids == nullptr) return {};
  std::vector<std::uint64_t> copy(static_cast<std::size_t>(env->GetArrayLength(ids)));
  static_assert(sizeof(jlong) == sizeof(std::uint64_t));
  env->GetLongArrayRegion(ids, 0, static_cast<jsize>(copy.size()), reinterpret_cast<jlong*>(copy.data()));
  if (env->ExceptionCheck()) throw Pending();
  return copy;
}

std::vector<char> bytes_of(JNIEnv* env, jbyteArray bytes) {
  if (bytes == nullptr) throw std::invalid_argument("outrigger: a pod or extra resource is null");
  std::vector<char> copy(static_cast<std::size_t>(env->GetArrayLength(bytes)));
  env->GetByteArrayRegion(bytes, 0, static_cast<jsize>(copy.size()), reinterpret_cast<jbyte*>(copy.data()));
  if (env->ExceptionCheck()) throw Pending();
  return copy;
}

}  // namespace outrigger::jni
