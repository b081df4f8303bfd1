// The posts of the C ABI: argument checks and copies into the desired state, then one duty cycle.
#include <string>
#include <utility>

#include "outrigger/shim.h"
#include "shim/handle.h"

using namespace outrigger::shim;

namespace {

constexpr std::size_t samples_max = 8;
constexpr std::size_t extras_max = 16;
constexpr std::uint32_t digits_max = 10;

// Runs one post; *command gets its id, or 0.
template <class Post>
outrigger_code post(outrigger_session* session, std::uint64_t* command, Post&& body) {
  if (command != nullptr) *command = 0;
  return guarded(session, [&](outrigger_session& h, auto&) {
    Posted posted = body(h.session.desired(), command != nullptr);
    if (posted.code != OUTRIGGER_OK) return failure(h, posted.code, std::move(posted.text));
    if (command != nullptr) *command = posted.ticket;
    h.session.send();
    return OUTRIGGER_OK;
  });
}

Posted wrong(std::string text) {
  return Posted{OUTRIGGER_ERROR_ARGUMENT, std::move(text), 0};
}

Posted check_ids(const char* name, const std::uint64_t* ids, std::size_t count) {
  if (ids == nullptr && count != 0)
    return wrong(std::string(name) + ": null with a count of " + std::to_string(count));
  if (count > DesiredState::known_max)
    return Posted{OUTRIGGER_ERROR_LIMIT,
                  std::string(name) + ": " + std::to_string(count) + " ids are over the bound of " +
                      std::to_string(DesiredState::known_max),
                  0};
  return {};
}

Posted check_sample(const outrigger_sample& sample) {
  const std::string name = "sample of executor " + std::to_string(sample.executor_id);
  if (sample.pod.data == nullptr || sample.pod.bytes == 0) return wrong(name + ": no pod");
  if (sample.extra_count > extras_max || (sample.extras == nullptr && sample.extra_count != 0))
    return wrong(name + ": extras are null or more than " + std::to_string(extras_max));
  std::size_t bytes = sample.pod.bytes;
  for (std::size_t i = 0; i < sample.extra_count; ++i) {
    if (sample.extras[i].data == nullptr) return wrong(name + ": extra " + std::to_string(i) + " is null");
    if (sample.extras[i].bytes > DesiredState::template_bytes_max) bytes = DesiredState::template_bytes_max;
    bytes += sample.extras[i].bytes;
    if (bytes > DesiredState::template_bytes_max) break;
  }
  if (bytes > DesiredState::template_bytes_max)
    return Posted{OUTRIGGER_ERROR_LIMIT,
                  name + ": over the bound of " + std::to_string(DesiredState::template_bytes_max) + " bytes",
                  0};
  return {};
}

wire::Sample copy_sample(const outrigger_sample& sample) {
  wire::Sample copy{sample.executor_id, std::string(sample.pod.data, sample.pod.bytes), {}};
  for (std::size_t i = 0; i < sample.extra_count; ++i)
    copy.extra_json.emplace_back(sample.extras[i].data, sample.extras[i].bytes);
  return copy;
}

Posted check_template(const outrigger_template* wanted) {
  if (wanted == nullptr || wanted->struct_size < sizeof(outrigger_template))
    return wrong("pod_template: null, or struct_size is not sizeof(outrigger_template)");
  if (wanted->id_digits == 0 || wanted->id_digits > digits_max)
    return wrong("id_digits: " + std::to_string(wanted->id_digits) + " is not 1 to " +
                 std::to_string(digits_max));
  if (wanted->samples == nullptr || wanted->sample_count < 2 || wanted->sample_count > samples_max)
    return wrong("samples: " + std::to_string(wanted->sample_count) + " given, 2 to " +
                 std::to_string(samples_max) + " are needed");
  for (std::size_t i = 0; i < wanted->sample_count; ++i) {
    if (Posted checked = check_sample(wanted->samples[i]); checked.code != OUTRIGGER_OK) return checked;
    const std::string id = std::to_string(wanted->samples[i].executor_id);
    if (id.size() != wanted->id_digits || wanted->samples[i].executor_id == 0)
      return wrong("samples: executor id " + id + " does not have " + std::to_string(wanted->id_digits) +
                   " digits");
  }
  return {};
}

}  // namespace

