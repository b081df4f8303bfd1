// Label and field selectors, as clients write them in query strings.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/store/object.h"
#include "tl/expected.hpp"

namespace outrigger::apiserver {

class LabelSelector {
 public:
  LabelSelector() = default;  // matches everything
  // "a=b,c!=d,e in (x,y),f notin (z),g,!h,i>3"; the error is the reason, as text.
  static tl::expected<LabelSelector, std::string> parse(std::string_view text);
  bool matches(const Labels& labels) const;
  bool empty() const { return requirements_.empty(); }

 private:
  enum class Operator { in, not_in, exists, absent, greater, less };
  struct Requirement {
    std::string key;
    Operator op = Operator::exists;
    std::vector<std::string> values;
  };
  friend class SelectorParser;
  static bool holds(const Requirement& requirement, const Labels& labels);
  std::vector<Requirement> requirements_;
};

class FieldSelector {
 public:
  FieldSelector() = default;
  // "status.phase=Running,metadata.name!=x". The error is the message of the 400 that the real server answers.
  static tl::expected<FieldSelector, std::string> parse(std::string_view text, Resource resource);
  bool matches(const Snapshot& object) const;
  bool empty() const { return terms_.empty(); }

 private:
  struct Term {
    std::string field;
    std::string value;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

struct Selection {
  LabelSelector labels;
  FieldSelector fields;
  bool empty() const { return labels.empty() && fields.empty(); }
  bool matches(const Snapshot& object) const {
    return labels.matches(object.meta.labels) && fields.matches(object);
  }
};

}  // namespace outrigger::apiserver
