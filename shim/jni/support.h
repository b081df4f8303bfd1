// Between C and the JVM: strings, arrays, errors. Every native runs inside guarded(): no C++ exception leaves it.
#pragma once
#include <jni.h>

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "outrigger/shim.h"

namespace outrigger::jni {

inline outrigger_session* session_of(jlong handle) {
  return reinterpret_cast<outrigger_session*>(static_cast<std::intptr_t>(handle));
}

// A pending Java exception (an array that is null, no memory) ends the native: unwound as this.
struct Pending : std::exception {};

// Makes io.outrigger.spark.ChannelException pending.
void raise(JNIEnv* env, const std::string& text);
// Fails with the session's own line unless `code` is OK.
void check(outrigger_session* session, outrigger_code code, const char* what);

std::string text_of(JNIEnv* env, jstring text);                  // null: empty
std::vector<std::uint64_t> ids_of(JNIEnv* env, jlongArray ids);  // null: empty
std::vector<char> bytes_of(JNIEnv* env, jbyteArray bytes);

template <class Result, class Body>
Result guarded(JNIEnv* env, Body&& body) noexcept {
  try {
    return body();
  } catch (const Pending&) {  // already said
  } catch (const std::exception& error) {
    raise(env, error.what());
  } catch (...) {
    raise(env, "outrigger: a failure without a name in liboutrigger_jni.so");
  }
  return Result();
}

}  // namespace outrigger::jni
