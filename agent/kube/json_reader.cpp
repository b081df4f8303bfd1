#include "agent/kube/json_reader.h"

#include <algorithm>

#include "agent/kube/timestamp.h"

namespace outrigger::kube {

static_assert(json_padding >= simdjson::SIMDJSON_PADDING);

bool JsonReader::open(Padded json, simdjson::ondemand::document& document, Object& root) {
  const std::string_view bytes = json.bytes();
  x_fault.clear();
  const simdjson::padded_string_view padded(bytes.data(), bytes.size(), bytes.size() + json_padding);
  if (const auto error = x_parser.iterate(padded).get(document)) return broken("", error);
  if (const auto error = document.get_object().get(root)) return broken("", error);
  return true;
}

bool JsonReader::finish(simdjson::ondemand::document& document) {
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return fault("", "more than one document");
  return true;
}

void JsonReader::release() {
  x_parser = simdjson::ondemand::parser();
  x_scratch.reset();
  x_scratch_bytes = 0;
}

bool JsonReader::fault(const char* where, std::string_view what) {
  x_fault = *where == '\0' ? std::string("JSON") : std::string(where);
  x_fault.append(" ").append(what);
  return false;
}

bool JsonReader::broken(const char* where, simdjson::error_code error) {
  return fault(where, std::string("is malformed: ") + simdjson::error_message(error));
}

bool JsonReader::null_or(Value& value, const char* where, const char* what, simdjson::error_code error) {
  bool null = false;
  if (error == simdjson::INCORRECT_TYPE && value.is_null().get(null) == simdjson::SUCCESS && null)
    return true;
  return error == simdjson::INCORRECT_TYPE ? fault(where, what) : broken(where, error);
}

bool JsonReader::raw(Value& value, const char* where, RawText& out) {
  // From the opening quote to the next token: the closing quote is the last one in it.
  std::string_view token = value.raw_json_token();
  simdjson::ondemand::raw_json_string string;
  if (const auto error = value.get_raw_json_string().get(string)) {
    out = {};
    return null_or(value, where, "is not a string", error);
  }
  std::size_t end = token.size() - 1;
  while (end > 0 && token[end] != '"') --end;
  if (end == 0) return fault(where, "is a string without an end");
  out.inner = token.substr(1, end - 1);
  out.escaped = std::memchr(out.inner.data(), '\\', out.inner.size()) != nullptr;
  out.present = true;
  return true;
}

bool JsonReader::view(const RawText& raw, const char* where, std::string_view& out) {
  if (!raw.escaped) {
    out = raw.inner;
    return true;
  }
  const std::size_t needed = raw.inner.size() + json_padding;
  if (needed > x_scratch_bytes) {
    x_scratch = std::make_unique_for_overwrite<std::uint8_t[]>(needed);
    x_scratch_bytes = needed;
  }
  std::uint8_t* to = x_scratch.get();
  const simdjson::ondemand::raw_json_string string(reinterpret_cast<const std::uint8_t*>(raw.inner.data()));
  if (const auto error = x_parser.unescape(string, to).get(out)) return broken(where, error);
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

bool JsonReader::text(Value& value, const char* where, std::string& out) {
  RawText found;
  return raw(value, where, found) && unescape(found, where, out);
}

bool JsonReader::timestamp(Value& value, const char* where, core::WallMillis& out) {
  RawText found;
  if (!raw(value, where, found)) return false;
  if (!found.present) return true;
  const auto parsed = parse_timestamp(found.inner);
  if (!parsed) return fault(where, "is not a timestamp");
  out = *parsed;
  return true;
}

bool JsonReader::integer(Value& value, const char* where, std::int64_t least, std::int64_t most,
                         std::int64_t& out) {
  std::int64_t found = 0;
  if (const auto error = value.get_int64().get(found)) {
    bool null = false;
    if (value.is_null().get(null) == simdjson::SUCCESS && null) return true;
    return fault(where, error == simdjson::INCORRECT_TYPE || error == simdjson::NUMBER_ERROR
                            ? "is not an integer"
                            : "is malformed");
  }
  if (found < least || found > most) return fault(where, "is out of range");
  out = found;
  return true;
}

bool JsonReader::boolean(Value& value, const char* where, bool& out) {
  bool found = false;
  if (const auto error = value.get_bool().get(found)) return null_or(value, where, "is not a boolean", error);
  out = found;
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
