// outrigger-stamper: the agent's own template intake on standard input and output, for the fidelity test. One JSON
// request a line, one JSON answer a line:
//   {"open": {"namespace", "application", "driver_name", "driver_uid", "policy": bool}}     {"ok": true}
//   {"template": {"profile", "revision", "digits", "samples": [{"id", "pod", "extras"}]}}   {"verdict", "name", "detail"}
//   {"rendered": {"profile", "sample": {...}}}                                              likewise
//   {"stamp": {"profile", "id"}}                                  {"by": "stamp" | "driver" | "none", "pod", "extras"}
// Pods travel as text, so that what is parsed and written is what the agent parses and writes.
#include <cstdint>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "agent/core/id_book.h"
#include "agent/core/json.h"
#include "agent/flow/state.h"
#include "agent/flow/template_intake.h"
#include "agent/kube/json_parse.h"

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

core::RenderedSample sample_of(const Json& from) {
  core::RenderedSample sample;
  sample.id = core::ExecutorId{number(from, "id")};
  sample.pod_json = member(from, "pod").text();
  for (const Json& extra : member(from, "extras").items()) sample.extra_json.push_back(extra.text());
  return sample;
}

core::ProfileId profile_of(const Json& from) {
  return core::ProfileId{static_cast<std::uint32_t>(number(from, "profile"))};
}

Json verdict_of(const core::Admission& admission) {
  return Json::object({{"verdict", Json::number(static_cast<std::int64_t>(admission.verdict))},
                       {"name", Json::string(std::string(core::to_string(admission.verdict)))},
                       {"detail", Json::string(admission.detail)}});
}

class Stamper {
 public:
  Json answer(const Json& request) {
    const auto& [what, body] = request.members().at(0);
    if (what == "open") return open(body);
    if (!state_) throw std::runtime_error("nothing is open");
    if (what == "template") return verdict_of(flow::take_template(*state_, template_of(body)));
    if (what == "rendered")
      return verdict_of(flow::take_rendered(*state_, {profile_of(body), sample_of(member(body, "sample"))}));
    if (what == "stamp") return stamp(body);
    throw std::runtime_error("no request is called '" + what + "'");
  }

 private:
  Json open(const Json& body) {
    flow::Options options;
    options.name_space = member(body, "namespace").text();
    options.application_id = member(body, "application").text();
    options.driver_pod_name = member(body, "driver_name").text();
    options.driver_pod_uid = core::parse_uid(member(body, "driver_uid").text()).value_or(core::PodUid{});
    options.policy.enabled = member(body, "policy").truth();
    options.policy.name_space = options.name_space;
    state_ = std::make_unique<flow::State>(options);
    state_->session.driver_attached(core::Epoch{1});
    if (const auto hello = state_->session.admit(core::Hello{"stampernonce", "test", options.application_id});
        !hello.ok())
      throw std::runtime_error(hello.detail);
    return Json::object({{"ok", Json::boolean(true)}});
  }

  static core::PostTemplate template_of(const Json& body) {
    core::PostTemplate post;
    post.profile = profile_of(body);
    post.revision = static_cast<std::uint32_t>(number(body, "revision"));
    post.id_digits = static_cast<std::uint8_t>(number(body, "digits"));
    for (const Json& sample : member(body, "samples").items()) post.samples.push_back(sample_of(sample));
    return post;
  }

  Json stamp(const Json& body) const {
    const core::ExecutorId id{number(body, "id")};
    const auto& shelf = state_->books.templates;
    Json extras = Json::array();
    const auto add = [&](std::string text) { extras.items().push_back(Json::string(std::move(text))); };
    if (const auto* rendered = shelf.rendered(id); rendered != nullptr) {
      for (const core::Stamp& extra : rendered->extras) add(extra({}, pod_uid_));
      return answer("driver", rendered->pod.body, std::move(extras));
    }
    const auto* made = shelf.find(profile_of(body), core::decimal_digits(id.value));
    if (made == nullptr) return answer("none", {}, std::move(extras));
    for (std::size_t i = 0; i < made->extras(); ++i) add(made->stamp_extra(i, id, pod_uid_).value().body);
    return answer("stamp", made->stamp(id).value().body, std::move(extras));
  }

  static Json answer(std::string by, std::string pod, Json extras) {
    return Json::object({{"by", Json::string(std::move(by))},
                         {"pod", Json::string(std::move(pod))},
                         {"extras", std::move(extras)}});
  }

  static constexpr std::string_view pod_uid_ = "99999999-aaaa-bbbb-cccc-dddddddddddd";
  std::unique_ptr<flow::State> state_;
};

int serve() {
  Stamper stamper;
  for (std::string line; std::getline(std::cin, line);) {
    const auto request = kube::parse_json(line);
    if (!request) throw std::runtime_error(request.error().text);
    const auto text = core::write_json(stamper.answer(*request));
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
    std::cerr << "outrigger-stamper: " << failure.what() << '\n';
    return 1;
  }
}
