// A view with readable bytes behind it. The JSON parser reads whole SIMD words and may look, not write, past
// the last byte; what stands there does not matter.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace outrigger::kube {

inline constexpr std::size_t json_padding = 64;

// Borrowed. Made only where the padding is known, so that a decoder never copies to get it.
class Padded {
 public:
  // Grows the string's capacity if needed. The view lives until the string changes.
  static Padded of(std::string& text) {
    text.reserve(text.size() + json_padding);
    return Padded(text);
  }
  // The caller knows that json_padding bytes behind `bytes` are readable.
  static Padded trusted(std::string_view bytes) { return Padded(bytes); }
  std::string_view bytes() const { return bytes_; }

 private:
  explicit Padded(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes_;
};

}  // namespace outrigger::kube
