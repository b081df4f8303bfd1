#include "shim/examples/pod_renderer.h"

#include <string_view>

namespace outrigger::example {
namespace {

// ${...} are filled in below; everything else is constant, as in a pod rendered by Spark.
constexpr std::string_view pod_json = R"({
 "apiVersion": "v1",
 "kind": "Pod",
 "metadata": {
  "name": "${app}-exec-${id}",
  "labels": {
   "spark-app-name": "example",
   "spark-app-selector": "${app}",
   "spark-exec-id": "${id}",
   "spark-exec-resourceprofile-id": "${profile}",
   "spark-role": "executor",
   "spark-version": "4.3.0"
  }
 },
 "spec": {
  "restartPolicy": "Never",
  "hostname": "${app}-exec-${id}",
  "terminationGracePeriodSeconds": 30,
  "containers": [{
   "name": "spark-kubernetes-executor",
   "image": "apache/spark:4.3.0",
   "imagePullPolicy": "IfNotPresent",
   "args": ["executor"],
   "ports": [{"name": "blockmanager", "containerPort": 7079, "protocol": "TCP"}],
   "env": [
    {"name": "SPARK_USER", "value": "spark"},
    {"name": "SPARK_DRIVER_URL", "value": "spark://CoarseGrainedScheduler@${app}-driver-svc.default.svc:7078"},
    {"name": "SPARK_EXECUTOR_CORES", "value": "${cores}"},
    {"name": "SPARK_EXECUTOR_MEMORY", "value": "${heap}m"},
    {"name": "SPARK_APPLICATION_ID", "value": "${app}"},
    {"name": "SPARK_CONF_DIR", "value": "/opt/spark/conf"},
    {"name": "SPARK_EXECUTOR_ID", "value": "${id}"},
    {"name": "SPARK_RESOURCE_PROFILE_ID", "value": "${profile}"},
    {"name": "SPARK_EXECUTOR_POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
    {"name": "SPARK_EXECUTOR_POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
    {"name": "SPARK_JAVA_OPT_0", "value": "-Dspark.driver.port=7078"},
    {"name": "SPARK_JAVA_OPT_1", "value": "-Dspark.driver.blockManager.port=7079"},
    {"name": "SPARK_JAVA_OPT_2", "value": "-Dspark.network.timeout=120s"},
    {"name": "SPARK_JAVA_OPT_3", "value": "-Djava.net.preferIPv6Addresses=false"},
    {"name": "SPARK_LOCAL_DIRS", "value": "/var/data/spark-local"}
   ],
   "resources": {
    "requests": {"cpu": "${cores}", "memory": "${memory}Mi"},
    "limits": {"memory": "${memory}Mi"}
   },
   "volumeMounts": [
    {"name": "spark-local-dir-1", "mountPath": "/var/data/spark-local"},
    {"name": "spark-conf-volume-exec", "mountPath": "/opt/spark/conf"}
   ]
  }],
  "volumes": [
   {"name": "spark-local-dir-1", "emptyDir": {}},
   {"name": "spark-conf-volume-exec", "configMap": {"name": "${app}-exec-conf-map", "defaultMode": 420}}
  ]
 }
})";

std::string value_of(std::string_view slot, const std::string& application, const ResourceProfile& profile,
                     std::uint64_t executor_id) {
  if (slot == "app") return application;
  if (slot == "id") return std::to_string(executor_id);
  if (slot == "profile") return std::to_string(profile.id);
  if (slot == "cores") return std::to_string(profile.cores);
  if (slot == "memory") return std::to_string(profile.memory_mib);
  if (slot == "heap") return std::to_string(profile.memory_mib - 384);  // less Spark's memory overhead
  return {};
}

}  // namespace

ResourceProfile resource_profile(std::uint32_t id) {
  return id % 2 == 0 ? ResourceProfile{id, 1, 1408} : ResourceProfile{id, 4, 8576};
}

std::string render_pod(const std::string& application, const ResourceProfile& profile,
                       std::uint64_t executor_id) {
  std::string json;
  json.reserve(3072);
  std::string_view rest = pod_json;
  for (std::size_t at = rest.find("${"); at != std::string_view::npos; at = rest.find("${")) {
    const std::size_t end = rest.find('}', at);
    json += rest.substr(0, at);
    json += value_of(rest.substr(at + 2, end - at - 2), application, profile, executor_id);
    rest.remove_prefix(end + 1);
  }
  json += rest;
  return json;
}

std::uint64_t sample_id(std::uint32_t digits, std::uint32_t digit) {
  std::uint64_t id = 0;
  for (std::uint32_t i = 0; i < digits; ++i) id = id * 10 + digit;
  return id;
}

}  // namespace outrigger::example
