// Errors as values. Logic returns Result<T>; only constructors and start-up may throw.
#pragma once
#include <string>
#include <tl/expected.hpp>  // std::expected's interface; gcc 12 has no std::expected
#include <utility>

namespace outrigger {

// One line for a person, naming the thing, its value and the way out. Never holds a secret.
struct Error {
  std::string text;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(std::string text) {
  return tl::unexpected<Error>(Error{std::move(text)});
}

}  // namespace outrigger
