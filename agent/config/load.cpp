#include "agent/config/load.h"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "agent/config/keys.h"
#include "agent/config/values.h"

namespace outrigger::config {
namespace {

constexpr std::size_t file_bytes = 1u << 20;
constexpr const char* pod_lock_dir = "/run/outrigger-agent";

// Collects faults; apply() puts one value in place.
class Loader {
 public:
  Config config;
  std::vector<std::string> faults;

  void apply(const Key& key, const std::vector<std::string>& values, const std::string& where) {
    if (auto ok = key.set(config, values); !ok) {
      std::string shown;
      for (const auto& value : values) shown += (shown.empty() ? "" : ",") + value;
      faults.push_back(where + " is '" + shown + "': " + ok.error().text);
    }
  }

  void read_yaml(const std::string& text, const std::string& file) {
    try {
      const auto root = YAML::Load(text);
      if (root.IsNull()) return;
      if (!root.IsMap()) return fault(root, file, "expected sections such as 'application:' and 'channel:'");
      map(root, "", file);
    } catch (const YAML::Exception& error) {
      faults.push_back(at(error.mark, file) + error.msg);
    }
  }

  Result<Config> finish() {
    if (faults.empty())
      for (auto& one : contradictions(config)) faults.push_back(std::move(one));
    if (faults.empty()) return std::move(config);
    std::string all;
    for (const auto& one : faults) all += (all.empty() ? "" : "\n") + one;
    return fail(std::move(all));
  }

 private:
  static std::string at(const YAML::Mark& mark, const std::string& file) {
    return mark.is_null() ? file + ": " : file + ":" + std::to_string(mark.line + 1) + ": ";
  }
  void fault(const YAML::Node& node, const std::string& file, const std::string& text) {
    faults.push_back(at(node.Mark(), file) + text);
  }

  void map(const YAML::Node& node, const std::string& prefix, const std::string& file) {
    std::vector<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        fault(entry.first, file, "expected a key");
        continue;
      }
      const auto path = prefix + entry.first.Scalar();
      if (std::find(seen.begin(), seen.end(), path) != seen.end())
        fault(entry.first, file, path + " is there twice");
      seen.push_back(path);
      if (const auto* key = find_key(path))
        leaf(*key, entry.second, file);
      else if (is_section(path))
        section(entry.first, entry.second, path, file);
      else
        unknown(entry.first, path, file);
    }
  }

  void section(const YAML::Node& name, const YAML::Node& node, const std::string& path,
               const std::string& file) {
    if (node.IsNull()) return;
    if (node.IsMap()) return map(node, path + ".", file);
    fault(name, file, path + ": expected keys below it, found " + kind(node));
  }

  void leaf(const Key& key, const YAML::Node& node, const std::string& file) {
    std::vector<std::string> values;
    if (key.list) {
      if (!node.IsSequence()) return fault(node, file, key.path + ": expected a list, found " + kind(node));
      for (const auto& one : node) {
        if (!one.IsScalar())
          return fault(one, file, key.path + ": expected words in the list, found " + kind(one));
        values.push_back(one.Scalar());
      }
    } else {
      if (!node.IsScalar())
        return fault(node, file, key.path + ": expected " + wanted(key) + ", found " + kind(node));
      values.push_back(node.Scalar());
    }
    apply(key, values, at(node.Mark(), file) + key.path);
  }

  void unknown(const YAML::Node& node, const std::string& path, const std::string& file) {
    std::vector<std::string> known;
    for (const auto& key : keys()) {
      known.push_back(key.path);
      known.push_back(key.path.substr(0, key.path.find('.')));
    }
    const auto near = nearest(path, known);
    fault(node, file, "unknown key '" + path + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }

  static bool is_section(const std::string& path) {
    return std::any_of(keys().begin(), keys().end(),
                       [&](const Key& key) { return key.path.starts_with(path + "."); });
  }
  static std::string wanted(const Key& key) {
    if (key.value == "N") return "a number";
    if (key.value == "BOOL") return "true or false";
    if (key.value == "TIME") return "a duration such as 15s";
    return "text";
  }
  static std::string kind(const YAML::Node& node) {
    if (node.IsMap()) return "a map";
    if (node.IsSequence()) return "a list";
    if (node.IsScalar()) return "'" + node.Scalar() + "'";
    return "nothing";
  }
};

std::vector<std::string> split_list(const Key& key, const std::string& text) {
  if (!key.list) return {text};
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(path + ": can't be read; check the path and its permissions");
  std::string text(file_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (!in.eof() && in.fail())) return fail(path + ": can't be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > file_bytes) return fail(path + ": larger than " + std::to_string(file_bytes) + " bytes");
  return text;
}

void defaults_of_the_mode(Config& config) {
  auto& channel = config.channel;
  if (channel.lock_dir.empty())
    channel.lock_dir = config.application.client_mode() ? channel.run_dir : pod_lock_dir;
}

}  // namespace

Result<Config> load_config(const CommandLine& line, const Environment& environment) {
  Loader loader;
  if (!line.config_file.empty()) {
    auto text = read_file(line.config_file);
    if (!text) return fail(text.error().text);
    loader.read_yaml(*text, line.config_file);
  }
  for (const auto& key : keys()) {
    for (const auto& name : {key.alias, key.variable}) {  // the exact name wins over the usual one
      const auto found = environment.find(name);
      if (name.empty() || found == environment.end() || found->second.empty()) continue;
      loader.apply(key, split_list(key, found->second), "$" + name + " (" + key.path + ")");
    }
  }
  for (const auto& setting : line.settings)
    if (const auto* key = find_key(setting.key))
      loader.apply(*key, split_list(*key, setting.value), setting.flag + " (" + setting.key + ")");
  auto config = loader.finish();
  if (config) defaults_of_the_mode(*config);
  return config;
}

Result<Config> parse_config(const std::string& yaml, const std::string& file) {
  Loader loader;
  loader.read_yaml(yaml, file);
  auto config = loader.finish();
  if (config) defaults_of_the_mode(*config);
  return config;
}

Environment process_environment() {
  Environment result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != text.npos) result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

}  // namespace outrigger::config
