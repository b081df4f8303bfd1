// The JSON value of this server. It keeps the order of members, so that answers read like the real server's.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace outrigger::apiserver {

using Json = nlohmann::ordered_json;

// Compact text; bytes that are not UTF-8 are replaced rather than refused.
std::string dump(const Json& value);

// A discarded value (is_discarded()) when the text is not JSON.
Json parse_json(std::string_view text);

// `"text"` with JSON escapes.
std::string json_string(std::string_view text);

// The member of an object, or an empty object: never throws, whatever the value is.
const Json& child(const Json& object, const char* name);

// The member of an object as text, or empty: for optional strings.
std::string string_member(const Json& object, const char* name);

}  // namespace outrigger::apiserver
