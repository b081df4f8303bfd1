#include "bench/support/pod_events.h"

#include <cstdio>

namespace outrigger::bench {
namespace {

std::string fields_of_spec() {
  std::string env;
  for (int i = 0; i < 14; ++i) {
    env += R"(,"k:{\"name\":\"SPARK_JAVA_OPT_)" + std::to_string(i) +
           R"(\"}":{".":{},"f:name":{},"f:value":{}})";
  }
  return R"({"f:metadata":{"f:labels":{".":{},"f:spark-app-name":{},"f:spark-app-selector":{},"f:spark-exec-id":{},)"
         R"("f:spark-exec-resourceprofile-id":{},"f:spark-role":{},"f:spark-version":{}},"f:ownerReferences":{".":{},)"
         R"("k:{\"uid\":\"00000007-0000-4000-8000-000000000007\"}":{}}},"f:spec":{"f:containers":{)"
         R"("k:{\"name\":\"spark-kubernetes-executor\"}":{".":{},"f:args":{},"f:env":{".":{})" +
         env +
         R"(},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":7079,\"protocol\":\"TCP\"}":)"
         R"({".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:resources":{".":{},"f:limits":{".":{},"f:memory":{}},)"
         R"("f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{},)"
         R"("f:volumeMounts":{".":{},"k:{\"mountPath\":\"/opt/spark/conf\"}":{".":{},"f:mountPath":{},"f:name":{}}}}},)"
         R"("f:dnsPolicy":{},"f:enableServiceLinks":{},"f:hostname":{},"f:restartPolicy":{},"f:schedulerName":{},)"
         R"("f:securityContext":{},"f:terminationGracePeriodSeconds":{},"f:volumes":{".":{},)"
         R"("k:{\"name\":\"spark-conf-volume-exec\"}":{".":{},"f:configMap":{".":{},"f:defaultMode":{},"f:items":{},"f:name":{}},)"
         R"("f:name":{}}}}})";
}

const char* fields_of_status() {
  return R"({"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},)"
         R"("f:status":{},"f:type":{}},"k:{\"type\":\"Initialized\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},)"
         R"("f:status":{},"f:type":{}},"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},)"
         R"("f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:hostIPs":{},"f:phase":{},"f:podIP":{},"f:podIPs":{".":{},)"
         R"("k:{\"ip\":\"10.64.0.7\"}":{".":{},"f:ip":{}}},"f:startTime":{}}})";
}

std::string condition(const char* type) {
  return std::string(R"({"type":")") + type +
         R"(","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-11-21T13:09:35Z"})";
}

std::string status(const EventPod& pod) {
  if (pod.step == PodStep::pending) return R"({"phase":"Pending","qosClass":"Burstable"})";
  std::string out = std::string(R"({"phase":")") + (pod.step == PodStep::running ? "Running" : "Pending") +
                    R"(","conditions":[)" + condition("PodScheduled");
  if (pod.step == PodStep::scheduled) return out + R"(],"qosClass":"Burstable"})";
  out += "," + condition("PodReadyToStartContainers") + "," + condition("Initialized") + "," +
         condition("Ready") + "," + condition("ContainersReady") +
         R"(],"hostIP":"172.30.0.1","hostIPs":[{"ip":"172.30.0.1"}],)";
  const std::string state = pod.step == PodStep::running
                                ? R"({"running":{"startedAt":"2026-11-21T13:09:35Z"}})"
                                : R"({"waiting":{"reason":"ContainerCreating"}})";
  return out +
         R"("podIP":"10.64.0.7","podIPs":[{"ip":"10.64.0.7"}],"startTime":"2026-11-21T13:09:35Z","containerStatuses":[{)"
         R"("name":"spark-kubernetes-executor","state":)" +
         state +
         R"(,"lastState":{},"ready":true,"restartCount":0,"image":"registry.example/spark:4.3.0","imageID":)"
         R"("registry.example/spark@sha256:2c1f4c1f0a8a7d8b6b6a6f4f0f2f7f9a4b7c8d9e0f1a2b3c4d5e6f708192a3b4","containerID":)"
         R"("containerd://)" +
         uid_of(pod.id) + R"(","started":true}],"qosClass":"Burstable"})";
}

}  // namespace

