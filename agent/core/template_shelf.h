// Which templates are in force, by profile and number of digits, and which the driver is asked for.
#pragma once
#include <cstdint>
#include <map>
#include <memory>

#include "agent/core/executor_record.h"
#include "agent/core/ids.h"
#include "agent/core/pod_template.h"
#include "agent/core/resync.h"

namespace outrigger::core {

class TemplateShelf {
 public:
  // A newer revision drops what is left of older ones; an older revision than the newest is refused.
  Admission put(ProfileId profile, std::uint32_t revision, PodTemplate made);
  // Does not derive from the id: the driver renders each pod of this profile from now on (S3).
  void refused(ProfileId profile, std::uint32_t revision);
  // One pod rendered for one id. Refused when it is not waited for, or too many wait.
  Admission put_rendered(ProfileId profile, ExecutorId id, RenderedPod pod);

  const PodTemplate* find(ProfileId profile, std::uint8_t digits) const;
  bool rendered_by_driver(ProfileId profile) const;
  const RenderedPod* rendered(ExecutorId id) const;
  void drop_rendered(ExecutorId id) { rendered_.erase(id); }
  const std::map<ExecutorId, RenderedPod>& all_rendered() const { return rendered_; }

  // need-template: asked until a template or a refusal comes.
  void want(ProfileId profile, std::uint8_t digits);
  std::uint16_t wanted(ProfileId profile) const;     // bit d = ids of d digits
  std::uint16_t available(ProfileId profile) const;  // likewise
  std::uint32_t revision(ProfileId profile) const;
  void clear();  // another driver, or a resync: everything is posted again

 private:
  struct Profile {
    std::uint32_t revision = 0;
    bool by_driver = false;
    std::uint16_t wanted = 0;
    std::map<std::uint8_t, std::shared_ptr<const PodTemplate>> by_digits;
  };
  Profile* open(ProfileId profile);  // nullptr: limits::profiles
  std::map<ProfileId, Profile> profiles_;
  std::map<ExecutorId, RenderedPod> rendered_;
};

}  // namespace outrigger::core
