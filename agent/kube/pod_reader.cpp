#include "agent/kube/pod_reader.h"

#include <charconv>

#include "agent/core/limits.h"
#include "agent/kube/ip_address.h"
#include "agent/kube/resource_version.h"

namespace outrigger::kube {
namespace {

using core::Pod;
using core::limits::message_bytes;

// 0 for what is no number: a label is any text, and a pod of someone else is no error.
template <class Number>
Number number_or_0(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : Number{0};
}

core::PodPhase phase_of(std::string_view text) {
  if (text == "Running") return core::PodPhase::running;
  if (text == "Pending") return core::PodPhase::pending;
  if (text == "Succeeded") return core::PodPhase::succeeded;
  if (text == "Failed") return core::PodPhase::failed;
  return core::PodPhase::unknown;
}

}  // namespace

void clear(Pod& pod) {
  pod.uid = {};
  pod.name.clear();
  pod.resource_version = 0;
  pod.executor_id = {};
  pod.profile = {};
  pod.owner_uid = {};
  pod.nonce.clear();
  pod.application.clear();
  pod.inactive = false;
  pod.claims.clear();
  pod.phase = core::PodPhase::unknown;
  pod.reason.clear();
  pod.message.clear();
  pod.node.clear();
  pod.ip = {};
  pod.scheduled = false;
  pod.unscheduled_reason.clear();
  pod.unscheduled_message.clear();
  pod.disruption_reason.clear();
  clear(pod.executor);
  pod.other_container_failed = false;
  pod.startup_reason.clear();
  pod.other_container_running = false;
  pod.created_at_ms = pod.scheduled_at_ms = pod.started_at_ms = pod.deletion_at_ms = 0;
}

bool PodReader::read(Pod& pod, ObjectFacts& facts) {
  facts.foreign_kind = false;
  facts.resource_version.clear();
  facts.initial_events_end = false;
  others_.failed = others_.running = false;
  others_.startup_reason.clear();
  spec_containers_ = 0;
  bool present = false;
  const auto visit = [&](RawKey key) { return field(key, pod, facts); };
  if (!json_.object("object", visit, &present)) return false;
  if (!present) return json_.fault("object", "is null");

  pod.other_container_failed = others_.failed;
  pod.other_container_running = others_.running;
  // The executor's own reason is the better one.
  if (cannot_start(pod.executor)) {
    pod.startup_reason = pod.executor.reason;
  } else {
    pod.startup_reason = others_.startup_reason;
  }
  return true;
}

bool PodReader::is_whole(const Pod& pod) {
  if (pod.name.empty()) return json_.fault("metadata.name", "is missing");
  if (pod.uid.empty()) return json_.fault("metadata.uid", "is missing");
  return true;
}

bool PodReader::field(RawKey key, Pod& pod, ObjectFacts& facts) {
  if (key.is("metadata")) return metadata(pod, facts);
  if (key.is("spec")) return spec(pod);
  if (key.is("status")) return status(pod);
  if (!key.is("kind")) return true;
  RawText kind;
  if (!json_.raw("kind", kind)) return false;
  // Items of a list have none.
  facts.foreign_kind = kind.present && kind.inner != "Pod" && kind.inner != "PartialObjectMetadata";
  return true;
}

bool PodReader::uid(const RawText& raw, const char* where, core::PodUid& out) {
  if (!raw.present || raw.inner.empty()) return true;
  const auto parsed = core::parse_uid(raw.inner);
  if (!parsed) return json_.fault(where, "is not a uid");
  out = *parsed;
  return true;
}

bool PodReader::metadata(Pod& pod, ObjectFacts& facts) {
  return json_.object("metadata", [&](RawKey key) {
    switch (key.front()) {
      case 'n':
        if (key.is("name")) return json_.text("metadata.name", pod.name);
        break;
      case 'u':
        if (key.is("uid")) {
          RawText raw;
          return json_.raw("metadata.uid", raw) && uid(raw, "metadata.uid", pod.uid);
        }
        break;
      case 'r':
        if (key.is("resourceVersion")) {
          if (!json_.text("metadata.resourceVersion", facts.resource_version)) return false;
          pod.resource_version = to_u64(facts.resource_version);
        }
        break;
      case 'c':
        if (key.is("creationTimestamp"))
          return json_.timestamp("metadata.creationTimestamp", pod.created_at_ms);
        break;
      case 'd':
        if (key.is("deletionTimestamp"))
          return json_.timestamp("metadata.deletionTimestamp", pod.deletion_at_ms);
        break;
      case 'l':
        if (key.is("labels"))
          return json_.object("metadata.labels", [&](RawKey name) { return label(name, pod); });
        break;
      case 'a':
        if (key.is("annotations")) return annotations(facts);
        break;
      case 'o':
        if (key.is("ownerReferences")) return owners(pod);
        break;
      default:
        break;
    }
    return true;
  });
}

bool PodReader::label(RawKey key, Pod& pod) {
  if (key.front() == 's') {
    const bool id = key.is("spark-exec-id");
    const bool profile = !id && key.is("spark-exec-resourceprofile-id");
    const bool inactive = !id && !profile && key.is("spark-exec-inactive");
    if (id || profile || inactive) {
      RawText raw;
      if (!json_.raw("metadata.labels", raw)) return false;
      if (id) pod.executor_id.value = number_or_0<std::uint64_t>(raw.inner);
      if (profile) pod.profile.value = number_or_0<std::uint32_t>(raw.inner);
      if (inactive) pod.inactive = raw.inner == "true";
      return true;
    }
    if (key.is("spark-app-selector"))
      return json_.text("metadata.labels.spark-app-selector", pod.application);
  } else if (key.is("outrigger-nonce")) {
    return json_.text("metadata.labels.outrigger-nonce", pod.nonce);
  }
  return true;
}

bool PodReader::annotations(ObjectFacts& facts) {
  return json_.object("metadata.annotations", [&](RawKey key) {
    if (!key.is("k8s.io/initial-events-end")) return true;
    RawText raw;
    if (!json_.raw("metadata.annotations", raw)) return false;
    facts.initial_events_end = raw.inner == "true";
    return true;
  });
}

bool PodReader::owners(Pod& pod) {
  RawText owner;
  const bool read_all = json_.array("metadata.ownerReferences", [&] {
    RawText found;
    bool controller = false;
    const auto visit = [&](RawKey key) {
      if (key.is("uid")) return json_.raw("metadata.ownerReferences[].uid", found);
      if (key.is("controller")) return json_.boolean("metadata.ownerReferences[].controller", controller);
      return true;
    };
    if (!json_.object("metadata.ownerReferences[]", visit)) return false;
    if (controller || !owner.present) owner = found;
    return true;
  });
  if (!read_all) return false;
  // All pods of an application have the same owner.
  if (!owner.present || owner.inner != owner_text_) {
    owner_text_.clear();
    owner_ = {};
    if (!uid(owner, "metadata.ownerReferences[].uid", owner_)) return false;
    owner_text_.assign(owner.inner);
  }
  pod.owner_uid = owner_;
  return true;
}

bool PodReader::spec(Pod& pod) {
  return json_.object("spec", [&](RawKey key) {
    if (key.is("nodeName")) return json_.text("spec.nodeName", pod.node);
    if (key.is("volumes")) return json_.array("spec.volumes", [&] { return volume(pod); });
    if (key.is("containers"))
      return json_.array("spec.containers", [&] {
        ++spec_containers_;
        return true;
      });
    return true;
  });
}

bool PodReader::volume(Pod& pod) {
  return json_.object("spec.volumes[]", [&](RawKey key) {
    if (!key.is("persistentVolumeClaim")) return true;
    return json_.object("spec.volumes[].persistentVolumeClaim", [&](RawKey name) {
      if (!name.is("claimName") || pod.claims.size() >= core::limits::pod_claims) return true;
      return json_.text("spec.volumes[].persistentVolumeClaim.claimName", pod.claims.emplace_back());
    });
  });
}

bool PodReader::status(Pod& pod) {
  return json_.object("status", [&](RawKey key) {
    RawText raw;
    switch (key.front()) {
      case 'p':
        if (key.is("phase")) {
          if (!json_.raw("status.phase", raw)) return false;
          pod.phase = phase_of(raw.inner);
        } else if (key.is("podIP")) {
          // Kept for display only: an address that we can't read is no reason to lose the pod.
          if (!json_.raw("status.podIP", raw)) return false;
          pod.ip = parse_ip(raw.inner).value_or(core::PodIp{});
        }
        break;
      case 'c':
        if (key.is("conditions")) return json_.array("status.conditions", [&] { return condition(pod); });
        if (key.is("containerStatuses")) return containers(pod);
        break;
      case 'i':
        if (key.is("initContainerStatuses")) return init_containers();
        break;
      case 'm':
        if (key.is("message"))
          return json_.raw("status.message", raw) &&
                 json_.unescape(raw, "status.message", pod.message, message_bytes);
        break;
      case 'r':
        if (key.is("reason")) return json_.text("status.reason", pod.reason);
        break;
      case 's':
        if (key.is("startTime")) return json_.timestamp("status.startTime", pod.started_at_ms);
        break;
      default:
        break;
    }
    return true;
  });
}

bool PodReader::condition(Pod& pod) {
  // Kept raw until the whole condition is known; most are of no interest, which the type says first as a rule.
  RawText type, state, reason, message, since;
  bool wanted = true;
  const auto visit = [&](RawKey key) {
    if (!wanted) return true;
    if (key.is("type")) {
      if (!json_.raw("status.conditions[].type", type)) return false;
      wanted = type.inner == "PodScheduled" || type.inner == "DisruptionTarget";
      return true;
    }
    if (key.is("status")) return json_.raw("status.conditions[].status", state);
    if (key.is("reason")) return json_.raw("status.conditions[].reason", reason);
    if (key.is("message")) return json_.raw("status.conditions[].message", message);
    if (key.is("lastTransitionTime")) return json_.raw("status.conditions[].lastTransitionTime", since);
    return true;
  };
  if (!json_.object("status.conditions[]", visit)) return false;
  const bool is_true = state.inner == "True";
  if (type.inner == "PodScheduled" && is_true) {
    pod.scheduled = true;
    return json_.instant(since, "status.conditions[].lastTransitionTime", pod.scheduled_at_ms);
  }
  if (type.inner == "PodScheduled" && state.inner == "False") {
    return json_.unescape(reason, "status.conditions[].reason", pod.unscheduled_reason) &&
           json_.unescape(message, "status.conditions[].message", pod.unscheduled_message, message_bytes);
  }
  if (type.inner == "DisruptionTarget" && is_true)
    return json_.unescape(reason, "status.conditions[].reason", pod.disruption_reason);
  return true;
}

}  // namespace outrigger::kube
