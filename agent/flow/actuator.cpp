#include "agent/flow/actuator.h"

#include <algorithm>
#include <utility>

#include "agent/core/backoff.h"
#include "agent/core/names.h"
#include "agent/core/records.h"

namespace outrigger::flow {
namespace {

core::ApiError local_error(core::ApiErrorClass error_class, std::string message) {
  return {error_class, 0, "", std::move(message), "", {}, ""};
}

std::string_view result_label(const core::ApiError& error) {
  return error.error_class == core::ApiErrorClass::none ? "ok" : core::to_string(error.error_class);
}

kube::Resource resource_named(const std::string& plural) {
  if (plural == to_string(kube::Resource::configmaps)) return kube::Resource::configmaps;
  if (plural == to_string(kube::Resource::services)) return kube::Resource::services;
  return kube::Resource::persistent_volume_claims;  // the pod policy lets nothing else through
}

// Another executor's claim is mounted instead of this one.
bool replaced(const std::vector<core::ClaimChoice>& chosen, std::size_t extra) {
  return std::any_of(chosen.begin(), chosen.end(),
                     [&](const core::ClaimChoice& choice) { return choice.extra == extra; });
}

}  // namespace

Actuator::Actuator(Seams seams)
    : seams_(std::move(seams)),
      decoder_(kube::DecoderOptions{seams_.state.options.container_name}),
      creates_({seams_.calls, seams_.timers, seams_.clock, seams_.sink,
                [this](const std::string& name) {
                  kube::Request request =
                      *seams_.state.requests.get(name);  // the template's name was checked
                  request.deadline = seams_.state.options.write_deadline;
                  return request;
                },
                [this](std::string& body) -> std::optional<core::Pod> {
                  core::Pod pod;
                  if (!decoder_.pod(kube::Padded::of(body), pod)) return std::nullopt;
                  return pod;
                },
                [this](const CreateOutcome& outcome) { created(outcome); },
                [this](const CreateOutcome& outcome) { return hold(outcome); },
                [this](core::ExecutorId, core::ProfileId profile) { return still_wanted(profile); },
                [this](core::ExecutorId id) {
                  seams_.state.books.expected.lost(id, seams_.clock.now());
                  seams_.changed();
                }}),
      deletes_(seams_.calls, seams_.clock) {}

void Actuator::carry_out(const core::Actions& actions) {
  for (const auto& order : actions.creates) create(order);
  for (const auto& order : actions.deletes) remove(order);
  for (const auto& order : actions.labels) label(order);
  seams_.metrics.concurrency.set(static_cast<double>(seams_.state.writes.limit()));
  seams_.metrics.in_flight.set(static_cast<double>(creates_.in_flight() + deletes_.in_flight()));
}

void Actuator::create(const core::CreateOrder& order) {
  if (creates_.has(order.id)) {
    // An earlier driver's POST of the same number is still on its way.
    refuse(order, "",
           local_error(core::ApiErrorClass::already_exists,
                       "an earlier driver's create of this id is in flight"));
    return;
  }
  if (auto pod = prepare(order)) creates_.start(std::move(*pod));
}

std::optional<NewPod> Actuator::prepare(const core::CreateOrder& order) {
  core::Books& books = seams_.state.books;
  core::StampedPod stamped;
  if (const auto* rendered = books.templates.rendered(order.id)) {
    stamped = {rendered->pod.name, rendered->body(order.claims)};
  } else {
    const auto* made = books.templates.find(order.profile, core::decimal_digits(order.id.value));
    if (made == nullptr) {
      refuse(order, "", local_error(core::ApiErrorClass::policy, "no template for ids of this length"));
      return std::nullopt;
    }
    auto result = made->stamp(order.id, order.claims);
    if (!result) {
      refuse(order, made->pod_name(order.id), local_error(core::ApiErrorClass::policy, result.error().text));
      return std::nullopt;
    }
    stamped = std::move(*result);
  }
  if (!kube::is_dns_subdomain(stamped.name)) {
    refuse(
        order, "",
        local_error(core::ApiErrorClass::invalid, "pod name '" + stamped.name + "' is not a DNS subdomain"));
    return std::nullopt;
  }
  NewPod pod{order.id,
             order.profile,
             stamped.name,
             seams_.state.session.nonce(),
             seams_.state.options.driver_pod_uid,
             {},
             {}};
  for (const auto& choice : order.claims)
    seams_.log.info(
        "a claim is used again",
        {{"executor", std::to_string(order.id.value)}, {"pod", stamped.name}, {"claim", choice.name}});
  pod.extras = extras_of(order);
  pod.post =
      seams_.state.requests.create(std::move(stamped.body), kube::Resource::pods, kube::AnswerAs::metadata);
  pod.post.deadline = seams_.state.options.write_deadline;
  books.templates.drop_rendered(order.id);
  return pod;
}

std::function<std::vector<kube::Request>(const core::Pod&)> Actuator::extras_of(
    const core::CreateOrder& order) {
  // Copies: a newer revision may replace the template while the POST is on its way.
  if (const auto* rendered = seams_.state.books.templates.rendered(order.id)) {
    if (rendered->extras.empty()) return {};
    return [this, id = order.id, chosen = order.claims, extras = rendered->extras,
            resources = rendered->extra_resources](const core::Pod& pod) {
      std::vector<kube::Request> requests;
      for (std::size_t i = 0; i < extras.size(); ++i)
        if (!replaced(chosen, i))
          requests.push_back(
              post_of_extra(extras[i](std::to_string(id.value), core::to_string(pod.uid)), resources[i]));
      return requests;
    };
  }
  const auto* found = seams_.state.books.templates.find(order.profile, core::decimal_digits(order.id.value));
  if (found == nullptr || found->extras() == 0) return {};
  return [this, id = order.id, chosen = order.claims, made = *found](const core::Pod& pod) {
    std::vector<kube::Request> requests;
    for (std::size_t i = 0; i < made.extras(); ++i) {
      if (replaced(chosen, i)) continue;
      if (auto stamped = made.stamp_extra(i, id, core::to_string(pod.uid)))
        requests.push_back(post_of_extra(std::move(stamped->body), made.extra_resource(i)));
    }
    return requests;
  };
}

kube::Request Actuator::post_of_extra(std::string body, const std::string& plural) const {
  kube::Request post =
      seams_.state.requests.create(std::move(body), resource_named(plural), kube::AnswerAs::metadata);
  post.deadline = seams_.state.options.write_deadline;
  return post;
}

// Never posted: the pod as stamped cannot leave.
void Actuator::refuse(const core::CreateOrder& order, const std::string& name, core::ApiError error) {
  seams_.state.books.expected.settled(order.id);
  seams_.state.books.claims.dropped(order.id);
  seams_.state.books.backoff.failed(order.profile, error, seams_.clock.now(), seams_.clock.now(),
                                    seams_.entropy.next());
  seams_.publisher.record(core::record_of_failed_create(order.id, order.profile, name, error),
                          seams_.state.session.nonce());
  seams_.metrics.creates.at(result_label(error)).add();
  seams_.changed();
}

void Actuator::resolve(core::ExecutorId id, core::ProfileId profile, const std::string& name) {
  creates_.resolve({id,
                    profile,
                    name,
                    seams_.state.session.nonce(),
                    seams_.state.options.driver_pod_uid,
                    {},
                    [this, id, profile](const core::Pod& pod) { return missing_extras(id, profile, pod); }});
}

// All but claims that the pod does not name: it has others in their places (S14). What exists already says so itself.
std::vector<kube::Request> Actuator::missing_extras(core::ExecutorId id, core::ProfileId profile,
                                                    const core::Pod& pod) {
  std::vector<kube::Request> requests;
  const auto* made = seams_.state.books.templates.find(profile, core::decimal_digits(id.value));
  for (std::size_t i = 0; made != nullptr && i < made->extras(); ++i) {
    auto stamped = made->stamp_extra(i, id, core::to_string(pod.uid));
    if (!stamped) continue;
    const bool named = std::find(pod.claims.begin(), pod.claims.end(), stamped->name) != pod.claims.end();
    const std::string& plural = made->extra_resource(i);
    if (resource_named(plural) == kube::Resource::persistent_volume_claims && !named) continue;
    requests.push_back(post_of_extra(std::move(stamped->body), plural));
  }
  return requests;
}

void Actuator::answered(const CreateOutcome& outcome) {
  if (!outcome.posted) return;
  const core::Instant now = seams_.clock.now();
  if (outcome.end == CreateEnd::created && outcome.error.error_class == core::ApiErrorClass::none) {
    seams_.state.writes.succeeded(outcome.took, outcome.posted_at, now);
    seams_.metrics.create_duration.observe(std::chrono::duration<double>(outcome.took).count());
  } else if (outcome.error.error_class != core::ApiErrorClass::none) {
    const std::size_t before = seams_.state.writes.limit();
    seams_.state.writes.failed(outcome.error, outcome.posted_at, now);
    if (seams_.state.writes.limit() < before) seams_.metrics.throttled.add();
  }
}

core::Nanos Actuator::hold(const CreateOutcome& outcome) {
  answered(outcome);
  const core::Instant now = seams_.clock.now();
  auto& backoff = seams_.state.books.backoff;
  backoff.failed(outcome.profile, outcome.error, outcome.posted_at, now, seams_.entropy.next());
  const core::Instant until = std::max(seams_.state.writes.gate(), backoff.of(outcome.profile).until);
  seams_.changed();
  return std::max<core::Nanos>(until - now, std::chrono::milliseconds(50));
}

bool Actuator::still_wanted(core::ProfileId profile) const {
  const State& s = seams_.state;
  if (s.session.state() != core::SessionState::ready) return false;
  const auto target = s.books.desired.target(profile);
  if (!target) return false;
  return s.books.pods.counts(s.session.nonce(), profile).alive + s.books.expected.count(profile) <= *target;
}

void Actuator::created(const CreateOutcome& outcome) {
  core::Books& books = seams_.state.books;
  const core::Instant now = seams_.clock.now();
  answered(outcome);
  const bool told = books.expected.find(outcome.id) != nullptr;  // else the watch was faster
  switch (outcome.end) {
    case CreateEnd::created:
      books.backoff.created(outcome.profile, outcome.posted ? outcome.posted_at : now);
      books.claims.made(outcome.id, now);
      books.expected.answered(outcome.id, outcome.pod.uid, outcome.pod.resource_version, now);
      if (outcome.posted) seams_.owed(outcome.posted_at);
      break;
    case CreateEnd::rolled_back:
    case CreateEnd::gone:
    case CreateEnd::failed:
    case CreateEnd::held: {
      books.claims.dropped(outcome.id, outcome.end == CreateEnd::rolled_back);
      core::ApiError error = outcome.error;
      if (error.error_class == core::ApiErrorClass::none)
        error = local_error(core::ApiErrorClass::gone, "created, and deleted before anyone saw it");
      const bool another = error.error_class == core::ApiErrorClass::already_exists;
      if (told) {
        books.expected.settled(outcome.id);
        seams_.publisher.record(
            core::record_of_failed_create(outcome.id, outcome.profile, outcome.name, error),
            seams_.state.session.nonce());
        if (outcome.posted && !another)
          books.backoff.failed(outcome.profile, error, outcome.posted_at, now, seams_.entropy.next());
      }
      if (outcome.end == CreateEnd::rolled_back) {
        remove({outcome.id, outcome.pod.uid, outcome.name, core::DeleteWhy::requested, 0, 0});
      }
      seams_.log.warning("an executor could not be created",
                         {{"executor", std::to_string(outcome.id.value)},
                          {"pod", outcome.name},
                          {"class", std::string(core::to_string(error.error_class))},
                          {"error", error.message}});
    }
  }
  if (outcome.posted) seams_.metrics.creates.at(result_label(outcome.error)).add();
  seams_.settled(outcome.id);
  seams_.changed();
}

void Actuator::remove(const core::DeleteOrder& order) {
  kube::DeleteOptions options;
  options.uid = core::to_string(order.uid);
  if (order.resource_version != 0) options.resource_version = std::to_string(order.resource_version);
  options.grace_s = order.grace_s;
  options.answer = kube::AnswerAs::metadata;
  auto request = seams_.state.requests.remove(order.name, options);
  if (!request) {
    seams_.log.error("a pod's name cannot be put into a path",
                     {{"pod", order.name}, {"error", request.error().text}});
    return;
  }
  request->deadline = seams_.state.options.write_deadline;
  // Before the answer: the watch may be faster, and the end of this pod is what was asked for.
  seams_.state.books.pods.deleted_by_us(order.uid);
  seams_.log.write(ports::Level::debug, "delete",
                   {{"pod", order.name}, {"why", std::string(to_string(order.why))}});
  const bool versioned = order.resource_version != 0;
  deletes_.start({order.uid, order.id, order.name, false, std::move(*request)},
                 [this, versioned](const DeleteOutcome& outcome) { deleted(outcome, versioned); });
}

void Actuator::label(const core::LabelOrder& order) {
  auto request = seams_.state.requests.patch_labels(order.name, {{"spark-exec-inactive", "true"}});
  if (!request) return;
  request->deadline = seams_.state.options.write_deadline;
  deletes_.start({order.uid, order.id, order.name, true, std::move(*request)},
                 [this](const DeleteOutcome& outcome) { deleted(outcome, false); });
}

void Actuator::deleted(const DeleteOutcome& outcome, bool versioned) {
  core::Books& books = seams_.state.books;
  const core::Instant now = seams_.clock.now();
  seams_.metrics.deletes.at(result_label(outcome.error)).add();
  // Under a version precondition a conflict means "it has changed since": look again, then decide again.
  const bool changed = versioned && outcome.error.error_class == core::ApiErrorClass::conflict;
  if (outcome.end == DeleteEnd::failed || changed) {
    if (!changed) seams_.state.writes.failed(outcome.error, outcome.sent_at, now);
    core::Nanos wait = core::backoff_delay(core::delete_backoff(), books.deletes.attempts(outcome.uid),
                                           seams_.entropy.next());
    if (outcome.error.retry_after) wait = std::max<core::Nanos>(wait, *outcome.error.retry_after);
    books.deletes.failed(outcome.uid, now + wait);
  } else {
    if (outcome.end == DeleteEnd::accepted) {
      seams_.state.writes.succeeded(outcome.took, outcome.sent_at, now);
      // A pod that is on its way out already need not change once more.
      const core::PodRow* row = books.pods.find(outcome.uid);
      if (row != nullptr && !row->pod.deleting()) seams_.owed(outcome.sent_at);
    }
    books.deletes.accepted(outcome.uid);
  }
  seams_.changed();
}

}  // namespace outrigger::flow
