// What the pumps share: the books that decide() reads, and who the driver is. Owned by the engine; loop thread only.
#pragma once
#include <functional>
#include <string>

#include "agent/core/allocator.h"
#include "agent/core/concurrency.h"
#include "agent/core/pod_template.h"
#include "agent/core/session.h"
#include "agent/flow/options.h"
#include "agent/kube/requests.h"

namespace outrigger::flow {

struct State {
  explicit State(Options the_options);

  core::PodIdentity identity(core::ProfileId profile) const;
  // Everything of this application, whoever made it.
  std::string selector_of_application() const;
  // Every pod of this application that an Outrigger made, whichever driver asked for it.
  std::string selector() const;
  // Of those, the pods of drivers that are known by now: a driver that comes while a delete of these is on its way keeps
  // what it makes. Empty: there is none.
  std::string selector_of_known() const;
  kube::WatchConfig watch_config() const;

  Options options;
  kube::Requests requests;
  core::Session session;
  core::Books books;
  core::Concurrency writes;
};

}  // namespace outrigger::flow
