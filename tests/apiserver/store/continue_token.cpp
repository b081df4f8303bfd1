#include "tests/apiserver/store/continue_token.h"

#include <filesystem>

#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {
namespace {

// Go feeds a blank at the end of the input, so a cut inside an escape complains about that blank.
std::string json_error(std::string_view text) {
  bool in_string = false;
  bool escaped = false;
  for (const char c : text) {
    if (escaped) {
      escaped = false;
    } else if (c == '\\' && in_string) {
      escaped = true;
    } else if (c == '"') {
      in_string = !in_string;
    }
  }
  if (escaped) return "invalid character ' ' in string escape code";
  if (text.starts_with("{") && !text.ends_with("}")) return "unexpected end of JSON input";
  return "invalid character '" + std::string(text.substr(0, 1)) + "' looking for beginning of value";
}

bool climbs_or_stutters(const std::string& start) {
  const std::string absolute = start.starts_with('/') ? start : "/" + start;
  return std::filesystem::path(absolute).lexically_normal().string() != absolute;
}

std::string encoded(Rv rv, std::string_view start) {
  Json json;
  json["v"] = "meta.k8s.io/v1";
  json["rv"] = rv;
  json["start"] = std::string(start);
  return base64url_encode(dump(json));
}

}  // namespace

std::string encode_continue(const ContinueToken& token) {
  return encoded(token.rv, token.start);
}

std::string encode_inconsistent_continue(const ContinueToken& token) {
  return encoded(-1, std::string_view(token.start).substr(token.start.starts_with('/') ? 1 : 0));
}

tl::expected<ContinueToken, std::string> decode_continue(std::string_view text) {
  const std::string prefix = "continue key is not valid: ";
  const auto decoded = base64url_decode(text);
  if (decoded.illegal_at) {
    return tl::unexpected(prefix + "illegal base64 data at input byte " +
                          std::to_string(*decoded.illegal_at));
  }
  const Json json = parse_json(decoded.bytes);
  if (json.is_discarded() || !json.is_object()) return tl::unexpected(prefix + json_error(decoded.bytes));
  const std::string version = string_member(json, "v");
  if (version != "meta.k8s.io/v1") {
    return tl::unexpected(prefix + "server does not recognize this encoded version " + version);
  }
  const auto rv = json.find("rv");
  if (rv == json.end() || !rv->is_number_integer() || rv->get<Rv>() == 0) {
    return tl::unexpected(prefix + "incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  }
  const std::string start = string_member(json, "start");
  if (start.empty()) return tl::unexpected(prefix + "encoded start key empty (version meta.k8s.io/v1)");
  if (climbs_or_stutters(start)) return tl::unexpected(prefix + start);
  return ContinueToken{rv->get<Rv>(), start.starts_with('/') ? start : "/" + start};
}

}  // namespace outrigger::apiserver
