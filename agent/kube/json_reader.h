// Private to the decoders: reading single fields on demand. Every function returns false after the first fault
// and leaves one line about it; null and absent are the same thing, as the server's skeletons need.
#pragma once
#include <simdjson.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "agent/core/result.h"
#include "agent/core/time.h"
#include "agent/kube/padded.h"

namespace outrigger::kube {

// A string as it stands in the input: borrowed, still escaped. Lets a rule be decided after all fields of an
// object are known, whatever their order.
struct RawText {
  std::string_view inner;  // between the quotes
  bool escaped = false;
  bool present = false;
};

// A key as it stands in the input, never unescaped: the server's names of fields need no escapes.
class RawKey {
 public:
  explicit RawKey(const char* raw) : x_raw(raw) {}
  char front() const { return *x_raw; }
  template <std::size_t N>
  bool is(const char (&name)[N]) const {
    static_assert(N < json_padding);
    return std::memcmp(x_raw, name, N - 1) == 0 && x_raw[N - 1] == '"';
  }

 private:
  const char* x_raw;
};

class JsonReader {
 public:
  using Value = simdjson::ondemand::value;
  using Object = simdjson::ondemand::object;
  using Array = simdjson::ondemand::array;

  bool open(Padded json, simdjson::ondemand::document& document, Object& root);
  // The root was walked to its end: nothing may follow.
  bool finish(simdjson::ondemand::document& document);

  // visit(RawKey, Value&) -> bool; what it does not read is skipped.
  template <class Visit>
  bool fields(Object& object, const char* where, Visit visit) {
    for (auto result : object) {
      simdjson::ondemand::field field;
      if (const auto error = std::move(result).get(field)) return broken(where, error);
      if (!visit(RawKey(field.key().raw()), field.value())) return false;
    }
    return true;
  }
  // `present` tells {} from null.
  template <class Visit>
  bool object(Value& value, const char* where, Visit visit, bool* present = nullptr) {
    Object opened;
    if (const auto error = value.get_object().get(opened))
      return null_or(value, where, "is not an object", error);
    if (present != nullptr) *present = true;
    return fields(opened, where, visit);
  }
  // visit(Value&) -> bool
  template <class Visit>
  bool array(Value& value, const char* where, Visit visit) {
    Array opened;
    if (const auto error = value.get_array().get(opened))
      return null_or(value, where, "is not an array", error);
    for (auto result : opened) {
      Value element;
      if (const auto error = std::move(result).get(element)) return broken(where, error);
      if (!visit(element)) return false;
    }
    return true;
  }

  bool raw(Value& value, const char* where, RawText& out);
  bool text(Value& value, const char* where, std::string& out);
  bool timestamp(Value& value, const char* where, core::WallMillis& out);
  bool integer(Value& value, const char* where, std::int64_t least, std::int64_t most, std::int64_t& out);
  bool boolean(Value& value, const char* where, bool& out);
  // `max_bytes`: cut at a character's boundary; 0 = whole.
  bool unescape(const RawText& raw, const char* where, std::string& out, std::size_t max_bytes = 0);
  // Valid until the next unescape.
  bool view(const RawText& raw, const char* where, std::string_view& out);

  bool fault(const char* where, std::string_view what);
  const std::string& fault_text() const { return x_fault; }
  void release();

 private:
  bool broken(const char* where, simdjson::error_code error);
  bool null_or(Value& value, const char* where, const char* what, simdjson::error_code error);

  simdjson::ondemand::parser x_parser;
  std::unique_ptr<std::uint8_t[]> x_scratch;
  std::size_t x_scratch_bytes = 0;
  std::string x_fault;
};

// Cuts at a character's boundary, so that valid UTF-8 stays valid.
void truncate_utf8(std::string& text, std::size_t max_bytes);

}  // namespace outrigger::kube
