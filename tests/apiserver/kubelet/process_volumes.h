// A pod's volumes as directories of the host.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tests/apiserver/kubelet/process_env.h"

namespace outrigger::apiserver {

struct VolumeOwner {
  std::optional<std::uint32_t> user;   // all containers run as this user
  std::optional<std::uint32_t> group;  // securityContext.fsGroup
};

struct VolumeContext {
  const Json& pod;
  std::string directory;  // of this pod's volumes
  std::string claims;     // a directory per claim, by its uid
  ObjectLookup find;
  NodeFacts node;
  std::function<std::string()> token;  // of the pod's service account
  std::string ca_pem;
  VolumeOwner owner;
};

using VolumePaths = std::map<std::string, std::string>;  // name of the volume -> path on the host

// The name of the volume that gives a pod its credentials without being asked.
inline constexpr const char* access_volume = "kube-api-access";
inline constexpr const char* access_path = "/var/run/secrets/kubernetes.io/serviceaccount";

// Makes what is missing and renews what is projected: call it again when objects change. An error means: not yet.
tl::expected<VolumePaths, std::string> prepare_volumes(const VolumeContext& context);

// Removes the directory and what is mounted below it.
void remove_volumes(const std::string& directory);

}  // namespace outrigger::apiserver
