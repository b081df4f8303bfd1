#include "agent/core/pod_template.h"

#include <algorithm>
#include <utility>

#include "agent/core/id_book.h"
#include "agent/core/limits.h"

namespace outrigger::core {
namespace {

using Refused = tl::unexpected<TemplateRefusal>;

Refused refuse(std::string path, std::string why) {
  return Refused(TemplateRefusal{std::move(path), std::move(why)});
}

Json owner_of(std::string_view name, std::string_view uid) {
  // As Spark writes it. Exactly one: with two, the garbage collector keeps the pod as long as either lives.
  return Json::array({Json::object({{"apiVersion", Json::string("v1")},
                                    {"kind", Json::string("Pod")},
                                    {"name", Json::string(std::string(name))},
                                    {"uid", Json::string(std::string(uid))},
                                    {"controller", Json::boolean(true)}})});
}

// The driver may say that a claim goes with its own pod, by naming that pod as its owner; nobody else can be named.
bool goes_with_its_pod(const Json& extra, std::string_view pod_name) {
  const Json* owners = extra.at({"metadata", "ownerReferences"});
  return owners != nullptr && owners->items().size() == 1 && owners->items()[0].text_at({"kind"}) == "Pod" &&
         owners->items()[0].text_at({"name"}) == pod_name;
}

// A DNS name of at most 253 bytes; a slot counts as its digits.
bool valid_name(std::string_view name, std::size_t digits) {
  std::size_t length = 0;
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == id_slot; };
  for (const char c : name) {
    if (!alnum(c) && c != '-' && c != '.') return false;
    length += c == id_slot ? digits : 1;
  }
  return !name.empty() && length <= 253 && alnum(name.front()) && alnum(name.back());
}

// Claims that the driver owns get a slot wherever a volume of the pod names them. After force_identity(): the owner is the agent's.
std::vector<ClaimSlot> slot_claims(Json& pod, const std::vector<Json>& extras, const PodIdentity& identity) {
  std::vector<ClaimSlot> slots;
  Json* spec = pod.find("spec");
  Json* volumes = spec == nullptr ? nullptr : spec->find("volumes");
  if (volumes == nullptr || identity.driver_pod_uid.empty()) return slots;
  for (std::size_t i = 0; i < extras.size() && slots.size() < limits::template_extras; ++i) {
    const auto shape = shape_of(extras[i]);
    const Json* owners = extras[i].at({"metadata", "ownerReferences"});
    if (!shape || owners == nullptr || owners->items().size() != 1 ||
        owners->items()[0].text_at({"uid"}) != identity.driver_pod_uid)
      continue;
    const std::string name(extras[i].text_at({"metadata", "name"}));
    const std::string slot{claim_slot, static_cast<char>('A' + slots.size())};
    bool mounted = false;
    for (Json& volume : volumes->items()) {
      Json* source = volume.find("persistentVolumeClaim");
      if (source == nullptr || source->text_at({"claimName"}) != name) continue;
      source->set("claimName", Json::string(slot));
      mounted = true;
    }
    if (mounted) slots.push_back({i, *shape, Stamp(name)});
  }
  return slots;
}

std::vector<std::string> claim_names(const std::vector<ClaimSlot>& slots, std::string_view id_text,
                                     const std::vector<ClaimChoice>& chosen) {
  std::vector<std::string> names;
  for (const ClaimSlot& slot : slots) {
    const auto found = std::find_if(chosen.begin(), chosen.end(),
                                    [&](const ClaimChoice& choice) { return choice.extra == slot.extra; });
    names.push_back(found != chosen.end() ? found->name : slot.name(id_text));
  }
  return names;
}

// What only the server may say.
void strip_server_fields(Json& resource, Json& metadata) {
  resource.erase("status");
  for (const char* key :
       {"uid", "resourceVersion", "generateName", "generation", "creationTimestamp", "selfLink",
        "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "ownerReferences"})
    metadata.erase(key);
}

tl::expected<void, TemplateRefusal> force_common(Json& resource, const std::string& path,
                                                 const PodIdentity& identity, std::string_view id_text) {
  Json* metadata = resource.find("metadata");
  if (!resource.is_object() || metadata == nullptr || !metadata->is_object())
    return refuse(path + ".metadata", "is missing");
  strip_server_fields(resource, *metadata);
  const std::string_view name = metadata->text_at({"name"});
  if (name.empty()) return refuse(path + ".metadata.name", "is missing");
  if (name.find(id_text) == std::string_view::npos)
    return refuse(path + ".metadata.name", "does not hold the executor id: all pods would have one name");
  if (!valid_name(name, limits::id_digits))
    return refuse(path + ".metadata.name", "is no valid name of a pod");
  const Json* space = metadata->find("namespace");
  if (space != nullptr && space->text() != identity.name_space)
    return refuse(path + ".metadata.namespace",
                  "'" + space->text() + "' is not this agent's namespace '" + identity.name_space + "'");
  metadata->set("namespace", Json::string(identity.name_space));
  Json* labels = metadata->find("labels");
  if (labels == nullptr || !labels->is_object()) labels = &metadata->set("labels", Json::object());
  labels->set("spark-app-selector", Json::string(identity.application_id));
  labels->set("spark-exec-id", Json::string(std::string(id_text)));
  labels->set("spark-exec-resourceprofile-id", Json::string(std::to_string(identity.profile.value)));
  labels->set("outrigger-nonce", Json::string(identity.nonce));
  return {};
}

std::string plural_of(std::string_view kind) {
  std::string out;
  for (const char c : kind) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out + "s";
}

tl::expected<void, TemplateRefusal> check_policy(const PodPolicy& policy, const Json& pod,
                                                 const std::vector<Json>& extras) {
  auto breaches = check_pod(policy, pod);
  std::string prefix;
  for (std::size_t i = 0; i < extras.size() && breaches.empty(); ++i) {
    breaches = check_extra(policy, extras[i]);
    prefix = "$extra[" + std::to_string(i) + "]";
  }
  if (breaches.empty()) return {};
  std::string path = breaches.front().path;
  if (!prefix.empty()) path.replace(0, 1, prefix);
  std::string why = breaches.front().value + ": " + breaches.front().why;
  if (breaches.size() > 1) why += " (and " + std::to_string(breaches.size() - 1) + " more)";
  return tl::unexpected(TemplateRefusal{std::move(path), std::move(why), true});
}

tl::expected<Stamp, TemplateRefusal> stamp_of(const Json& tree, const std::string& path) {
  auto text = write_json(tree);
  if (!text) return refuse(path, text.error().text);
  if (text->size() > limits::template_bytes)
    return refuse(path, std::to_string(text->size()) + " bytes are more than " +
                            std::to_string(limits::template_bytes));
  return Stamp(*text);
}

}  // namespace

tl::expected<void, TemplateRefusal> force_identity(Json& pod, std::vector<Json>& extras,
                                                   const PodIdentity& identity, std::string_view id_text) {
  if (const std::string_view kind = pod.text_at({"kind"}); kind != "Pod" && pod.find("kind") != nullptr)
    return refuse("$.kind", "'" + std::string(kind) + "' is not Pod");
  pod.set("apiVersion", Json::string("v1"));
  pod.set("kind", Json::string("Pod"));
  if (auto done = force_common(pod, "$", identity, id_text); !done) return done;
  Json& metadata = *pod.find("metadata");
  metadata.find("labels")->set("spark-role", Json::string("executor"));
  if (!identity.driver_pod_uid.empty())
    metadata.set("ownerReferences", owner_of(identity.driver_pod_name, identity.driver_pod_uid));
  const std::string pod_name(metadata.text_at({"name"}));
  for (std::size_t i = 0; i < extras.size(); ++i) {
    const std::string path = "$extra[" + std::to_string(i) + "]";
    // Without a driver pod they would have no owner at all: then it is the executor's, as in Spark.
    const bool by_pod = identity.extras_owned_by_pod || identity.driver_pod_uid.empty() ||
                        goes_with_its_pod(extras[i], pod_name);
    if (auto done = force_common(extras[i], path, identity, id_text); !done) return done;
    extras[i]
        .find("metadata")
        ->set("ownerReferences", by_pod ? owner_of(pod_name, std::string(1, pod_uid_slot))
                                        : owner_of(identity.driver_pod_name, identity.driver_pod_uid));
  }
  return {};
}

Stamp::Stamp(std::string_view slotted) {
  for (std::size_t i = 0; i < slotted.size(); ++i) {
    const char c = slotted[i];
    if (c == id_slot || c == pod_uid_slot)
      holes_.push_back({constant_.size(), c});
    else if (c == claim_slot && i + 1 < slotted.size())
      holes_.push_back({constant_.size(), c, static_cast<std::size_t>(slotted[++i] - 'A')});
    else
      constant_ += c;
  }
  bytes_ = slotted.size();
}

std::string Stamp::operator()(std::string_view id_text, std::string_view pod_uid,
                              const std::vector<std::string>& claims) const {
  std::string out;
  out.reserve(constant_.size() + holes_.size() * std::max(id_text.size(), pod_uid.size()));
  std::size_t from = 0;
  for (const Hole& hole : holes_) {
    out.append(constant_, from, hole.at - from);
    if (hole.slot != claim_slot)
      out.append(hole.slot == id_slot ? id_text : pod_uid);
    else if (hole.claim < claims.size())
      out.append(claims[hole.claim]);
    from = hole.at;
  }
  out.append(constant_, from);
  return out;
}

tl::expected<PodTemplate, TemplateRefusal> PodTemplate::compile(SlottedPod slotted,
                                                                const PodIdentity& identity,
                                                                const PodPolicy& policy) {
  const std::string slot(1, id_slot);
  // Before anything is forced: a namespace or an owner of somebody else's is named, not overwritten.
  if (auto allowed = check_policy(policy, slotted.pod, slotted.extras); !allowed)
    return tl::unexpected(allowed.error());
  if (auto forced = force_identity(slotted.pod, slotted.extras, identity, slot); !forced)
    return tl::unexpected(forced.error());
  PodTemplate out;
  out.digits_ = slotted.digits;
  out.slots_ = std::move(slotted.slots);
  out.claims_ = slot_claims(slotted.pod, slotted.extras, identity);
  auto pod = stamp_of(slotted.pod, "$");
  if (!pod) return tl::unexpected(pod.error());
  out.pod_ = std::move(*pod);
  out.name_ = Stamp(slotted.pod.text_at({"metadata", "name"}));
  for (std::size_t i = 0; i < slotted.extras.size(); ++i) {
    auto extra = stamp_of(slotted.extras[i], "$extra[" + std::to_string(i) + "]");
    if (!extra) return tl::unexpected(extra.error());
    out.extras_.push_back(std::move(*extra));
    out.extra_names_.emplace_back(slotted.extras[i].text_at({"metadata", "name"}));
    out.extra_resources_.push_back(plural_of(slotted.extras[i].text_at({"kind"})));
  }
  return out;
}

std::string PodTemplate::pod_name(ExecutorId id) const {
  return name_(std::to_string(id.value));
}

Result<StampedPod> PodTemplate::stamp(ExecutorId id, const std::vector<ClaimChoice>& chosen) const {
  if (id.value == 0 || decimal_digits(id.value) != digits_)
    return fail("executor id " + std::to_string(id.value) + " has not " + std::to_string(digits_) +
                " digits: this template is for others");
  const std::string text = std::to_string(id.value);
  return StampedPod{name_(text), pod_(text, {}, claim_names(claims_, text, chosen))};
}

Result<StampedPod> PodTemplate::stamp_extra(std::size_t index, ExecutorId id,
                                            std::string_view pod_uid) const {
  if (index >= extras_.size()) return fail("template has no extra resource " + std::to_string(index));
  if (id.value == 0 || decimal_digits(id.value) != digits_)
    return fail("executor id " + std::to_string(id.value) + " has not " + std::to_string(digits_) +
                " digits");
  const std::string text = std::to_string(id.value);
  return StampedPod{extra_names_[index](text), extras_[index](text, pod_uid)};
}

tl::expected<RenderedPod, TemplateRefusal> compile_rendered(TemplateSample sample,
                                                            const PodIdentity& identity,
                                                            const PodPolicy& policy) {
  if (sample.id.value == 0) return refuse({}, "0 is no executor id");
  if (sample.extras.size() > limits::template_extras)
    return refuse({}, std::to_string(sample.extras.size()) + " extra resources are more than " +
                          std::to_string(limits::template_extras));
  if (auto allowed = check_policy(policy, sample.pod, sample.extras); !allowed)
    return tl::unexpected(allowed.error());
  if (auto forced = force_identity(sample.pod, sample.extras, identity, std::to_string(sample.id.value));
      !forced)
    return tl::unexpected(forced.error());
  RenderedPod out;
  auto pod = stamp_of(sample.pod, "$");
  if (!pod) return tl::unexpected(pod.error());
  out.pod = {std::string(sample.pod.text_at({"metadata", "name"})), (*pod)({})};
  out.claims = slot_claims(sample.pod, sample.extras, identity);
  if (!out.claims.empty()) {
    auto slotted = stamp_of(sample.pod, "$");
    if (!slotted) return tl::unexpected(slotted.error());
    out.slotted = std::move(*slotted);
  }
  for (std::size_t i = 0; i < sample.extras.size(); ++i) {
    auto extra = stamp_of(sample.extras[i], "$extra[" + std::to_string(i) + "]");
    if (!extra) return tl::unexpected(extra.error());
    out.extras.push_back(std::move(*extra));
    out.extra_names.emplace_back(sample.extras[i].text_at({"metadata", "name"}));
    out.extra_resources.push_back(plural_of(sample.extras[i].text_at({"kind"})));
  }
  return out;
}

std::string RenderedPod::body(const std::vector<ClaimChoice>& chosen) const {
  return chosen.empty() ? pod.body : slotted({}, {}, claim_names(claims, {}, chosen));
}

}  // namespace outrigger::core
