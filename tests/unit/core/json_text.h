// A tiny reader of trusted JSON texts, so that tests can write them plainly. Not a parser: it throws on anything odd.
#pragma once
#include <cctype>
#include <stdexcept>
#include <string>
#include <string_view>

#include "agent/core/json.h"

namespace outrigger::core::test {

class JsonText {
 public:
  static Json read(std::string_view text) {
    JsonText reader(text);
    Json value = reader.value();
    reader.space();
    if (reader.at_ != text.size()) throw std::logic_error("text after the value");
    return value;
  }

 private:
  explicit JsonText(std::string_view text) : text_(text) {}
  void space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  char peek() {
    space();
    if (at_ == text_.size()) throw std::logic_error("text ends early");
    return text_[at_];
  }
  void expect(char c) {
    if (peek() != c) throw std::logic_error("expected " + std::string(1, c) + " at " + std::to_string(at_));
    ++at_;
  }
  bool word(std::string_view w) {
    if (!text_.substr(at_).starts_with(w)) return false;
    at_ += w.size();
    return true;
  }
  std::string string() {
    expect('"');
    const std::size_t from = at_;
    while (text_.at(at_) != '"') ++at_;
    return std::string(text_.substr(from, at_++ - from));
  }
  Json value() {
    const char c = peek();
    if (c == '"') return Json::string(string());
    if (c == '{' || c == '[') {
      const bool object = c == '{';
      Json out = object ? Json::object() : Json::array();
      ++at_;
      for (char next = peek(); next != (object ? '}' : ']'); next = peek()) {
        if (!out.members().empty() || !out.items().empty()) expect(',');
        if (object) {
          peek();
          std::string key = string();
          expect(':');
          out.members().push_back({std::move(key), value()});
        } else {
          out.items().push_back(value());
        }
      }
      ++at_;
      return out;
    }
    if (word("true")) return Json::boolean(true);
    if (word("false")) return Json::boolean(false);
    if (word("null")) return Json{};
    const std::size_t from = at_;
    while (at_ < text_.size() &&
           std::string_view("+-.eE0123456789").find(text_[at_]) != std::string_view::npos)
      ++at_;
    if (at_ == from) throw std::logic_error("no value at " + std::to_string(at_));
    return Json::number(std::string(text_.substr(from, at_ - from)));
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

inline Json json(std::string_view text) {
  return JsonText::read(text);
}

}  // namespace outrigger::core::test
