#include "agent/flow/template_intake.h"

#include <string>
#include <utility>
#include <vector>

#include "agent/core/limits.h"
#include "agent/kube/json_parse.h"

namespace outrigger::flow {
namespace {

core::Admission refused(core::Verdict verdict, std::string why) {
  return {verdict, std::move(why)};
}

core::Admission read_sample(const core::RenderedSample& sample, core::TemplateSample& out) {
  const std::string who = "pod of executor " + std::to_string(sample.id.value);
  if (sample.pod_json.size() > core::limits::template_bytes)
    return refused(core::Verdict::refused_limit, who + ": " + std::to_string(sample.pod_json.size()) +
                                                     " bytes, at most " +
                                                     std::to_string(core::limits::template_bytes));
  if (sample.extra_json.size() > core::limits::template_extras)
    return refused(core::Verdict::refused_limit, who + ": " + std::to_string(sample.extra_json.size()) +
                                                     " extra resources, at most " +
                                                     std::to_string(core::limits::template_extras));
  out.id = sample.id;
  auto pod = kube::parse_json(sample.pod_json);
  if (!pod) return refused(core::Verdict::refused_malformed, who + ": " + pod.error().text);
  out.pod = std::move(*pod);
  for (std::size_t i = 0; i < sample.extra_json.size(); ++i) {
    auto extra = kube::parse_json(sample.extra_json[i]);
    if (!extra)
      return refused(core::Verdict::refused_malformed,
                     who + ", extra resource " + std::to_string(i) + ": " + extra.error().text);
    out.extras.push_back(std::move(*extra));
  }
  return {};
}

// compile() refuses for the policy or for the identity; both name the path.
core::Verdict verdict_of(const core::TemplateRefusal&) {
  return core::Verdict::refused_policy;
}

}  // namespace

core::Admission take_template(State& state, const core::PostTemplate& post) {
  if (post.samples.size() < 2 || post.samples.size() > core::limits::template_samples)
    return refused(core::Verdict::refused_limit, std::to_string(post.samples.size()) + " samples; 2 to " +
                                                     std::to_string(core::limits::template_samples) +
                                                     " are needed");
  std::vector<core::TemplateSample> samples(post.samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    if (auto read = read_sample(post.samples[i], samples[i]); !read.ok()) return read;
  auto slotted = core::diff_samples(samples);
  if (!slotted) {
    // S3: from now on the driver renders each pod of this profile.
    state.books.templates.refused(post.profile, post.revision);
    return refused(core::Verdict::refused_template, slotted.error().text());
  }
  if (slotted->digits != post.id_digits)
    return refused(core::Verdict::refused_malformed, "the samples' ids have " +
                                                         std::to_string(slotted->digits) + " digits, not " +
                                                         std::to_string(post.id_digits));
  auto made =
      core::PodTemplate::compile(std::move(*slotted), state.identity(post.profile), state.options.policy);
  if (!made) return refused(verdict_of(made.error()), made.error().text());
  auto shelved = state.books.templates.put(post.profile, post.revision, std::move(*made));
  if (shelved.ok()) state.books.backoff.reset(post.profile);
  return shelved;
}

core::Admission take_rendered(State& state, const core::PostRendered& post) {
  core::TemplateSample sample;
  if (auto read = read_sample(post.sample, sample); !read.ok()) return read;
  auto pod = core::compile_rendered(std::move(sample), state.identity(post.profile), state.options.policy);
  if (!pod) return refused(verdict_of(pod.error()), pod.error().text());
  return state.books.templates.put_rendered(post.profile, post.sample.id, std::move(*pod));
}

}  // namespace outrigger::flow
