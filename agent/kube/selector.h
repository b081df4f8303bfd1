// Label and field selectors as values, for a LIST that is answered from the pod table. The grammar is
// apimachinery's: k, !k, k=v, k==v, k!=v, k in (a,b), k notin (a,b), joined by commas.
#pragma once
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/result.h"

namespace outrigger::kube {

class Selector {
 public:
  static Result<Selector> parse_labels(std::string_view text);
  static Result<Selector> parse_fields(std::string_view text);  // = == and != only, as the server has it

  // The object's value of a key; nullopt: it has none.
  using Lookup = std::function<std::optional<std::string>(std::string_view key)>;
  bool matches(const Lookup& lookup) const;
  // Every object that matches has key=value.
  bool demands(std::string_view key, std::string_view value) const;
  // A key that is not in `known`; nullopt: there is none.
  std::optional<std::string> unknown_key(std::initializer_list<std::string_view> known) const;
  bool empty() const { return terms_.empty(); }

 private:
  enum class Operator { in, not_in, exists, absent };
  struct Term {
    std::string key;
    Operator op = Operator::in;
    std::set<std::string, std::less<>> values;
  };
  static Result<Term> parse_term(std::string_view text);
  static Result<Selector> parse(std::string_view text, bool labels);
  std::vector<Term> terms_;
};

}  // namespace outrigger::kube
