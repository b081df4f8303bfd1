// status.podIP -> 16 bytes. Pure, so no inet_pton.
#pragma once
#include <optional>
#include <string_view>

#include "agent/core/pod.h"

namespace outrigger::kube {

// IPv4 in its mapped form, IPv6 with "::" and with a dotted tail. nullopt for anything else.
std::optional<core::PodIp> parse_ip(std::string_view text);

}  // namespace outrigger::kube
