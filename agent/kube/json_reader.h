// Private to the decoders: single fields on demand, over the token positions that simdjson's first stage finds (it
// also checks UTF-8 and that strings end). Walking the tokens is ours: skipping what is not read, which is most of a
// pod, takes one add per token there, and no branch that the processor can't predict.
//
// The reader stands at one token. A visitor reads the value it stands at, or leaves it alone and it is skipped. Every
// function returns false after the first fault and leaves one line about it. Null and absent are the same thing, as
// the server's skeletons need.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "agent/core/time.h"
#include "agent/kube/padded.h"

namespace simdjson::internal {
class dom_parser_implementation;  // NOLINT(readability-identifier-naming): the library's own name
}

namespace outrigger::kube {

// A string as it stands in the input: borrowed, still escaped. Lets a rule be decided after all fields of an
// object are known, whatever their order.
struct RawText {
  std::string_view inner;  // between the quotes
  bool present = false;
};

// A key as it stands in the input, never unescaped: the server's names of fields need no escapes.
class RawKey {
 public:
  explicit RawKey(const char* raw) : raw_(raw) {}
  char front() const { return *raw_; }
  template <std::size_t N>
  bool is(const char (&name)[N]) const {
    static_assert(N < json_padding);
    return std::memcmp(raw_, name, N - 1) == 0 && raw_[N - 1] == '"';
  }
  RawText text() const;

 private:
  const char* raw_;
};

class JsonReader {
 public:
  JsonReader();
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // Stands at the first token then. The bytes are borrowed until the last read.
  bool open(Padded json);
  // Nothing may follow the root.
  bool finish() { return at_ == end_ || fault("", "is more than one document"); }

  // First byte of the token; 0 at the end.
  char peek() const { return at_ != end_ ? bytes_[*at_] : '\0'; }
  // A number, true, false, null or what pretends to be one: without the space behind it.
  std::string_view scalar() const;
  // The value and everything in it: brackets are counted, nothing else is looked at.
  bool skip() {
    const char first = peek();
    if (first == '{' || first == '[') return skip_nested();
    if (first == '\0' || first == ',' || first == ':' || first == '}' || first == ']') return false;
    ++at_;
    return true;
  }

  // visit(RawKey) -> bool. `present` tells {} from null.
  template <class Visit>
  bool object(const char* where, Visit visit, bool* present = nullptr) {
    if (peek() != '{') return null_or(where, "is not an object");
    ++at_;
    if (present != nullptr) *present = true;
    if (peek() == '}') return ++at_, true;
    while (true) {
      if (peek() != '"') return broken(where);
      const RawKey key(bytes_ + *at_ + 1);
      ++at_;
      if (peek() != ':') return broken(where);
      const std::uint32_t* const value = ++at_;
      if (!visit(key)) return false;
      if (at_ == value && !skip()) return broken(where);
      const char next = peek();
      if (next != ',' && next != '}') return broken(where);
      ++at_;
      if (next == '}') return true;
    }
  }
  // visit() -> bool, once for each element.
  template <class Visit>
  bool array(const char* where, Visit visit) {
    if (peek() != '[') return null_or(where, "is not an array");
    ++at_;
    if (peek() == ']') return ++at_, true;
    while (true) {
      const std::uint32_t* const value = at_;
      if (!visit()) return false;
      if (at_ == value && !skip()) return broken(where);
      const char next = peek();
      if (next != ',' && next != ']') return broken(where);
      ++at_;
      if (next == ']') return true;
    }
  }

  bool raw(const char* where, RawText& out);
  bool text(const char* where, std::string& out);
  bool timestamp(const char* where, core::WallMillis& out);
  bool instant(const RawText& raw, const char* where, core::WallMillis& out);
  bool integer(const char* where, std::int64_t least, std::int64_t most, std::int64_t& out);
  bool boolean(const char* where, bool& out);
  // `max_bytes`: cut at a character's boundary; 0 = whole.
  bool unescape(const RawText& raw, const char* where, std::string& out, std::size_t max_bytes = 0);
  // Valid until the next unescape.
  bool view(const RawText& raw, const char* where, std::string_view& out);

  bool fault(const char* where, std::string_view what);
  const std::string& fault_text() const { return fault_; }
  void release();

 private:
  bool broken(const char* where) { return fault(where, "is malformed"); }
  bool skip_nested();
  bool null_or(const char* where, const char* what);

  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
  std::size_t capacity_ = 0;
  const char* bytes_ = nullptr;
  // Positions of the tokens; one more behind the last is readable and is the input's length.
  const std::uint32_t* at_ = nullptr;
  const std::uint32_t* end_ = nullptr;
  std::unique_ptr<std::uint8_t[]> scratch_;
  std::size_t scratch_bytes_ = 0;
  std::string fault_;
};

// Cuts at a character's boundary, so that valid UTF-8 stays valid.
void truncate_utf8(std::string& text, std::size_t max_bytes);

}  // namespace outrigger::kube
