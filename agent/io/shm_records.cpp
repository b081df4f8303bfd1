#include "agent/io/shm_records.h"

#include <utility>
#include <variant>

namespace outrigger::io {
namespace {

std::uint16_t flags_of(const core::ExecutorRecord& r) {
  std::uint16_t flags = 0;
  const auto set = [&](bool on, std::uint16_t bit) {
    if (on) flags = static_cast<std::uint16_t>(flags | bit);
  };
  set(r.exit.caused_by_app, ipc::flag::caused_by_app);
  set(r.delete_proposed, ipc::flag::delete_proposed);
  set(r.gone, ipc::flag::gone);
  set(r.pod.executor.ready, ipc::flag::ready);
  set(r.pod.scheduled, ipc::flag::scheduled);
  set(r.pod.inactive, ipc::flag::inactive);
  set(r.pod.other_container_failed, ipc::flag::other_container_failed);
  set(r.pod.other_container_running, ipc::flag::other_container_running);
  return flags;
}

const std::string& first_of(std::initializer_list<const std::string*> texts) {
  for (const auto* text : texts)
    if (!text->empty()) return *text;
  return **(texts.end() - 1);
}

std::vector<core::ExecutorId> ids(const std::vector<std::uint64_t>& values) {
  std::vector<core::ExecutorId> result;
  result.reserve(values.size());
  for (const auto value : values) result.push_back(core::ExecutorId{value});
  return result;
}

core::RenderedSample sample(ipc::wire::Sample&& s) {
  return {core::ExecutorId{s.executor_id}, std::move(s.pod_json), std::move(s.extra_json)};
}

core::Millis millis(std::uint64_t ms) {
  return core::Millis(static_cast<std::int64_t>(std::min<std::uint64_t>(ms, 1'000'000'000'000)));  // 31 years
}

struct ToCore {
  core::CommandBody operator()(ipc::wire::Hello&& c) const {
    return core::Hello{std::move(c.nonce), std::move(c.client_version), std::move(c.application_id)};
  }
  core::CommandBody operator()(ipc::wire::ResyncBegin&&) const { return core::ResyncBegin{}; }
  core::CommandBody operator()(ipc::wire::ResyncEnd&&) const { return core::ResyncEnd{}; }
  core::CommandBody operator()(ipc::wire::GrantIds&& c) const {
    return core::GrantIds{core::ExecutorId{c.first}, c.count};
  }
  core::CommandBody operator()(ipc::wire::Policy&& c) const {
    core::AllocationPolicy policy;
    policy.max_pending_pods = c.max_pending_pods;
    policy.max_pending_pods_per_profile = c.max_pending_pods_per_profile;
    policy.maximum_id = c.maximum_id;
    policy.creation_timeout = millis(c.creation_timeout_ms);
    policy.idle_timeout = millis(c.idle_timeout_ms);
    policy.batch_size = c.batch_size;
    policy.batch_delay = millis(c.batch_delay_ms);
    policy.delete_on_termination = c.delete_on_termination;
    policy.driver_grace = millis(c.driver_grace_ms);
    policy.termination_grace_s = c.termination_grace_s;
    policy.reuse_claims = c.reuse_claims;
    policy.wait_for_claims = c.wait_for_claims;
    policy.maximum_claims = c.maximum_claims;
    return policy;
  }
  core::CommandBody operator()(ipc::wire::PostTemplate&& c) const {
    core::PostTemplate post{core::ProfileId{c.profile}, c.revision, c.id_digits, {}};
    for (auto& one : c.samples) post.samples.push_back(sample(std::move(one)));
    return post;
  }
  core::CommandBody operator()(ipc::wire::PostRendered&& c) const {
    return core::PostRendered{core::ProfileId{c.profile}, sample(std::move(c.sample))};
  }
  core::CommandBody operator()(ipc::wire::SetTarget&& c) const {
    return core::SetTarget{core::ProfileId{c.profile}, c.executors};
  }
  core::CommandBody operator()(ipc::wire::KnownDelta&& c) const {
    return core::KnownDelta{c.full, ids(c.added), ids(c.removed)};
  }
  core::CommandBody operator()(ipc::wire::ConfirmDelete&& c) const { return core::ConfirmDelete{ids(c.ids)}; }
  core::CommandBody operator()(ipc::wire::DeleteExecutors&& c) const {
    return core::DeleteExecutors{ids(c.ids)};
  }
  core::CommandBody operator()(ipc::wire::Ack&& c) const { return core::Ack{c.sequence}; }
  core::CommandBody operator()(ipc::wire::Drain&&) const { return core::Drain{}; }
  core::CommandBody operator()(ipc::wire::Detach&&) const { return core::Detach{}; }
};

}  // namespace

ipc::PodRecord to_ipc(const core::ExecutorRecord& r) {
  const auto& pod = r.pod;
  ipc::PodRecord out;
  out.executor_id = pod.executor_id.value;
  out.profile = pod.profile.value;
  out.state = static_cast<std::uint8_t>(r.state);
  out.phase = static_cast<std::uint8_t>(pod.phase);
  out.container_state = static_cast<std::uint8_t>(pod.executor.state);
  out.exit_code = r.exit.exit_class != core::ExitClass::none ? r.exit.exit_code : pod.executor.exit_code;
  out.exit_class = static_cast<std::uint8_t>(r.exit.exit_class);
  out.create_error = static_cast<std::uint8_t>(r.create_error);
  out.flags = flags_of(r);
  out.uid = pod.uid.words;
  out.ip = pod.ip;
  out.resource_version = pod.resource_version;
  out.created_at_ms = pod.created_at_ms;
  out.scheduled_at_ms = pod.scheduled_at_ms;
  out.started_at_ms = pod.started_at_ms != 0 ? pod.started_at_ms : pod.executor.started_at_ms;
  out.finished_at_ms = pod.executor.finished_at_ms;
  out.deletion_at_ms = pod.deletion_at_ms;
  out.owner_command = r.owner_command.value;
  return out;
}

ipc::ColdText cold_text(const core::ExecutorRecord& r) {
  const auto& pod = r.pod;
  ipc::ColdText text;
  text.name = pod.name;
  text.node = pod.node;
  text.reason = first_of({&pod.disruption_reason, &pod.reason, &pod.executor.reason, &pod.startup_reason,
                          &pod.unscheduled_reason});
  text.message = first_of({&pod.message, &pod.executor.message, &pod.unscheduled_message});
  return text;
}

ipc::ProfileRecord to_ipc(const core::ProfileStatus& s) {
  ipc::ProfileRecord out;
  out.profile = s.profile.value;
  out.wait = static_cast<std::uint8_t>(s.wait);
  out.last_error = static_cast<std::uint8_t>(s.last_error);
  out.target = s.target;
  out.creating = s.creating;
  out.pending = s.pending;
  out.running = s.running;
  out.terminating = s.terminating;
  out.template_revision = s.template_revision;
  out.template_digits = s.template_digits;
  out.template_wanted = s.template_wanted;
  out.retry_at_ns = s.retry_at_monotonic_ns;
  out.created_total = s.created_total;
  out.create_failed_total = s.create_failed_total;
  return out;
}

ipc::ControlRecord to_ipc(const core::ControlStatus& s) {
  ipc::ControlRecord out;
  out.session = static_cast<std::uint8_t>(s.session);
  out.last_error = static_cast<std::uint8_t>(s.last_error);
  out.synced = s.synced;
  out.stale = s.stale;
  out.resource_version = s.resource_version;
  out.ids_wanted = s.ids_wanted;
  out.drain_left = s.drain_left;
  return out;
}

core::CommandBody to_core(ipc::wire::Body&& body) {
  return std::visit(ToCore{}, std::move(body));
}

}  // namespace outrigger::io