extern "C" {

outrigger_code outrigger_policy_defaults(outrigger_policy* policy) {
  if (policy == nullptr) return OUTRIGGER_ERROR_ARGUMENT;
  const wire::Policy defaults;
  *policy = outrigger_policy{};
  policy->struct_size = sizeof(outrigger_policy);
  policy->max_pending_pods = defaults.max_pending_pods;
  policy->max_pending_pods_per_profile = defaults.max_pending_pods_per_profile;
  policy->batch_size = defaults.batch_size;
  policy->maximum_id = defaults.maximum_id;
  policy->creation_timeout_ms = defaults.creation_timeout_ms;
  policy->idle_timeout_ms = defaults.idle_timeout_ms;
  policy->batch_delay_ms = defaults.batch_delay_ms;
  policy->driver_grace_ms = defaults.driver_grace_ms;
  policy->termination_grace_s = defaults.termination_grace_s;
  policy->delete_on_termination = defaults.delete_on_termination ? 1 : 0;
  policy->claims = OUTRIGGER_CLAIMS_NEW;
  return OUTRIGGER_OK;
}

outrigger_code outrigger_post_policy(outrigger_session* session, const outrigger_policy* policy,
                                     uint64_t* command) {
  return post(session, command, [&](DesiredState& desired, bool wanted) {
    if (policy == nullptr || policy->struct_size < sizeof(outrigger_policy))
      return wrong("policy: null, or struct_size is not sizeof(outrigger_policy)");
    wire::Policy copy;
    copy.max_pending_pods = policy->max_pending_pods;
    copy.max_pending_pods_per_profile = policy->max_pending_pods_per_profile;
    copy.maximum_id = policy->maximum_id;
    copy.creation_timeout_ms = policy->creation_timeout_ms;
    copy.idle_timeout_ms = policy->idle_timeout_ms;
    copy.batch_size = policy->batch_size;
    copy.batch_delay_ms = policy->batch_delay_ms;
    copy.delete_on_termination = policy->delete_on_termination != 0;
    copy.driver_grace_ms = policy->driver_grace_ms;
    copy.termination_grace_s = policy->termination_grace_s;
    if (policy->claims > OUTRIGGER_CLAIMS_WAIT)
      return wrong("policy: claims is " + std::to_string(policy->claims) + " (allowed: 0 to 2)");
    copy.reuse_claims = policy->claims != OUTRIGGER_CLAIMS_NEW;
    copy.wait_for_claims = policy->claims == OUTRIGGER_CLAIMS_WAIT;
    copy.maximum_claims = policy->maximum_claims;
    return desired.policy(copy, wanted);
  });
}

outrigger_code outrigger_post_template(outrigger_session* session, const outrigger_template* pod_template,
                                       uint64_t* command) {
  return post(session, command, [&](DesiredState& desired, bool wanted) {
    if (Posted checked = check_template(pod_template); checked.code != OUTRIGGER_OK) return checked;
    wire::PostTemplate copy{pod_template->profile,
                            pod_template->revision,
                            static_cast<std::uint8_t>(pod_template->id_digits),
                            {}};
    for (std::size_t i = 0; i < pod_template->sample_count; ++i)
      copy.samples.push_back(copy_sample(pod_template->samples[i]));
    return desired.pod_template(std::move(copy), wanted);
  });
}

outrigger_code outrigger_post_rendered(outrigger_session* session, uint32_t profile,
                                       const outrigger_sample* sample, uint64_t* command) {
  return post(session, command, [&](DesiredState& desired, bool wanted) {
    if (sample == nullptr) return wrong("sample: null");
    if (Posted checked = check_sample(*sample); checked.code != OUTRIGGER_OK) return checked;
    return desired.rendered(wire::PostRendered{profile, copy_sample(*sample)}, wanted);
  });
}

outrigger_code outrigger_post_target(outrigger_session* session, uint32_t profile, uint32_t executors,
                                     uint64_t* command) {
  return post(session, command,
              [&](DesiredState& desired, bool wanted) { return desired.target(profile, executors, wanted); });
}

outrigger_code outrigger_post_known(outrigger_session* session, const uint64_t* added, size_t added_count,
                                    const uint64_t* removed, size_t removed_count, uint64_t* command) {
  return post(session, command, [&](DesiredState& desired, bool wanted) {
    if (Posted checked = check_ids("added", added, added_count); checked.code != OUTRIGGER_OK) return checked;
    if (Posted checked = check_ids("removed", removed, removed_count); checked.code != OUTRIGGER_OK)
      return checked;
    return desired.known(added, added_count, removed, removed_count, wanted);
  });
}

outrigger_code outrigger_post_known_full(outrigger_session* session, const uint64_t* ids, size_t count,
                                         uint64_t* command) {
  return post(session, command, [&](DesiredState& desired, bool wanted) {
    if (Posted checked = check_ids("ids", ids, count); checked.code != OUTRIGGER_OK) return checked;
    return desired.known_full(ids, count, wanted);
  });
}

outrigger_code outrigger_post_confirm_delete(outrigger_session* session, const uint64_t* ids, size_t count,
                                             uint64_t* command) {
  return post(session, command, [&](DesiredState& desired, bool wanted) {
    if (Posted checked = check_ids("ids", ids, count); checked.code != OUTRIGGER_OK) return checked;
    return desired.confirm_delete(ids, count, wanted);
  });
}

outrigger_code outrigger_post_delete(outrigger_session* session, const uint64_t* ids, size_t count,
                                     uint64_t* command) {
  return post(session, command, [&](DesiredState& desired, bool wanted) {
    if (Posted checked = check_ids("ids", ids, count); checked.code != OUTRIGGER_OK) return checked;
    return desired.delete_executors(ids, count, wanted);
  });
}

outrigger_code outrigger_post_ack(outrigger_session* session, uint64_t sequence) {
  return guarded(session, [&](outrigger_session& h, auto&) {
    h.session.acknowledge(sequence);
    h.session.send();
    return OUTRIGGER_OK;
  });
}

outrigger_code outrigger_post_grant_ids(outrigger_session* session, uint32_t count, uint64_t* first,
                                        uint64_t* command) {
  if (first != nullptr) *first = 0;
  return post(session, command,
              [&](DesiredState& desired, bool wanted) { return desired.grant(count, wanted, first); });
}

outrigger_code outrigger_post_drain(outrigger_session* session, uint64_t* command) {
  return post(session, command, [](DesiredState& desired, bool wanted) { return desired.drain(wanted); });
}

outrigger_code outrigger_post_detach(outrigger_session* session, uint64_t* command) {
  return post(session, command, [](DesiredState& desired, bool wanted) { return desired.detach(wanted); });
}

}  // extern "C"
