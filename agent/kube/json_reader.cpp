#include "agent/kube/json_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "agent/kube/timestamp.h"

namespace outrigger::kube {
namespace {

static_assert(json_padding >= simdjson::SIMDJSON_PADDING);

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// What a token does to the depth, by its first byte.
constexpr std::array<std::int8_t, 256> depth_change = [] {
  std::array<std::int8_t, 256> change{};
  change['{'] = change['['] = 1;
  change['}'] = change[']'] = -1;
  return change;
}();

std::uint8_t* parse_string(const simdjson::internal::dom_parser_implementation& parser,
                           const std::uint8_t* from, std::uint8_t* to) {
#if SIMDJSON_VERSION_MAJOR > 3 || (SIMDJSON_VERSION_MAJOR == 3 && SIMDJSON_VERSION_MINOR >= 2)
  return parser.parse_string(from, to, false);
#else
  return parser.parse_string(from, to);
#endif
}

}  // namespace

RawText RawKey::text() const {
  const char* end = raw_;
  while (*end != '"') end += *end == '\\' ? 2 : 1;  // the first stage has seen the closing quote
  return {{raw_, static_cast<std::size_t>(end - raw_)}, true};
}

JsonReader::JsonReader() = default;
JsonReader::~JsonReader() = default;

bool JsonReader::open(Padded json) {
  const std::string_view bytes = json.bytes();
  fault_.clear();
  at_ = end_ = nullptr;
  if (bytes.size() > capacity_ || parser_ == nullptr) {
    // Room to grow, so that a slowly growing document does not allocate each time.
    const std::size_t capacity = std::max<std::size_t>(bytes.size() + bytes.size() / 2, 16u << 10);
    // Depth 1: only simdjson's own second stage needs more, and it never runs here.
    const auto error =
        simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, parser_);
    capacity_ = error ? 0 : capacity;
    if (error) return fault("", simdjson::error_message(error));
  }
  const auto error = parser_->stage1(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                                     simdjson::stage1_mode::regular);
  if (error) return fault("", std::string("is malformed: ") + simdjson::error_message(error));
  bytes_ = bytes.data();
  at_ = parser_->structural_indexes.get();
  end_ = at_ + parser_->n_structural_indexes;
  return true;
}

void JsonReader::release() {
  parser_.reset();
  capacity_ = 0;
  at_ = end_ = nullptr;
  scratch_.reset();
  scratch_bytes_ = 0;
}

std::string_view JsonReader::scalar() const {
  if (at_ == end_) return {};
  std::size_t end = at_[1];
  while (end > *at_ && is_space(bytes_[end - 1])) --end;
  return {bytes_ + *at_, end - *at_};
}

bool JsonReader::skip_nested() {
  const char* const bytes = bytes_;
  const std::uint32_t* at = at_;
  const std::uint32_t* const end = end_;
  int depth = 0;
  do {
    depth += depth_change[static_cast<unsigned char>(bytes[*at++])];
  } while (depth != 0 && at != end);
  at_ = at;
  return depth == 0;
}

bool JsonReader::fault(const char* where, std::string_view what) {
  fault_ = *where == '\0' ? std::string("JSON") : std::string(where);
  fault_.append(" ").append(what);
  return false;
}

bool JsonReader::null_or(const char* where, const char* what) {
  if (peek() == '\0') return broken(where);
  if (peek() != 'n' || scalar() != "null") return fault(where, what);
  ++at_;
  return true;
}

bool JsonReader::raw(const char* where, RawText& out) {
  if (peek() != '"') {
    out = {};
    return null_or(where, "is not a string");
  }
  // Up to the next token there is only the string and space: its closing quote is the last one.
  const std::string_view token = scalar();
  if (token.size() < 2 || token.back() != '"') return broken(where);
  out.inner = token.substr(1, token.size() - 2);
  out.present = true;
  ++at_;
  return true;
}

bool JsonReader::view(const RawText& raw, const char* where, std::string_view& out) {
  if (raw.inner.find('\\') == std::string_view::npos) {
    out = raw.inner;
    return true;
  }
  const std::size_t needed = raw.inner.size() + json_padding;
  if (needed > scratch_bytes_) {
    scratch_ = std::make_unique_for_overwrite<std::uint8_t[]>(needed);
    scratch_bytes_ = needed;
  }
  const auto* const from = reinterpret_cast<const std::uint8_t*>(raw.inner.data());
  const std::uint8_t* const end = parse_string(*parser_, from, scratch_.get());
  if (end == nullptr) return fault(where, "has a bad escape");
  out = {reinterpret_cast<const char*>(scratch_.get()), static_cast<std::size_t>(end - scratch_.get())};
  return true;
}

bool JsonReader::unescape(const RawText& raw, const char* where, std::string& out, std::size_t max_bytes) {
  std::string_view seen;
  if (!view(raw, where, seen)) return false;
  if (max_bytes == 0 || seen.size() <= max_bytes) {
    out.assign(seen);
    return true;
  }
  out.assign(seen.substr(0, max_bytes + 1));
  truncate_utf8(out, max_bytes);
  return true;
}

bool JsonReader::text(const char* where, std::string& out) {
  RawText found;
  return raw(where, found) && unescape(found, where, out);
}

bool JsonReader::timestamp(const char* where, core::WallMillis& out) {
  RawText found;
  return raw(where, found) && instant(found, where, out);
}

bool JsonReader::instant(const RawText& raw, const char* where, core::WallMillis& out) {
  if (!raw.present) return true;
  const auto parsed = parse_timestamp(raw.inner);
  if (!parsed) return fault(where, "is not a timestamp");
  out = *parsed;
  return true;
}

bool JsonReader::integer(const char* where, std::int64_t least, std::int64_t most, std::int64_t& out) {
  const std::string_view token = scalar();
  std::int64_t found = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), found);
  if (error == std::errc::result_out_of_range) return fault(where, "is out of range");
  if (error != std::errc() || end != token.data() + token.size()) return null_or(where, "is not an integer");
  if (found < least || found > most) return fault(where, "is out of range");
  out = found;
  ++at_;
  return true;
}

bool JsonReader::boolean(const char* where, bool& out) {
  const std::string_view token = scalar();
  if (token != "true" && token != "false") return null_or(where, "is not a boolean");
  out = token == "true";
  ++at_;
  return true;
}

void truncate_utf8(std::string& text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return;
  std::size_t end = max_bytes;
  // The byte at `end` is the first that goes: a continuation byte there means a character is cut in two.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
}

}  // namespace outrigger::kube
