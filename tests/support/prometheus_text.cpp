#include "tests/support/prometheus_text.h"

#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

namespace outrigger::test {
namespace {

bool name_char(char c, bool first, bool colon) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':') ||
         (!first && c >= '0' && c <= '9');
}
bool valid_name(const std::string& name, bool colon) {
  if (name.empty()) return false;
  for (std::size_t i = 0; i < name.size(); ++i)
    if (!name_char(name[i], i == 0, colon)) return false;
  return true;
}

std::optional<double> number(const std::string& text) {
  if (text == "+Inf") return INFINITY;
  if (text == "-Inf") return -INFINITY;
  if (text == "NaN" || text == "Nan") return NAN;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Reader {
 public:
  Exposition result;

  void line(const std::string& text, int number) {
    where_ = "line " + std::to_string(number) + " '" + text + "': ";
    if (text.empty()) return;
    if (text[0] == '#')
      comment(text);
    else
      sample(text);
  }
  void end() {
    for (const auto& [name, family] : result.families) {
      where_ = name + ": ";
      if (family.type.empty()) fault("no TYPE");
      if (family.help.empty()) fault("no HELP");
      if (family.samples.empty()) fault("no sample");
      if (family.type == "counter" && !name.ends_with("_total")) fault("a counter's name ends with _total");
      if (family.type != "counter" && name.ends_with("_total"))
        fault("only a counter's name ends with _total");
      if (family.type == "histogram") histogram(name, family);
    }
  }

 private:
  void fault(const std::string& what) { result.faults.push_back(where_ + what); }

  void comment(const std::string& text) {
    std::istringstream in(text);
    std::string hash, kind, name, rest;
    in >> hash >> kind >> name;
    std::getline(in, rest);
    if (!rest.empty() && rest[0] == ' ') rest.erase(0, 1);
    if (kind != "HELP" && kind != "TYPE") return;
    if (!valid_name(name, true)) return fault("not a metric name");
    auto& family = result.families[name];
    if (!family.samples.empty()) fault("after the samples");
    auto& slot = kind == "HELP" ? family.help : family.type;
    if (!slot.empty()) fault("twice");
    if (kind == "TYPE" && rest != "counter" && rest != "gauge" && rest != "histogram" && rest != "summary" &&
        rest != "untyped")
      fault("unknown type");
    slot = rest;
  }

  void sample(const std::string& text) {
    std::size_t at = text.find_first_of("{ ");
    if (at == text.npos) return fault("no value");
    Sample one;
    one.name = text.substr(0, at);
    if (!valid_name(one.name, true)) return fault("not a metric name");
    if (text[at] == '{' && !labels(text, at, one.labels)) return;
    if (at >= text.size() || text[at] != ' ') return fault("no blank before the value");
    const auto value = number(text.substr(at + 1));
    if (!value) return fault("not a number");
    one.value = *value;
    const auto name = family_of(one.name);
    if (name.empty()) return fault("no family declared for it");
    if (!current_.empty() && current_ != name && closed_.contains(name)) fault("families are mixed");
    if (current_ != name) closed_.insert(current_);
    current_ = name;
    for (const auto& other : result.families[name].samples)
      if (other.name == one.name && other.labels == one.labels) fault("twice");
    result.families[name].samples.push_back(std::move(one));
  }

  bool labels(const std::string& text, std::size_t& at, std::map<std::string, std::string>& out) {
    ++at;
    while (at < text.size() && text[at] != '}') {
      const auto equals = text.find('=', at);
      if (equals == text.npos || equals + 1 >= text.size() || text[equals + 1] != '"')
        return fault("a label without a value"), false;
      const auto name = text.substr(at, equals - at);
      if (!valid_name(name, false)) return fault("not a label name"), false;
      std::string value;
      for (at = equals + 2; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') {
          ++at;
          if (at >= text.size() || (text[at] != '\\' && text[at] != '"' && text[at] != 'n'))
            return fault("a wrong escape"), false;
          value += text[at] == 'n' ? '\n' : text[at];
        } else {
          value += text[at];
        }
      }
      if (at >= text.size()) return fault("an open quote"), false;
      ++at;
      if (!out.emplace(name, value).second) return fault("a label twice"), false;
      if (at < text.size() && text[at] == ',') ++at;
    }
    if (at >= text.size()) return fault("an open brace"), false;
    ++at;
    return true;
  }

  std::string family_of(const std::string& sample) const {
    if (result.families.contains(sample)) return sample;
    for (const char* suffix : {"_bucket", "_sum", "_count"})
      if (sample.ends_with(suffix)) {
        const auto base = sample.substr(0, sample.size() - std::string(suffix).size());
        const auto found = result.families.find(base);
        if (found != result.families.end() && found->second.type == "histogram") return base;
      }
    return "";
  }

  void histogram(const std::string& name, const Family& family) {
    std::map<std::map<std::string, std::string>, double> last, count;
    std::map<std::map<std::string, std::string>, bool> inf;
    for (const auto& s : family.samples) {
      auto rest = s.labels;
      rest.erase("le");
      if (s.name == name + "_bucket") {
        if (s.value < last[rest]) fault("buckets that shrink");
        last[rest] = s.value;
        if (s.labels.contains("le") && s.labels.at("le") == "+Inf") inf[rest] = true;
      }
      if (s.name == name + "_count") count[rest] = s.value;
    }
    for (const auto& [labels, value] : count)
      if (!inf[labels] || last[labels] != value) fault("no +Inf bucket equal to the count");
  }

  std::string where_, current_;
  std::set<std::string> closed_;
};

}  // namespace

std::optional<double> Exposition::value(const std::string& name,
                                        const std::map<std::string, std::string>& labels) const {
  for (const auto& [unused, family] : families)
    for (const auto& s : family.samples)
      if (s.name == name && s.labels == labels) return s.value;
  return std::nullopt;
}

Exposition parse_exposition(const std::string& text) {
  Reader reader;
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) reader.line(line, ++number);
  if (!text.empty() && text.back() != '\n') reader.result.faults.push_back("the last line does not end");
  reader.end();
  return std::move(reader.result);
}

}  // namespace outrigger::test
