#include "agent/core/claim.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace outrigger::core {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

// digits x 10^exponent x 2^shift, rounded up; nullopt when it does not fit.
std::optional<std::uint64_t> scaled(std::uint64_t digits, int exponent, unsigned shift) {
  for (; exponent > 0 && digits != 0; --exponent) {
    if (digits > most / 10) return std::nullopt;
    digits *= 10;
  }
  // Up before down, so that 0.5Gi is not rounded; only what does not fit is divided first.
  bool rest = false;
  const auto divide = [&] {
    rest = rest || digits % 10 != 0;
    digits /= 10;
    ++exponent;
  };
  for (; shift > 0; --shift) {
    while (digits > most / 2 && exponent < 0) divide();
    if (digits > most / 2) return std::nullopt;
    digits *= 2;
  }
  while (exponent < 0 && digits != 0) divide();
  if (!rest) return digits;
  return digits == most ? std::nullopt : std::optional(digits + 1);
}

struct Suffix {
  std::string_view text;
  int exponent;
  unsigned shift;
};
constexpr Suffix suffixes[] = {{"", 0, 0},    {"Ki", 0, 10}, {"Mi", 0, 20}, {"Gi", 0, 30},
                               {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60}, {"n", -9, 0},
                               {"u", -6, 0},  {"m", -3, 0},  {"k", 3, 0},   {"M", 6, 0},
                               {"G", 9, 0},   {"T", 12, 0},  {"P", 15, 0},  {"E", 18, 0}};

// "e3", "E-3": nullopt for anything else.
std::optional<int> power(std::string_view text) {
  if (text.size() < 2 || text.size() > 4 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  text.remove_prefix(1);
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  if (text.empty() || text.size() > 2) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

std::string modes_of(const Json* modes) {
  std::vector<std::string> names;
  if (modes != nullptr)
    for (const Json& mode : modes->items()) names.push_back(mode.text());
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string& name : names) all.append(all.empty() ? "" : ",").append(name);
  return all;
}

}  // namespace

std::optional<std::uint64_t> quantity_of(std::string_view text) {
  std::uint64_t digits = 0;
  int exponent = 0;
  bool point = false, any = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      const auto digit = static_cast<std::uint64_t>(c - '0');
      if (digits > (most - digit) / 10) return std::nullopt;
      digits = digits * 10 + digit;
      exponent -= point ? 1 : 0;
      any = true;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  const std::string_view rest = text.substr(at);
  for (const Suffix& suffix : suffixes)
    if (rest == suffix.text) return scaled(digits, exponent + suffix.exponent, suffix.shift);
  if (const auto by = power(rest)) return scaled(digits, exponent + *by, 0);
  return std::nullopt;
}

std::optional<ClaimShape> shape_of(const Json& claim) {
  const Json* spec = claim.find("spec");
  if (claim.text_at({"kind"}) != "PersistentVolumeClaim" || spec == nullptr) return std::nullopt;
  const Json* size = spec->at({"resources", "requests", "storage"});
  const auto bytes = size == nullptr ? std::nullopt : quantity_of(size->text());
  if (!bytes) return std::nullopt;
  ClaimShape shape{std::string(spec->text_at({"storageClassName"})), modes_of(spec->find("accessModes")),
                   std::string(spec->text_at({"volumeMode"})), *bytes};
  if (shape.volume_mode.empty()) shape.volume_mode = "Filesystem";
  return shape;
}

}  // namespace outrigger::core
