#include "agent/kube/selector.h"

#include <algorithm>
#include <utility>

namespace outrigger::kube {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The end of the first part that a comma outside parentheses ends.
std::size_t part_end(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    if (text[i] == ',' && depth == 0) return i;
  }
  return text.size();
}

auto bad(std::string_view text, std::string_view why) {
  return fail("selector '" + std::string(text) + "': " + std::string(why));
}

}  // namespace

Result<Selector::Term> Selector::parse_term(std::string_view text) {
  Term term;
  if (text.front() == '!') {
    term.key = trim(text.substr(1));
    term.op = Operator::absent;
    return term;
  }
  if (const auto sign = text.find('='); sign != text.npos) {
    const bool negated = sign > 0 && text[sign - 1] == '!';
    const bool doubled = sign + 1 < text.size() && text[sign + 1] == '=';
    term.key = trim(text.substr(0, negated ? sign - 1 : sign));
    term.op = negated ? Operator::not_in : Operator::in;
    term.values.emplace(trim(text.substr(sign + (doubled ? 2 : 1))));
    return term;
  }
  const auto open = text.find('(');
  if (open == text.npos) {
    term.key = text;
    term.op = Operator::exists;
    return term;
  }
  if (text.back() != ')') return bad(text, "a parenthesis is not closed");
  std::string_view head = trim(text.substr(0, open));
  const auto space = head.rfind(' ');
  const std::string_view word = space == head.npos ? std::string_view() : head.substr(space + 1);
  if (word != "in" && word != "notin") return bad(text, "'in' or 'notin' is expected");
  term.key = trim(head.substr(0, space));
  term.op = word == "in" ? Operator::in : Operator::not_in;
  std::string_view rest = text.substr(open + 1, text.size() - open - 2);
  while (true) {
    const auto comma = std::min(rest.find(','), rest.size());
    term.values.emplace(trim(rest.substr(0, comma)));
    if (comma == rest.size()) return term;
    rest.remove_prefix(comma + 1);
  }
}

Result<Selector> Selector::parse(std::string_view text, bool labels) {
  Selector selector;
  while (!text.empty()) {
    const auto end = part_end(text);
    const std::string_view part = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) return bad(part, "an empty term");
    auto term = parse_term(part);
    if (!term) return tl::unexpected(term.error());
    if (term->key.empty() || term->key.find(' ') != std::string::npos) return bad(part, "no key is named so");
    if (!labels && (part.find('(') != part.npos || part.find('=') == part.npos))
      return bad(part, "a field is compared by = or !=");
    selector.terms_.push_back(std::move(*term));
  }
  return selector;
}

Result<Selector> Selector::parse_labels(std::string_view text) {
  return parse(text, true);
}
Result<Selector> Selector::parse_fields(std::string_view text) {
  return parse(text, false);
}

bool Selector::matches(const Lookup& lookup) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    const auto value = lookup(term.key);
    switch (term.op) {
      case Operator::in:
        return value && term.values.contains(*value);
      case Operator::not_in:
        return !value || !term.values.contains(*value);
      case Operator::exists:
        return value.has_value();
      case Operator::absent:
        return !value;
    }
    return false;
  });
}

bool Selector::demands(std::string_view key, std::string_view value) const {
  const auto term = std::find_if(terms_.begin(), terms_.end(),
                                 [&](const Term& t) { return t.op == Operator::in && t.key == key; });
  return term != terms_.end() && term->values.size() == 1 && term->values.contains(value);
}

std::optional<std::string> Selector::unknown_key(std::initializer_list<std::string_view> known) const {
  for (const Term& term : terms_)
    if (std::find(known.begin(), known.end(), term.key) == known.end()) return term.key;
  return std::nullopt;
}

}  // namespace outrigger::kube
