#include "agent/kube/status_reader.h"

#include <limits>

#include "agent/core/limits.h"

namespace outrigger::kube {
namespace {

using Value = JsonReader::Value;
// The server's own bound for a continue token is far below; it is kept whole or not at all.
constexpr std::size_t max_continue_bytes = 64u << 10;

bool read_details(JsonReader& json, Value& value, StatusFields& out) {
  return json.object(value, "details", [&](RawKey key, Value& field) {
    if (key.is("kind")) return json.text(field, "details.kind", out.details_kind);
    if (key.is("retryAfterSeconds"))
      return json.integer(field, "details.retryAfterSeconds", 0, std::numeric_limits<std::int32_t>::max(),
                          out.retry_after_s);
    if (!key.is("causes")) return true;
    return json.array(field, "details.causes", [&](Value& cause) {
      return json.object(cause, "details.causes[]", [&](RawKey name, Value& text) {
        if (!name.is("reason")) return true;
        return json.text(text, "details.causes[].reason", out.causes.emplace_back());
      });
    });
  });
}

bool read_metadata(JsonReader& json, Value& value, StatusFields& out) {
  return json.object(value, "metadata", [&](RawKey key, Value& field) {
    if (!key.is("continue")) return true;
    if (!json.text(field, "metadata.continue", out.continue_token)) return false;
    if (out.continue_token.size() > max_continue_bytes) out.continue_token.clear();
    return true;
  });
}

}  // namespace

bool read_status(JsonReader& json, JsonReader::Object& object, StatusFields& out, std::string& kind) {
  out = {};
  kind.clear();
  return json.fields(object, "Status", [&](RawKey key, Value& field) {
    if (key.is("kind")) return json.text(field, "kind", kind);
    if (key.is("reason")) return json.text(field, "reason", out.reason);
    if (key.is("metadata")) return read_metadata(json, field, out);
    if (key.is("details")) return read_details(json, field, out);
    if (key.is("code")) {
      std::int64_t code = 0;
      if (!json.integer(field, "code", 0, 999, code)) return false;
      out.code = static_cast<std::uint16_t>(code);
      return true;
    }
    if (key.is("message")) {
      RawText raw;
      return json.raw(field, "message", raw) &&
             json.unescape(raw, "message", out.message, core::limits::message_bytes);
    }
    return true;
  });
}

}  // namespace outrigger::kube
