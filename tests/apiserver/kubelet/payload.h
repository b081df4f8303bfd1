// Files of a projected volume, replaced all at once: the layout with ..data that programs know from the real kubelet.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace outrigger::apiserver {

struct PayloadFile {
  std::string content;
  mode_t mode = 0644;
  friend bool operator==(const PayloadFile&, const PayloadFile&) = default;
};
using Payload = std::map<std::string, PayloadFile>;  // by path below the volume

// Writes nothing when the files are there with this content already. The error is one line.
std::optional<std::string> write_payload(const std::string& directory, const Payload& payload,
                                         std::optional<std::uint32_t> user,
                                         std::optional<std::uint32_t> group);

}  // namespace outrigger::apiserver
