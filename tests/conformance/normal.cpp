#include "tests/conformance/normal.h"

#include <regex>

#include "tests/apiserver/store/continue_token.h"

namespace outrigger::conformance {
namespace {

using nlohmann::json;

std::string normal_message(std::string text) {
  static const std::regex uid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  static const std::regex record("(current: |in record \\(|too old resource version: 1 \\()[0-9]+");
  return std::regex_replace(std::regex_replace(text, uid, "UID"), record, "$1N");
}

std::string normal_continue(const std::string& token) {
  const auto decoded = apiserver::decode_continue(token);
  return decoded ? (decoded->rv < 0 ? "newest " : "fixed ") + decoded->start : "BAD " + token;
}

bool is_time(const std::string& text) {
  static const std::regex time("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
  return std::regex_match(text, time);
}

void visit(json& value, const std::string& key);

void visit_object(json& object) {
  object.erase("managedFields");
  if (auto it = object.find("annotations"); it != object.end() && it->is_object()) {
    for (auto member = it->begin(); member != it->end();) {
      const bool drives = member.key().starts_with("sim/") || member.key().starts_with("sim.outrigger/");
      member = drives ? it->erase(member) : std::next(member);
    }
    if (it->empty()) object.erase(it);
  }
  const std::string generated =
      object.value("generateName", json("")).is_string() ? object.value("generateName", std::string()) : "";
  for (auto& [key, value] : object.items()) visit(value, key);
  if (!generated.empty() && object.contains("name")) object["name"] = generated + "XXXXX";
}

void visit(json& value, const std::string& key) {
  if (value.is_object()) return visit_object(value);
  if (value.is_array()) {
    for (auto& item : value) visit(item, key);
    return;
  }
  if (!value.is_string()) return;
  const auto text = value.get<std::string>();
  if (is_time(text)) value = "TIME";
  if (key == "resourceVersion") value = "RV";
  if (key == "uid") value = "UID";
  if (key == "nodeName") value = "NODE";
  if (key == "hostIP" || key == "podIP" || key == "ip") value = "ADDRESS";
  if (key == "message") value = normal_message(text);
  if (key == "continue") value = normal_continue(text);
  if (key == "containerID") value = "CONTAINER";
}

}  // namespace

json normal(json value) {
  visit(value, "");
  return value;
}

json normal_body(std::string_view body) {
  const json whole = json::parse(body.begin(), body.end(), nullptr, false);
  if (!whole.is_discarded()) return normal(whole);
  json lines = json::array();
  while (!body.empty()) {
    const auto end = body.find('\n');
    const auto line = body.substr(0, end);
    const json value = json::parse(line.begin(), line.end(), nullptr, false);
    lines.push_back(value.is_discarded() ? json(std::string(line)) : normal(value));
    if (end == std::string_view::npos) break;
    body.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace outrigger::conformance
