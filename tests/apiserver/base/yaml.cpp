#include "tests/apiserver/base/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace outrigger::apiserver {

Yaml Yaml::parse(const std::string& text, const std::string& file) {
  try {
    return Yaml(std::make_shared<YAML::Node>(YAML::Load(text)), file, "");
  } catch (const YAML::ParserException& problem) {
    throw YamlProblem(file + ":" + std::to_string(problem.mark.line + 1) + ": " + problem.msg);
  }
}

Yaml Yaml::load(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw YamlProblem(file + ": cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return parse(text.str(), file);
}

void Yaml::complain(const std::string& why) const {
  const auto mark = node_->Mark();
  throw YamlProblem(file_ + ":" + std::to_string(mark.is_null() ? 1 : mark.line + 1) + ": " +
                    (path_.empty() ? "" : path_ + ": ") + why);
}

bool Yaml::is_map() const {
  return node_->IsMap();
}
bool Yaml::is_list() const {
  return node_->IsSequence();
}

void Yaml::allow(std::initializer_list<std::string_view> keys) const {
  for (const auto& [key, value] : members()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    std::string known;
    for (const auto k : keys) known.append(known.empty() ? "" : ", ").append(k);
    value.complain("unknown key (known here: " + known + ")");
  }
}

std::optional<Yaml> Yaml::find(std::string_view key) const {
  if (!node_->IsMap()) return {};
  const YAML::Node child = std::as_const(*node_)[std::string(key)];
  if (!child.IsDefined() || child.IsNull()) return {};
  return Yaml(std::make_shared<YAML::Node>(child), file_,
              path_.empty() ? std::string(key) : path_ + "." + std::string(key));
}

std::vector<std::pair<std::string, Yaml>> Yaml::members() const {
  std::vector<std::pair<std::string, Yaml>> found;
  if (node_->IsNull() || !node_->IsDefined()) return found;
  if (!node_->IsMap()) complain("must be a map");
  for (const auto& pair : *node_) {
    const auto key = pair.first.Scalar();
    // The line of a complaint is the key's, which is where one looks.
    auto node = std::make_shared<YAML::Node>(pair.second.IsNull() ? pair.first : pair.second);
    found.emplace_back(key, Yaml(std::move(node), file_, path_.empty() ? key : path_ + "." + key));
  }
  return found;
}

std::vector<Yaml> Yaml::items() const {
  if (!node_->IsSequence()) complain("must be a list");
  std::vector<Yaml> found;
  for (std::size_t i = 0; i < node_->size(); ++i) {
    found.push_back(
        Yaml(std::make_shared<YAML::Node>((*node_)[i]), file_, path_ + "[" + std::to_string(i) + "]"));
  }
  return found;
}

std::vector<std::string> Yaml::words() const {
  if (node_->IsScalar()) return {text()};
  std::vector<std::string> words;
  for (const auto& item : items()) words.push_back(item.text());
  return words;
}

std::string Yaml::text() const {
  if (!node_->IsScalar()) complain("must be a single value");
  return node_->Scalar();
}

std::int64_t Yaml::integer(std::int64_t least, std::int64_t most) const {
  const std::string value = text();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < least || number > most) {
    complain("'" + value + "' is not a whole number from " + std::to_string(least) + " to " +
             std::to_string(most));
  }
  return number;
}

double Yaml::real(double least, double most) const {
  const std::string value = text();
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !(number >= least && number <= most)) {
    complain("'" + value + "' is not a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

bool Yaml::truth() const {
  const std::string value = text();
  if (value != "true" && value != "false") complain("'" + value + "' is neither true nor false");
  return value == "true";
}

Millis Yaml::duration() const {
  const auto value = parse_duration(text());
  if (!value) complain("'" + text() + "' is not a duration such as 250ms or 2s");
  return *value;
}

DurationRange Yaml::duration_range() const {
  const auto value = parse_duration_range(text());
  if (!value) complain("'" + text() + "' is not a duration such as 250ms or a range such as 30ms..100ms");
  return *value;
}

}  // namespace outrigger::apiserver
