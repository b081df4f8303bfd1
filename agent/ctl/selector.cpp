#include "agent/ctl/selector.h"

#include <algorithm>
#include <array>

namespace outrigger::ctl {
namespace {

constexpr std::array<std::string_view, 6> keys{"profile", "state", "class", "node", "proposed", "gone"};

std::string value_of(const core::ExecutorRecord& record, std::string_view key) {
  if (key == "profile") return std::to_string(record.pod.profile.value);
  if (key == "state") return std::string(core::to_string(record.state));
  if (key == "class") return std::string(core::to_string(record.exit.exit_class));
  if (key == "node") return record.pod.node;
  if (key == "proposed") return record.delete_proposed ? "true" : "false";
  return record.gone ? "true" : "false";
}

template <class Enum>
std::vector<std::string> names() {
  std::vector<std::string> all;
  for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(Enum::count_); ++i)
    all.emplace_back(core::to_string(static_cast<Enum>(i)));
  return all;
}

// The values a key can have; empty: any.
std::vector<std::string> values_of(std::string_view key) {
  if (key == "state") return names<core::ExecutorState>();
  if (key == "class") return names<core::ExitClass>();
  if (key == "proposed" || key == "gone") return {"true", "false"};
  return {};
}

template <class Texts>
std::string joined(const Texts& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : ", ") + std::string(text);
  return all;
}

}  // namespace

Result<Selector> Selector::parse(std::string_view text) {
  Selector selector;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view term = text.substr(0, comma);
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    const std::size_t equals = term.find('=');
    if (equals == term.npos || equals == 0)
      return fail("selector '" + std::string(term) + "': expected key=value or key!=value");
    Term parsed;
    parsed.equal = term[equals - 1] != '!';
    parsed.key = term.substr(0, parsed.equal ? equals : equals - 1);
    const bool doubled = equals + 1 < term.size() && term[equals + 1] == '=';
    parsed.value = term.substr(equals + (doubled ? 2 : 1));
    if (std::find(keys.begin(), keys.end(), parsed.key) == keys.end())
      return fail("selector key '" + parsed.key + "' is unknown; keys are: " + joined(keys));
    const auto possible = values_of(parsed.key);
    if (!possible.empty() && std::find(possible.begin(), possible.end(), parsed.value) == possible.end())
      return fail(parsed.key + " '" + parsed.value + "' does not exist; there are: " + joined(possible));
    selector.terms_.push_back(std::move(parsed));
  }
  return selector;
}

bool Selector::matches(const core::ExecutorRecord& record) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    return (value_of(record, term.key) == term.value) == term.equal;
  });
}

bool Selector::names(std::string_view key) const {
  return std::any_of(terms_.begin(), terms_.end(), [&](const Term& term) { return term.key == key; });
}

}  // namespace outrigger::ctl
