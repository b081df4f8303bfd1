// outrigger-decider: the agent's decide() on standard input and output, for the differential test against Spark's own allocator
// (S16). One JSON request a line, one JSON answer a line:
//   {"policy": {"max_pending", "per_profile", "maximum", "creation_timeout_ms", "idle_timeout_ms", "batch_size", "batch_delay_ms",
//     "claims", "maximum_claims"}}
//   {"step": {"now_ms", "targets": {"0": 5}, "known": [ids], "pods": [{"id", "profile", "state"}]}}
//                                                                       {"creates": [[id, profile(, claim of id)]], "deletes": [[id, why]]}
// Around decide() stand a server that answers each POST at once, a watch that shows what the caller gives in "pods" (pending,
// running, succeeded, failed, gone), and a driver that confirms every proposal of an executor that it does not know.
#include <cstdint>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/allocator.h"
#include "agent/core/claim_chooser.h"
#include "agent/core/json.h"
#include "agent/kube/json_parse.h"
#include "tests/unit/core/values.h"

namespace outrigger {
namespace {

using core::Json;

const Json& member(const Json& object, std::string_view key) {
  const Json* found = object.find(key);
  if (found == nullptr) throw std::runtime_error("a request lacks '" + std::string(key) + "'");
  return *found;
}

std::uint64_t number(const Json& object, std::string_view key) {
  return std::stoull(member(object, key).text());
}

std::uint32_t small(const Json& object, std::string_view key) {
  return static_cast<std::uint32_t>(number(object, key));
}

Json pair(std::uint64_t id, Json other) {
  return Json::array({Json::number(static_cast<std::int64_t>(id)), std::move(other)});
}

class Decider {
 public:
  Json answer(const Json& request) {
    const auto& [what, body] = request.members().at(0);
    if (what == "policy") return policy(body);
    if (what == "step") return step(body);
    throw std::runtime_error("no request is called '" + what + "'");
  }

 private:
  Json policy(const Json& body) {
    core::AllocationPolicy policy;
    policy.max_pending_pods = small(body, "max_pending");
    policy.max_pending_pods_per_profile = small(body, "per_profile");
    policy.maximum_id = number(body, "maximum");
    policy.creation_timeout = core::Millis(static_cast<std::int64_t>(number(body, "creation_timeout_ms")));
    policy.idle_timeout = core::Millis(static_cast<std::int64_t>(number(body, "idle_timeout_ms")));
    policy.batch_size = small(body, "batch_size");
    policy.batch_delay = core::Millis(static_cast<std::int64_t>(number(body, "batch_delay_ms")));
    if (number(body, "claims") != 0)
      with_claims(policy, number(body, "claims") == 2, small(body, "maximum_claims"));
    world_.policy(policy);
    return Json::object({{"ok", Json::boolean(true)}});
  }

  // One for each executor, as large as every other (S14).
  void with_claims(core::AllocationPolicy& policy, bool wait, std::uint32_t maximum) {
    policy.reuse_claims = true;
    policy.wait_for_claims = wait;
    policy.maximum_claims = maximum;
    for (const std::uint32_t profile : {0u, 1u})
      for (std::uint8_t digits = 1; digits <= 3; ++digits)
        world_.books.templates.put(core::ProfileId{profile}, 2,
                                   core::test::template_with_claim(digits, profile));
  }

  static std::string claim_of(const core::CreateOrder& order) {
    return order.claims.empty() ? "app-exec-" + std::to_string(order.id.value) + "-pvc-0"
                                : order.claims[0].name;
  }

  void list_claims(std::int64_t now_ms) {
    world_.books.claims.listed(claims_, core::test::driver_uid, core::test::at(now_ms),
                               core::test::at(now_ms), now_ms);
  }

