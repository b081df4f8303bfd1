// Pods for tests.
#pragma once
#include <string>

#include "tests/apiserver/base/json.h"
#include "tests/apiserver/store/store.h"

namespace outrigger::apiserver {

inline Draft pod_draft(const std::string& name, Labels labels = {}, Labels annotations = {}) {
  Json pod = parse_json(
      R"({"kind":"Pod","apiVersion":"v1","metadata":{"namespace":"spark"},"spec":{"containers":[{"name":"c","image":"i"}],"dnsPolicy":"ClusterFirst","securityContext":{}},"status":{"phase":"Pending","qosClass":"BestEffort"}})");
  pod["metadata"]["name"] = name;
  Draft draft = draft_of(Resource::pods, pod);
  draft.meta.uid = "uid-" + name;
  draft.meta.generation = 1;
  draft.meta.labels = std::move(labels);
  draft.meta.annotations = std::move(annotations);
  return draft;
}

}  // namespace outrigger::apiserver
