#include "agent/flow/claims.h"

#include <algorithm>
#include <utility>

#include "agent/kube/claim_list.h"

namespace outrigger::flow {
namespace {

using std::chrono::seconds;
// A create waits for the list, so it is not waited for as long as a write.
constexpr seconds list_deadline{10};
// Rights change by a person's hand, everything else passes.
constexpr seconds refused_for{60}, failed_for{5};

}  // namespace

void Claims::want() {
  if (asking_) return;
  asking_ = true;
  asked_at_ = seams_.clock.now();
  found_.clear();
  ask({});
}

void Claims::ask(std::string continue_token) {
  kube::ListQuery query;
  query.label_selector = seams_.state.selector_of_application();
  query.limit = core::limits::list_page_claims;
  query.continue_token = std::move(continue_token);
  kube::Request request = seams_.state.requests.list(query, kube::Resource::persistent_volume_claims);
  request.deadline = list_deadline;
  seams_.calls.start(std::move(request), [this](const Reply& reply) { answered(reply); });
}

void Claims::answered(const Reply& reply) {
  if (const core::ApiError error = error_of(reply); error.error_class != core::ApiErrorClass::none)
    return failed(error);
  auto page = kube::read_claims(reply.body);
  if (!page)
    return failed({core::ApiErrorClass::server_error, reply.head.code, "", page.error().text, "", {}, ""});
  for (core::Claim& claim : page->claims) {
    // A claim's name goes into a pod, so the policy has a word in it (C22).
    const auto& policy = seams_.state.options.policy;
    const bool allowed = !policy.enabled || std::any_of(policy.claims.begin(), policy.claims.end(),
                                                        [&](const std::string& glob) {
                                                          return core::glob_matches(glob, claim.name);
                                                        });
    if (allowed && found_.size() < core::limits::claims) found_.push_back(std::move(claim));
  }
  if (page->continue_token.empty()) return settle();
  ask(std::move(page->continue_token));
}

void Claims::settle() {
  asking_ = warned_ = false;
  seams_.state.books.claims.listed(found_, seams_.state.options.driver_pod_uid, asked_at_, seams_.clock.now(),
                                   seams_.clock.wall_ms());
  found_.clear();
  seams_.changed();
}

void Claims::failed(const core::ApiError& error) {
  asking_ = false;
  found_.clear();
  const auto c = error.error_class;
  const bool refused = c == core::ApiErrorClass::rbac || c == core::ApiErrorClass::unauthorized;
  seams_.state.books.claims.blind(seams_.clock.now() + (refused ? refused_for : failed_for));
  if (!std::exchange(warned_, true))
    seams_.log.warning(
        "persistentvolumeclaims cannot be listed: new executors get new claims; grant the account the "
        "verb list, or set spark.kubernetes.driver.reusePersistentVolumeClaim=false",
        {{"verb", "list"},
         {"resource", "persistentvolumeclaims"},
         {"namespace", seams_.state.options.name_space},
         {"class", std::string(core::to_string(error.error_class))},
         {"error", error.message}});
  seams_.changed();
}

}  // namespace outrigger::flow
