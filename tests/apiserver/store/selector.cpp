#include "tests/apiserver/store/selector.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {
namespace {

constexpr std::string_view special = ",=!<>() ";

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

const std::string* field_of(const Snapshot& object, std::string_view field) {
  static const std::string none;
  if (field == "metadata.name") return &object.meta.name;
  if (field == "metadata.namespace") return &object.meta.name_space;
  if (object.resource != Resource::pods) return nullptr;
  const PodFields& pod = object.fields;
  if (field == "spec.nodeName") return &pod.node_name;
  if (field == "spec.restartPolicy") return &pod.restart_policy;
  if (field == "spec.schedulerName") return &pod.scheduler_name;
  if (field == "spec.serviceAccountName") return &pod.service_account;
  if (field == "spec.hostNetwork") return &pod.host_network;
  if (field == "status.phase") return &pod.phase;
  if (field == "status.podIP") return &pod.pod_ip;
  if (field == "status.nominatedNodeName") return &pod.nominated_node;
  return nullptr;
}

}  // namespace

class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : rest_(text) {}

  tl::expected<LabelSelector, std::string> parse() {
    LabelSelector selector;
    skip_blanks();
    while (!rest_.empty()) {
      LabelSelector::Requirement requirement;
      if (auto error = read(requirement)) return tl::unexpected(*error);
      selector.requirements_.push_back(std::move(requirement));
      skip_blanks();
      if (rest_.empty()) break;
      if (!take(",")) return tl::unexpected(found("',' or end of string"));
      skip_blanks();
      if (rest_.empty()) return tl::unexpected(found("identifier after ','"));
    }
    return selector;
  }

 private:
  using Operator = LabelSelector::Operator;

  std::optional<std::string> read(LabelSelector::Requirement& requirement) {
    const bool negated = take("!");
    skip_blanks();
    requirement.key = word();
    if (requirement.key.empty()) return found("!, identifier, or 'end of string'");
    skip_blanks();
    if (negated) {
      requirement.op = Operator::absent;
      return {};
    }
    if (rest_.empty() || rest_.front() == ',') return {};  // exists
    if (take("==") || take("=")) return one_value(requirement, Operator::in);
    if (take("!=")) return one_value(requirement, Operator::not_in);
    if (take(">")) return number_value(requirement, Operator::greater);
    if (take("<")) return number_value(requirement, Operator::less);
    const std::string op = word();
    if (op == "in") return value_set(requirement, Operator::in);
    if (op == "notin") return value_set(requirement, Operator::not_in);
    return "found '" + op + "', expected: in, notin, =, ==, !=, gt, lt";
  }

  std::optional<std::string> one_value(LabelSelector::Requirement& requirement, Operator op) {
    requirement.op = op;
    skip_blanks();
    requirement.values = {word()};  // may be empty
    return {};
  }

  std::optional<std::string> number_value(LabelSelector::Requirement& requirement, Operator op) {
    one_value(requirement, op);
    if (integer(requirement.values.front())) return {};
    return "for 'Gt', 'Lt' operators, the value must be an integer";
  }

  std::optional<std::string> value_set(LabelSelector::Requirement& requirement, Operator op) {
    requirement.op = op;
    skip_blanks();
    if (!take("(")) return found("'('");
    do {
      skip_blanks();
      requirement.values.push_back(word());
      skip_blanks();
    } while (take(","));
    if (!take(")")) return found("',' or ')'");
    return {};
  }

  std::string word() {
    const auto end = std::min(rest_.find_first_of(special), rest_.size());
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return text;
  }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

  std::string found(std::string_view expected) const {
    return "found '" + std::string(rest_.substr(0, 1)) + "', expected: " + std::string(expected);
  }

  std::string_view rest_;
};

tl::expected<LabelSelector, std::string> LabelSelector::parse(std::string_view text) {
  return SelectorParser(text).parse();
}

bool LabelSelector::matches(const Labels& labels) const {
  return std::all_of(requirements_.begin(), requirements_.end(),
                     [&](const auto& r) { return holds(r, labels); });
}

bool LabelSelector::holds(const Requirement& requirement, const Labels& labels) {
  const auto label = labels.find(requirement.key);
  const bool exists = label != labels.end();
  const auto listed = [&] {
    return std::find(requirement.values.begin(), requirement.values.end(), label->second) !=
           requirement.values.end();
  };
  switch (requirement.op) {
    case Operator::exists:
      return exists;
    case Operator::absent:
      return !exists;
    case Operator::in:
      return exists && listed();
    case Operator::not_in:
      return !exists || !listed();
    case Operator::greater:
    case Operator::less:
      break;
  }
  const auto have = exists ? integer(label->second) : std::nullopt;
  const auto bound = integer(requirement.values.front());
  if (!have || !bound) return false;
  return requirement.op == Operator::greater ? *have > *bound : *have < *bound;
}

tl::expected<FieldSelector, std::string> FieldSelector::parse(std::string_view text, Resource resource) {
  FieldSelector selector;
  if (trim(text).empty()) return selector;
  Snapshot sample;
  sample.resource = resource;
  for (const std::string& part : split(text, ',')) {
    const auto at = part.find('=');
    if (at == std::string::npos || at == 0) {
      return tl::unexpected("invalid selector: '" + part + "'; can't understand '" + part + "'");
    }
    Term term;
    term.equal = part[at - 1] != '!';
    term.field = trim(std::string_view(part).substr(0, term.equal ? at : at - 1));
    term.value = trim(std::string_view(part).substr(at + (part.compare(at, 2, "==") == 0 ? 2 : 1)));
    if (field_of(sample, term.field) == nullptr) {
      return tl::unexpected("field label not supported: " + term.field);
    }
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

bool FieldSelector::matches(const Snapshot& object) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    const std::string* value = field_of(object, term.field);
    return value != nullptr && (*value == term.value) == term.equal;
  });
}

}  // namespace outrigger::apiserver
