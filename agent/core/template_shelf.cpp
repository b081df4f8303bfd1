#include "agent/core/template_shelf.h"

#include <string>
#include <utility>

#include "agent/core/limits.h"

namespace outrigger::core {

TemplateShelf::Profile* TemplateShelf::open(ProfileId profile) {
  const auto found = profiles_.find(profile);
  if (found != profiles_.end()) return &found->second;
  if (profiles_.size() >= limits::profiles) return nullptr;
  return &profiles_[profile];
}

Admission TemplateShelf::put(ProfileId profile, std::uint32_t revision, PodTemplate made) {
  Profile* at = open(profile);
  if (at == nullptr)
    return {Verdict::refused_limit,
            "template: more than " + std::to_string(limits::profiles) + " resource profiles"};
  if (revision < at->revision)
    return {Verdict::refused_template, "template: revision " + std::to_string(revision) + " of profile " +
                                           std::to_string(profile.value) + " is older than " +
                                           std::to_string(at->revision)};
  if (revision > at->revision) at->by_digits.clear();
  at->revision = revision;
  at->by_driver = false;
  const std::uint8_t digits = made.digits();
  at->wanted = static_cast<std::uint16_t>(at->wanted & ~(1u << digits));
  at->by_digits[digits] = std::make_shared<const PodTemplate>(std::move(made));
  return {};
}

void TemplateShelf::refused(ProfileId profile, std::uint32_t revision) {
  Profile* at = open(profile);
  if (at == nullptr || revision < at->revision) return;
  at->revision = revision;
  at->by_driver = true;
  at->wanted = 0;
  at->by_digits.clear();
}

Admission TemplateShelf::put_rendered(ProfileId profile, ExecutorId id, RenderedPod pod) {
  Profile* at = open(profile);
  if (at == nullptr || rendered_.size() >= limits::rendered_waiting)
    return {Verdict::refused_limit,
            "rendered pod for id " + std::to_string(id.value) + ": too many wait already"};
  at->by_driver = true;
  rendered_.insert_or_assign(id, std::move(pod));
  return {};
}

const PodTemplate* TemplateShelf::find(ProfileId profile, std::uint8_t digits) const {
  const auto found = profiles_.find(profile);
  if (found == profiles_.end()) return nullptr;
  const auto made = found->second.by_digits.find(digits);
  return made == found->second.by_digits.end() ? nullptr : made->second.get();
}

bool TemplateShelf::rendered_by_driver(ProfileId profile) const {
  const auto found = profiles_.find(profile);
  return found != profiles_.end() && found->second.by_driver;
}

const RenderedPod* TemplateShelf::rendered(ExecutorId id) const {
  const auto found = rendered_.find(id);
  return found == rendered_.end() ? nullptr : &found->second;
}

void TemplateShelf::want(ProfileId profile, std::uint8_t digits) {
  if (digits == 0 || digits > limits::id_digits) return;
  if (Profile* at = open(profile)) at->wanted = static_cast<std::uint16_t>(at->wanted | (1u << digits));
}

std::uint16_t TemplateShelf::wanted(ProfileId profile) const {
  const auto found = profiles_.find(profile);
  return found == profiles_.end() ? std::uint16_t{0} : found->second.wanted;
}

std::uint16_t TemplateShelf::available(ProfileId profile) const {
  const auto found = profiles_.find(profile);
  unsigned bits = 0;
  if (found != profiles_.end())
    for (const auto& [digits, made] : found->second.by_digits) bits |= 1u << digits;
  return static_cast<std::uint16_t>(bits);
}

std::uint32_t TemplateShelf::revision(ProfileId profile) const {
  const auto found = profiles_.find(profile);
  return found == profiles_.end() ? 0 : found->second.revision;
}

void TemplateShelf::clear() {
  profiles_.clear();
  rendered_.clear();
}

}  // namespace outrigger::core
