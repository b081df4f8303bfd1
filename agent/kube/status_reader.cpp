#include "agent/kube/status_reader.h"

#include <limits>

#include "agent/core/limits.h"

namespace outrigger::kube {
namespace {

// The server's own bound for a continue token is far below; it is kept whole or not at all.
constexpr std::size_t max_continue_bytes = 64u << 10;

bool read_details(JsonReader& json, StatusFields& out) {
  return json.object("details", [&](RawKey key) {
    if (key.is("kind")) return json.text("details.kind", out.details_kind);
    if (key.is("retryAfterSeconds"))
      return json.integer("details.retryAfterSeconds", 0, std::numeric_limits<std::int32_t>::max(),
                          out.retry_after_s);
    if (!key.is("causes")) return true;
    return json.array("details.causes", [&] {
      return json.object("details.causes[]", [&](RawKey name) {
        if (!name.is("reason")) return true;
        return json.text("details.causes[].reason", out.causes.emplace_back());
      });
    });
  });
}

bool read_metadata(JsonReader& json, StatusFields& out) {
  return json.object("metadata", [&](RawKey key) {
    if (!key.is("continue")) return true;
    if (!json.text("metadata.continue", out.continue_token)) return false;
    if (out.continue_token.size() > max_continue_bytes) out.continue_token.clear();
    return true;
  });
}

}  // namespace

bool read_status(JsonReader& json, StatusFields& out, std::string& kind) {
  out = {};
  kind.clear();
  return json.object("Status", [&](RawKey key) {
    if (key.is("kind")) return json.text("kind", kind);
    if (key.is("reason")) return json.text("reason", out.reason);
    if (key.is("metadata")) return read_metadata(json, out);
    if (key.is("details")) return read_details(json, out);
    if (key.is("code")) {
      std::int64_t code = 0;
      if (!json.integer("code", 0, 999, code)) return false;
      out.code = static_cast<std::uint16_t>(code);
      return true;
    }
    if (key.is("message")) {
      RawText raw;
      return json.raw("message", raw) &&
             json.unescape(raw, "message", out.message, core::limits::message_bytes);
    }
    return true;
  });
}

}  // namespace outrigger::kube
