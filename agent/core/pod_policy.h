// What a driver may put into a pod: an allow list over the template's JSON, so that user code in the driver
// cannot take a node or another application's secrets (C22, design section 6). The defaults are safe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/json.h"

namespace outrigger::core {

// Lists: empty allows nothing, except where said otherwise. Globs: * is any run of characters, ? any one.
struct PodPolicy {
  bool enabled = true;                        // false: only namespace, owner and labels are forced
  std::string name_space;                     // a template that names another one is refused
  std::vector<std::string> images{"*"};       // globs; a default install cannot know the registry
  std::vector<std::string> service_accounts;  // besides "" and "default"; the driver's is not the executors'
  bool service_account_token = false;         // automountServiceAccountToken: true, or a projected token
  std::vector<std::string> volume_types{"emptyDir",  "persistentVolumeClaim", "configMap",
                                        "ephemeral", "downwardAPI",           "projected"};
  std::vector<std::string> host_path_prefixes;  // whole path components; only with volume type hostPath
  std::vector<std::string> secrets;             // globs of names: volumes, env, envFrom, projected sources
  std::vector<std::string> image_pull_secrets{"*"};
  std::vector<std::string> config_maps{"*"};
  std::vector<std::string> claims{"*"};       // globs of PersistentVolumeClaim names
  std::vector<std::string> csi_drivers;       // inline csi volumes; only with volume type csi
  std::vector<std::string> capabilities;      // that may be added
  std::vector<std::string> runtime_classes;   // besides none
  std::vector<std::string> priority_classes;  // besides none
  std::vector<std::string> schedulers{"*"};
  std::vector<std::string> finalizers;  // of the pod
  std::vector<std::string> annotations_denied{"container.apparmor.security.beta.kubernetes.io/*",
                                              "seccomp.security.alpha.kubernetes.io/*"};
  std::vector<std::string> extra_kinds{"PersistentVolumeClaim"};
  bool run_as_root = true;           // runAsUser: 0; a required runAsNonRoot is the cluster's own policy
  bool privilege_escalation = true;  // allowPrivilegeEscalation: true (it is the default of Kubernetes)
  std::size_t max_containers = 8;    // init containers and sidecars included
  std::size_t max_volumes = 64;
};

struct PolicyBreach {
  std::string path;   // $.spec.containers[0].image
  std::string value;  // as it is, shortened
  std::string why;    // and what would allow it
  std::string text() const { return path + ": " + value + ": " + why; }
};

// Every breach, at most limits::policy_breaches; empty = allowed. A field of a pod, container, volume source or
// security context that no rule knows is refused unless it is empty: this is an allow list.
std::vector<PolicyBreach> check_pod(const PodPolicy& policy, const Json& pod);
std::vector<PolicyBreach> check_extra(const PodPolicy& policy, const Json& resource);

bool glob_matches(std::string_view glob, std::string_view text);

}  // namespace outrigger::core
