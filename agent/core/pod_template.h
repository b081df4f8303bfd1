// From several rendered pods to one template with slots for the executor id, and from it to pods (S1-S3, S6).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/claim.h"
#include "agent/core/ids.h"
#include "agent/core/json.h"
#include "agent/core/pod_policy.h"
#include "agent/core/result.h"

namespace outrigger::core {

// In the text of a slotted tree these bytes stand for what is filled in later. None can occur in UTF-8.
inline constexpr char id_slot = '\xFF';
inline constexpr char pod_uid_slot = '\xFE';  // only in the owner reference of an extra resource
inline constexpr char claim_slot =
    '\xFD';  // only as a volume's claimName; the next byte says which of the claims: 'A' ...

struct TemplateSample {
  ExecutorId id;
  Json pod;
  std::vector<Json> extras;
};

struct TemplateRefusal {
  std::string path;  // $.spec.containers[0].env[3].value; $extra[0].metadata.name for an extra resource
  std::string why;
  bool by_policy = false;  // the pod policy forbids it: rendering in the driver would not help
  std::string text() const { return path.empty() ? why : path + ": " + why; }
};

struct SlottedPod {
  std::uint8_t digits = 0;
  Json pod;
  std::vector<Json> extras;
  std::vector<std::string> slots;  // the paths that hold one, in document order
};

// Two samples at least; ids of the same number of digits that differ pairwise in every digit. Equal parts are
// constant, runs that are each sample's own id become slots, anything else is refused.
tl::expected<SlottedPod, TemplateRefusal> diff_samples(const std::vector<TemplateSample>& samples);

// What the agent puts in whatever the driver says (C22).
struct PodIdentity {
  std::string name_space;
  std::string application_id;   // label spark-app-selector
  std::string driver_pod_name;  // owner; empty in client mode: then no owner at all
  std::string driver_pod_uid;
  ProfileId profile;
  std::string nonce;                 // label outrigger-nonce, the idempotency key
  bool extras_owned_by_pod = false;  // claims live as long as their executor instead of the driver
};

// Forces identity into a slotted or rendered tree; `id_text` is the id's digits, or one id_slot.
// Refuses what has no name, or names that are the same for every id.
tl::expected<void, TemplateRefusal> force_identity(Json& pod, std::vector<Json>& extras,
                                                   const PodIdentity& identity, std::string_view id_text);

// A text with holes. Stamping is concatenation.
class Stamp {
 public:
  Stamp() = default;
  explicit Stamp(std::string_view slotted);
  // `claims`: one for each claim slot.
  std::string operator()(std::string_view id_text, std::string_view pod_uid = {},
                         const std::vector<std::string>& claims = {}) const;
  std::size_t slots() const { return holes_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::string constant_;
  struct Hole {
    std::size_t at;  // offset in the constant text
    char slot;
    std::size_t claim = 0;
  };
  std::vector<Hole> holes_;
  std::size_t bytes_ = 0;
};

// A claim on demand that the pod mounts and the driver owns: another one may take its place (S14).
struct ClaimSlot {
  std::size_t extra = 0;
  ClaimShape shape;
  Stamp name;
};

struct StampedPod {
  std::string name;
  std::string body;  // POST this
};

class PodTemplate {
 public:
  // Forced, checked by the policy, compiled. The error names path, value and the way out.
  static tl::expected<PodTemplate, TemplateRefusal> compile(SlottedPod slotted, const PodIdentity& identity,
                                                            const PodPolicy& policy);
  std::uint8_t digits() const { return digits_; }
  const std::vector<std::string>& slots() const { return slots_; }
  std::size_t extras() const { return extras_.size(); }
  std::string pod_name(ExecutorId id) const;
  // Error: the id has another number of digits.
  Result<StampedPod> stamp(ExecutorId id, const std::vector<ClaimChoice>& chosen = {}) const;
  Result<StampedPod> stamp_extra(std::size_t index, ExecutorId id, std::string_view pod_uid) const;
  // "persistentvolumeclaims": the path segment to POST an extra to.
  const std::string& extra_resource(std::size_t index) const { return extra_resources_[index]; }
  const std::vector<ClaimSlot>& claims() const { return claims_; }

 private:
  std::uint8_t digits_ = 0;
  Stamp name_, pod_;
  std::vector<Stamp> extra_names_, extras_;
  std::vector<std::string> extra_resources_, slots_;
  std::vector<ClaimSlot> claims_;
};

// One pod that the driver rendered for exactly this id (rendering=driver): forced and checked the same way.
struct RenderedPod {
  StampedPod pod;                 // with the claims of its own
  std::vector<ClaimSlot> claims;  // S14
  Stamp slotted;                  // the same with slots for them; empty without
  // The body with others in their places.
  std::string body(const std::vector<ClaimChoice>& chosen) const;
  std::vector<Stamp> extras;  // stamped with the pod's uid
  std::vector<std::string> extra_names, extra_resources;
};
tl::expected<RenderedPod, TemplateRefusal> compile_rendered(TemplateSample sample,
                                                            const PodIdentity& identity,
                                                            const PodPolicy& policy);

}  // namespace outrigger::core