  // What a create with a claim leaves behind; the id of the executor whose claim it mounts.
  std::int64_t mount(const core::CreateOrder& order, const std::vector<core::ClaimSlot>& slots,
                     std::int64_t now_ms) {
    const std::string name = claim_of(order);
    if (order.claims.empty()) claims_.push_back({name, slots[0].shape, core::test::driver_uid, now_ms, true});
    world_.books.claims.made(order.id, core::test::at(now_ms));
    mounted_[order.id.value] = name;
    return std::stoll(name.substr(std::string("app-exec-").size()));
  }

  Json step(const Json& body) {
    const auto now_ms = static_cast<std::int64_t>(number(body, "now_ms"));
    for (const auto& [profile, target] : member(body, "targets").members())
      world_.target(static_cast<std::uint32_t>(std::stoul(target.text())),
                    static_cast<std::uint32_t>(std::stoul(profile)));
    std::vector<core::ExecutorId> known;
    for (const Json& id : member(body, "known").items())
      known.push_back(core::ExecutorId{std::stoull(id.text())});
    world_.known(std::move(known));
    for (const Json& pod : member(body, "pods").items()) show(pod, now_ms);
    creates_ = Json::array();
    deletes_ = Json::array();
    while (turn(now_ms)) {
    }
    return Json::object({{"creates", std::move(creates_)}, {"deletes", std::move(deletes_)}});
  }

  void show(const Json& shown, std::int64_t now_ms) {
    core::Pod pod = core::test::pod(number(shown, "id"), ++world_.version, small(shown, "profile"));
    if (const auto found = mounted_.find(pod.executor_id.value); found != mounted_.end())
      pod.claims = {found->second};
    const std::string& state = member(shown, "state").text();
    if (state == "running") pod = core::test::running(std::move(pod), world_.version);
    if (state == "succeeded") pod = core::test::ended(std::move(pod), 0, world_.version);
    if (state == "failed") pod = core::test::ended(std::move(pod), 1, world_.version);
    if (state != "gone") {
      world_.see(std::move(pod), now_ms);
      return;
    }
    // A watch shows no end without a beginning.
    if (world_.books.pods.find(pod.executor_id, core::test::nonce) == nullptr) world_.see(pod, now_ms);
    pod.resource_version = ++world_.version;
    world_.lose(std::move(pod), now_ms);
  }

  bool turn(std::int64_t now_ms) {
    const core::Actions actions = world_.step(core::test::moment(now_ms));
    for (const core::CreateOrder& order : actions.creates) {
      world_.books.expected.answered(order.id, core::test::uid(order.id.value), ++world_.version,
                                     core::test::at(now_ms));
      creates_.items().push_back(pair(order.id.value, Json::number(std::int64_t{order.profile.value})));
      if (const auto& slots = core::claim_slots(world_.books.templates, order.profile, order.id);
          !slots.empty())
        creates_.items().back().items().push_back(Json::number(mount(order, slots, now_ms)));
    }
    for (const core::DeleteOrder& order : actions.deletes) {
      deletes_.items().push_back(pair(order.id.value, Json::string(std::string(core::to_string(order.why)))));
      if (order.why == core::DeleteWhy::unseen) world_.books.expected.settled(order.id);
    }
    if (!actions.proposals.empty()) world_.books.desired.apply(core::ConfirmDelete{actions.proposals});
    if (actions.list_claims) list_claims(now_ms);
    return !actions.idle() || actions.list_claims;
  }

  core::test::World world_;
  Json creates_, deletes_;
  std::vector<core::Claim> claims_;               // on the server
  std::map<std::uint64_t, std::string> mounted_;  // by executor id
};

int serve() {
  Decider decider;
  for (std::string line; std::getline(std::cin, line);) {
    const auto request = kube::parse_json(line);
    if (!request) throw std::runtime_error(request.error().text);
    const auto text = core::write_json(decider.answer(*request));
    if (!text) throw std::runtime_error(text.error().text);
    std::cout << *text << std::endl;  // the other side waits for it
  }
  return 0;
}

}  // namespace
}  // namespace outrigger

int main() {
  try {
    return outrigger::serve();
  } catch (const std::exception& failure) {
    std::cerr << "outrigger-decider: " << failure.what() << '\n';
    return 1;
  }
}
