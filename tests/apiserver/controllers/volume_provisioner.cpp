#include "tests/apiserver/controllers/volume_provisioner.h"

#include "tests/apiserver/store/managed_fields.h"

namespace outrigger::apiserver {

VolumeProvisioner::VolumeProvisioner(Store& store, Clock& clock) : store_(store), clock_(clock) {
  store_.on_event([this](const Event& event) {
    const auto& object = *event.object;
    if (object.resource != Resource::persistentvolumeclaims || event.type != EventType::added) return;
    clock_.after(Millis(0), [this, key = object.key(), uid = object.meta.uid] { bind(key, uid); });
  });
}

void VolumeProvisioner::bind(const std::string& key, const std::string& uid) {
  const auto& claims = store_.index(Resource::persistentvolumeclaims);
  const auto found = claims.find(key);
  if (found == claims.end() || found->second->meta.uid != uid || found->second->meta.terminating()) return;
  Json claim = to_json(*found->second);
  Draft draft = edit(*found->second);
  Json& spec = claim["spec"];
  if (!spec.is_object()) return;
  if (!spec.contains("volumeName")) spec["volumeName"] = "pvc-" + uid;
  claim.erase("status");
  Draft changed = draft_of(Resource::persistentvolumeclaims, claim);
  draft.members = std::move(changed.members);
  draft.meta.annotations["pv.kubernetes.io/bind-completed"] = "yes";
  draft.meta.annotations["pv.kubernetes.io/bound-by-controller"] = "yes";
  Json status{{"phase", "Bound"}};
  if (spec.contains("accessModes")) status["accessModes"] = spec["accessModes"];
  const Json& requests = child(child(spec, "resources"), "requests");
  if (requests.contains("storage")) status["capacity"] = Json{{"storage", requests["storage"]}};
  set_status(draft, status);
  note_manager(draft.meta, "kube-controller-manager", "status", rfc3339(clock_.unix_ms()),
               owned_status_fields(status));
  store_.put(std::move(draft));
}

}  // namespace outrigger::apiserver