std::string uid_of(std::uint64_t id) {
  char text[40];
  std::snprintf(text, sizeof text, "%08x-0000-4000-8000-%012llx", static_cast<unsigned>(id * 2'654'435'761u),
                static_cast<unsigned long long>(id & 0xFFFFFFFFFFFFull));
  return text;
}

std::string pod_json(const EventPod& pod, bool list_item) {
  static const std::string spec_fields = fields_of_spec();
  const std::string id = std::to_string(pod.id);
  std::string env;
  for (int i = 0; i < 14; ++i) {
    env += R"({"name":"SPARK_JAVA_OPT_)" + std::to_string(i) + R"(","value":"-Dspark.option.number)" +
           std::to_string(i) + R"(=value-of-the-option-)" + std::to_string(i) + R"("},)";
  }
  std::string managed =
      R"([{"manager":"outrigger","operation":"Update","apiVersion":"v1","time":"2026-11-21T13:09:35Z",)"
      R"("fieldsType":"FieldsV1","fieldsV1":)" +
      spec_fields + "}";
  if (pod.step != PodStep::pending) {
    managed +=
        std::string(
            R"(,{"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"2026-11-21T13:09:35Z",)") +
        R"("fieldsType":"FieldsV1","fieldsV1":)" + fields_of_status() + R"(,"subresource":"status"})";
  }
  return std::string("{") + (list_item ? "" : R"("kind":"Pod","apiVersion":"v1",)") +
         R"("metadata":{"name":"spark-bench-exec-)" + id + R"(","namespace":"spark","uid":")" +
         uid_of(pod.id) + R"(","resourceVersion":")" + std::to_string(pod.version) +
         R"(","generation":1,"creationTimestamp":"2026-11-21T13:09:35Z","labels":{"outrigger-bench":"benchnonce","spark-app-name":"bench",)"
         R"("spark-app-selector":"spark-bench","spark-exec-id":")" +
         id +
         R"(","spark-exec-resourceprofile-id":"0","spark-role":"executor","spark-version":"4.3.0"},"ownerReferences":[{"apiVersion":"v1",)"
         R"("kind":"Pod","name":"driver","uid":"00000007-0000-4000-8000-000000000007","controller":true}],"managedFields":)" +
         managed +
         R"(]},"spec":{"volumes":[{"name":"spark-conf-volume-exec","configMap":{"name":"spark-exec-conf","items":[{"key":)"
         R"("log4j2.properties","path":"log4j2.properties","mode":420}],"defaultMode":420}},{"name":"spark-local-dir-1","emptyDir":{}}],)"
         R"("containers":[{"name":"spark-kubernetes-executor","image":"registry.example/spark:4.3.0","args":["executor"],"ports":[{)"
         R"("name":"blockmanager","containerPort":7079,"protocol":"TCP"}],"env":[)" +
         env + R"({"name":"SPARK_EXECUTOR_ID","value":")" + id +
         R"("},{"name":"SPARK_EXECUTOR_POD_IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}}],"resources":)"
         R"({"limits":{"memory":"1408Mi"},"requests":{"cpu":"1","memory":"1408Mi"}},"volumeMounts":[{"name":"spark-conf-volume-exec",)"
         R"("mountPath":"/opt/spark/conf"},{"name":"spark-local-dir-1","mountPath":"/var/data/spark-1"}],"terminationMessagePath":)"
         R"("/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],"restartPolicy":"Never",)"
         R"("terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst",)" +
         (pod.step == PodStep::pending ? "" : R"("nodeName":"node-17",)") +
         R"("securityContext":{},"hostname":"spark-bench-exec-)" + id +
         R"(","schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":)"
         R"("NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute",)"
         R"("tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},"status":)" +
         status(pod) + "}";
}

std::string event_json(const char* type, const EventPod& pod) {
  return std::string(R"({"type":")") + type + R"(","object":)" + pod_json(pod) + "}\n";
}

}  // namespace outrigger::bench
