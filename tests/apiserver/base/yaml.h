// YAML read strictly: every complaint is one line that begins with FILE:LINE. yaml-cpp stays behind this header.
#pragma once
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/apiserver/base/text.h"

namespace YAML {
class Node;
}

namespace outrigger::apiserver {

class YamlProblem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Yaml {
 public:
  // Throws YamlProblem. An empty document is an empty map.
  static Yaml parse(const std::string& text, const std::string& file);
  static Yaml load(const std::string& file);

  // Refuses keys that are not listed.
  void allow(std::initializer_list<std::string_view> keys) const;
  std::optional<Yaml> find(std::string_view key) const;
  std::vector<std::pair<std::string, Yaml>> members() const;
  std::vector<Yaml> items() const;
  std::vector<std::string> words() const;  // a list of scalars, or one scalar
  bool is_map() const;
  bool is_list() const;

  std::string text() const;
  std::int64_t integer(std::int64_t least, std::int64_t most) const;
  double real(double least, double most) const;
  bool truth() const;
  Millis duration() const;
  DurationRange duration_range() const;
  [[noreturn]] void complain(const std::string& why) const;

 private:
  Yaml(std::shared_ptr<YAML::Node> node, std::string file, std::string path)
      : node_(std::move(node)), file_(std::move(file)), path_(std::move(path)) {}
  std::shared_ptr<YAML::Node> node_;
  std::string file_;
  std::string path_;
};

}  // namespace outrigger::apiserver
