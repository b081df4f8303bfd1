// Pods as Spark renders them and as the server answers them, and the commands of a driver that attaches.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/command.h"

namespace outrigger::test {

inline std::string rendered_pod(const std::string& application, core::ProfileId profile,
                                core::ExecutorId id) {
  const std::string n = std::to_string(id.value);
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + application + "-exec-" + n +
         R"(","labels":{"spark-role":"executor","spark-exec-id":")" + n +
         R"(","spark-exec-resourceprofile-id":")" + std::to_string(profile.value) +
         R"(","spark-app-selector":")" + application +
         R"("}},"spec":{"restartPolicy":"Never","containers":[{"name":"spark-kubernetes-executor","image":"spark:4",)" +
         R"("args":["executor"],"env":[{"name":"SPARK_EXECUTOR_ID","value":")" + n + R"("}]}]}})";
}

inline std::uint64_t repeated_digit(std::uint64_t digit, std::uint8_t count) {
  std::uint64_t id = 0;
  for (std::uint8_t i = 0; i < count; ++i) id = id * 10 + digit;
  return id;
}

inline core::PostTemplate a_template(const std::string& application, core::ProfileId profile,
                                     std::uint8_t digits, std::uint32_t revision = 1) {
  core::PostTemplate t{profile, revision, digits, {}};
  for (std::uint64_t digit = 1; digit <= 3; ++digit) {
    const core::ExecutorId id{repeated_digit(digit, digits)};
    t.samples.push_back({id, rendered_pod(application, profile, id), {}});
  }
  return t;
}

// The same with one claim on demand, as Spark renders it.
inline core::PostTemplate a_template_with_claim(const std::string& application, core::ProfileId profile,
                                                std::uint8_t digits, std::uint32_t revision = 1) {
  core::PostTemplate t = a_template(application, profile, digits, revision);
  for (auto& sample : t.samples) {
    const std::string name = application + "-exec-" + std::to_string(sample.id.value) + "-pvc-0";
    sample.pod_json.replace(
        sample.pod_json.find(R"("restartPolicy")"), 0,
        R"("volumes":[{"name":"data","persistentVolumeClaim":{"claimName":")" + name + R"("}}],)");
    sample.extra_json = {R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":")" + name +
                         R"("},"spec":{"accessModes":["ReadWriteOncePod"],"storageClassName":"fast",)" +
                         R"("resources":{"requests":{"storage":"1Gi"}}}})"};
  }
  return t;
}

// A pod as the API server holds it.
struct ServerPod {
  std::string application = "app-1";
  std::string nonce = "nonce1001";
  std::string owner_uid = "0f0e0d0c-0b0a-4908-8706-050403020100";
  std::uint64_t id = 1;
  std::uint64_t version = 11;
  std::string phase = "Pending";
  std::string container = "";  // state of the executor's container, as JSON
  std::string claim = "";      // that it mounts
  std::string name() const { return application + "-exec-" + std::to_string(id); }
  std::string uid() const {
    const std::string n = std::to_string(id);
    return "00000000-0000-4000-8000-" + std::string(12 - n.size(), '0') + n;
  }
  std::string json() const {
    std::string status = R"({"phase":")" + phase + "\"";
    if (!container.empty())
      status +=
          R"(,"containerStatuses":[{"name":"spark-kubernetes-executor","ready":false,"restartCount":0,"state":)" +
          container + "}]";
    const std::string volumes =
        claim.empty()
            ? ""
            : R"("volumes":[{"name":"data","persistentVolumeClaim":{"claimName":")" + claim + R"("}}],)";
    return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name() +
           R"(","namespace":"spark","uid":")" + uid() + R"(","resourceVersion":")" + std::to_string(version) +
           R"(","creationTimestamp":"2026-11-21T13:00:00Z","labels":{)" + R"("spark-app-selector":")" +
           application + R"(","spark-exec-id":")" + std::to_string(id) +
           R"(","spark-exec-resourceprofile-id":"0","outrigger-nonce":")" + nonce +
           R"("},"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"driver","controller":true,"uid":")" +
           owner_uid + R"("}]},"spec":{)" + volumes +
           R"("nodeName":"n1","containers":[{"name":"spark-kubernetes-executor","image":"spark:4"}]},"status":)" +
           status + "}}";
  }
};

inline std::string watch_frame(const std::string& type, const ServerPod& pod) {
  return R"({"type":")" + type + R"(","object":)" + pod.json() + "}\n";
}
inline std::string pod_list(std::uint64_t version, const std::vector<ServerPod>& pods) {
  std::string items;
  for (const auto& pod : pods) items += (items.empty() ? "" : ",") + pod.json();
  return R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":")" + std::to_string(version) +
         R"("},"items":[)" + items + "]}";
}

}  // namespace outrigger::test
