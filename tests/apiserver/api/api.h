// The verbs of the Kubernetes API on the store. Who may call and what goes wrong on purpose is decided before.
#pragma once
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/apiserver/api/quota.h"
#include "tests/apiserver/api/request.h"
#include "tests/apiserver/api/watch.h"
#include "tests/apiserver/base/clock.h"
#include "tests/apiserver/store/store.h"

namespace outrigger::apiserver {

struct ApiSettings {
  std::set<std::string> namespaces{"default", "kube-system", "spark"};
  std::vector<Quota> quotas;
  std::vector<Budget> budgets;
  Millis too_large_wait{3000};  // before the 504 to a resource version from the future
};

class Api {
 public:
  Api(Store& store, Clock& clock, WatchHub& watches, ApiSettings& settings, std::uint64_t seed)
      : store_(store), clock_(clock), watches_(watches), settings_(settings), random_(seed) {}

  // Where the output of a container is; without it there are no logs.
  using LogFile = std::function<std::string(const std::string& name_space, const std::string& pod,
                                            const std::string& container)>;
  void set_logs(LogFile logs) { logs_ = std::move(logs); }

  // `request` keeps the body alive that `api` points into.
  void handle(const ApiRequest& api, std::shared_ptr<const HttpRequest> request,
              std::shared_ptr<Responder> responder, StreamFault fault);

 private:
  void list(const ApiRequest& api, const std::shared_ptr<Responder>& responder, View view);
  void watch(const ApiRequest& api, const std::shared_ptr<Responder>& responder, View view,
             StreamFault fault);
  HttpResponse get(const ApiRequest& api, View view);
  HttpResponse create(const ApiRequest& api, View view);
  HttpResponse create_object(const ApiRequest& api, Json object, View view, bool applied);
  HttpResponse apply(const ApiRequest& api, View view);
  HttpResponse log(const ApiRequest& api);
  HttpResponse evict(const ApiRequest& api);
  HttpResponse update(const ApiRequest& api, View view);
  HttpResponse patch(const ApiRequest& api, View view);
  HttpResponse remove(const ApiRequest& api, View view);
  void remove_collection(const ApiRequest& api, const std::shared_ptr<Responder>& responder, View view);
  HttpResponse namespaces(const ApiRequest& api);
  HttpResponse write_changed(const ApiRequest& api, const SnapshotPtr& before, const Json& old_json,
                             Json changed, View view, const Json& touched);
  HttpResponse shown(int code, const Snapshot& object, View view) const;
  Outcome<Selection> selection(const ApiRequest& api) const;
  void wait_for(Rv rv, std::function<void()> then, std::function<void()> otherwise);

  Store& store_;
  Clock& clock_;
  WatchHub& watches_;
  ApiSettings& settings_;
  std::mt19937_64 random_;
  LogFile logs_;
};

// The body of a list, written piece by piece.
std::shared_ptr<BodySource> list_body(std::string head, std::vector<SnapshotPtr> items, View view);

}  // namespace outrigger::apiserver
