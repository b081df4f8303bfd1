#include "agent/flow/state.h"

#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace outrigger::flow {
namespace {

kube::Requests requests_of(const std::string& name_space) {
  auto made = kube::Requests::in_namespace(name_space);
  if (!made) throw std::invalid_argument(made.error().text);
  return *made;
}

}  // namespace

State::State(Options the_options)
    : options(std::move(the_options)),
      requests(requests_of(options.name_space)),
      session(options.application_id),
      writes(core::ConcurrencyOptions{.start = options.initial_creates_in_flight}) {}

core::PodIdentity State::identity(core::ProfileId profile) const {
  core::PodIdentity identity;
  identity.name_space = options.name_space;
  identity.application_id = session.application_id();
  identity.driver_pod_name = options.driver_pod_name;
  if (!options.driver_pod_uid.empty()) identity.driver_pod_uid = core::to_string(options.driver_pod_uid);
  identity.profile = profile;
  identity.nonce = session.nonce();
  return identity;
}

std::string State::selector_of_application() const {
  return "spark-app-selector=" + session.application_id();
}

std::string State::selector() const {
  return selector_of_application() + ",outrigger-nonce";
}

std::string State::selector_of_known() const {
  std::set<std::string_view> nonces;
  books.pods.each([&](const core::PodRow& row) { nonces.insert(row.pod.nonce); });
  nonces.insert(session.nonce());
  nonces.erase("");
  if (nonces.empty()) return {};
  std::string all;
  for (const auto nonce : nonces) all.append(all.empty() ? "" : ",").append(nonce);
  return selector_of_application() + ",outrigger-nonce in (" + all + ")";
}

kube::WatchConfig State::watch_config() const {
  kube::WatchConfig config{.requests = requests, .label_selector = selector()};
  config.start_mode = options.start_mode;
  config.page_limit = options.page_pods;
  config.timeout_bound = options.watch_timeout_bound;
  config.list_deadline = options.list_deadline;
  return config;
}

}  // namespace outrigger::flow
