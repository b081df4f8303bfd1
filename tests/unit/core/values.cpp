#include "tests/unit/core/values.h"

#include <stdexcept>

namespace outrigger::core::test {
namespace {

Json sample(std::uint64_t id) {
  const std::string text = std::to_string(id);
  return Json::object(
      {{"kind", Json::string("Pod")},
       {"metadata", Json::object({{"name", Json::string("app-exec-" + text)}})},
       {"spec",
        Json::object({{"containers", Json::array({Json::object({{"name", Json::string("executor")},
                                                                {"image", Json::string("spark:4")}})})}})}});
}

TemplateSample sample_with_claim(std::uint64_t id) {
  const std::string name = "app-exec-" + std::to_string(id) + "-pvc-0";
  TemplateSample made{ExecutorId{id}, sample(id), {}};
  made.pod.find("spec")->set(
      "volumes", Json::array({Json::object(
                     {{"name", Json::string("data")},
                      {"persistentVolumeClaim", Json::object({{"claimName", Json::string(name)}})}})}));
  const Json size = Json::object({{"requests", Json::object({{"storage", Json::string("1Gi")}})}});
  made.extras.push_back(Json::object(
      {{"apiVersion", Json::string("v1")},
       {"kind", Json::string("PersistentVolumeClaim")},
       {"metadata", Json::object({{"name", Json::string(name)}})},
       {"spec", Json::object({{"storageClassName", Json::string("fast")}, {"resources", size}})}}));
  return made;
}

PodIdentity identity_of(std::uint32_t profile) {
  PodIdentity identity;
  identity.name_space = "spark";
  identity.application_id = "app";
  identity.profile = ProfileId{profile};
  identity.nonce = nonce;
  return identity;
}

// From the samples of the ids 11... and 22... of so many digits.
template <class Sample>
PodTemplate compiled(std::uint8_t digits, const PodIdentity& identity, Sample sample_of) {
  std::uint64_t ones = 0;
  for (int i = 0; i < digits; ++i) ones = ones * 10 + 1;
  auto slotted = diff_samples({sample_of(ones), sample_of(2 * ones)});
  if (!slotted) throw std::logic_error(slotted.error().text());
  PodPolicy policy;
  policy.name_space = "spark";
  auto made = PodTemplate::compile(std::move(*slotted), identity, policy);
  if (!made) throw std::logic_error(made.error().text());
  return std::move(*made);
}

}  // namespace

PodTemplate template_with_claim(std::uint8_t digits, std::uint32_t profile) {
  PodIdentity identity = identity_of(profile);
  identity.driver_pod_name = "driver";
  identity.driver_pod_uid = to_string(driver_uid);
  return compiled(digits, identity, sample_with_claim);
}

PodTemplate small_template(std::uint8_t digits, std::uint32_t profile) {
  return compiled(digits, identity_of(profile),
                  [](std::uint64_t id) { return TemplateSample{ExecutorId{id}, sample(id), {}}; });
}

World::World(std::uint32_t ids) {
  books.ids.connect(nonce);
  if (ids != 0 && !books.ids.grant({ExecutorId{1}, ids})) throw std::logic_error("no ids");
  for (std::uint32_t profile : {0u, 1u})
    for (std::uint8_t digits = 1; digits <= 6; ++digits)
      books.templates.put(ProfileId{profile}, 1, small_template(digits, profile));
  books.desired.resync_begin();
  known({});
  books.desired.resync_end();
  see(PodEvent(PodInit{}));
  see(PodEvent(PodInitDone{version}));
}

void World::target(std::uint32_t executors, std::uint32_t profile) {
  books.desired.apply(SetTarget{ProfileId{profile}, executors});
}

void World::known(std::vector<ExecutorId> ids) {
  KnownDelta delta;
  delta.full = true;
  delta.added = std::move(ids);
  books.desired.apply(delta);
}

Actions World::step(const Moment& m) {
  Actions actions = decide(books, m);
  commit(books, actions, m);
  return actions;
}

void World::land(const Actions& actions, std::int64_t now_ms) {
  for (const CreateOrder& order : actions.creates) {
    Pod made = pod(order.id.value, ++version, order.profile.value);
    books.expected.answered(order.id, made.uid, made.resource_version, at(now_ms));
    see(std::move(made), now_ms);
  }
}

}  // namespace outrigger::core::test
