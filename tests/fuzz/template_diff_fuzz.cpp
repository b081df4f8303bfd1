// Hostile samples: the driver's pods are any bytes. Whatever is accepted must stamp to exactly what was rendered,
// and what leaves after forcing and policy must still be JSON of ours.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/pod_template.h"
#include "agent/kube/json_parse.h"

namespace {

using namespace outrigger;

constexpr char separator = '\x1E';  // between samples, and no byte of JSON

// Either one text with @ where the id stands, or one text per sample.
std::vector<std::string> texts_of(std::string_view input) {
  std::vector<std::string> out;
  if (!input.empty() && input[0] == '@') {
    input.remove_prefix(1);
    for (const char* id : {"1111", "2222", "3333"}) {
      std::string text;
      for (const char c : input) c == '@' ? text += id : text += c;
      out.push_back(std::move(text));
    }
    return out;
  }
  while (out.size() < core::limits::template_samples) {
    const std::size_t end = input.find(separator);
    out.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + 1);
  }
  return out;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<core::TemplateSample> samples;
  std::uint64_t id = 1111;
  for (const std::string& text : texts_of({reinterpret_cast<const char*>(data), size})) {
    auto parsed = kube::parse_json(text);
    if (!parsed) return 0;
    samples.push_back({core::ExecutorId{id}, std::move(*parsed), {}});
    id += 1111;
  }
  auto slotted = core::diff_samples(samples);
  if (!slotted) {
    require(!slotted.error().text().empty());
    return 0;
  }
  const auto tree = core::write_json(slotted->pod);
  require(tree.has_value());
  const core::Stamp stamp(*tree);
  for (const core::TemplateSample& sample : samples) {
    const auto back = kube::parse_json(stamp(std::to_string(sample.id.value)));
    require(back.has_value());
    require(core::write_canonical(*back).value() == core::write_canonical(sample.pod).value());
  }

  core::PodIdentity identity;
  identity.name_space = "spark";
  identity.application_id = "app";
  identity.driver_pod_name = "driver";
  identity.driver_pod_uid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  identity.nonce = "nonce0001";
  for (const bool enabled : {true, false}) {
    core::PodPolicy policy;
    policy.enabled = enabled;
    policy.name_space = identity.name_space;
    const auto made = core::PodTemplate::compile(*slotted, identity, policy);
    if (!made) continue;
    const auto stamped = made->stamp(core::ExecutorId{9876});
    require(stamped.has_value());
    const auto pod = kube::parse_json(stamped->body);
    require(pod.has_value());
    require(pod->text_at({"metadata", "namespace"}) == identity.name_space);
    require(pod->text_at({"metadata", "name"}) == stamped->name);
    require(pod->at({"metadata", "ownerReferences"})->items().size() == 1);
    require(pod->text_at({"metadata", "labels", "outrigger-nonce"}) == identity.nonce);
    if (enabled) require(core::check_pod(policy, *pod).empty());
  }
  return 0;
}
