// Where each request arrives: control calls, health and discovery, then faults, access and the API itself.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "tests/apiserver/api/access.h"
#include "tests/apiserver/api/api.h"
#include "tests/apiserver/control/record.h"
#include "tests/apiserver/controllers/garbage_collector.h"
#include "tests/apiserver/faults/engine.h"
#include "tests/apiserver/http/network.h"
#include "tests/apiserver/kubelet/pod_life.h"

namespace outrigger::apiserver {

struct FrontParts {
  Network& network;
  Store& store;
  WatchHub& watches;
  Api& api;
  Access& access;
  PodLife& kubelet;
  GarbageCollector& collector;
  FaultEngine& faults;
  bool verbose = false;
};

class Front {
 public:
  explicit Front(FrontParts parts);
  void handle(std::shared_ptr<const HttpRequest> request, std::shared_ptr<Responder> responder);

  void compact();
  void restart(Millis down);

 private:
  HttpResponse control(const HttpRequest& request, const Target& target);
  void reset();
  void serve_api(ApiRequest api, std::shared_ptr<const HttpRequest> request,
                 std::shared_ptr<Responder> responder);
  void act(const ApiRequest& api, const std::shared_ptr<const HttpRequest>& request,
           const std::shared_ptr<Responder>& responder, const Verdict& verdict);
  void execute(const ApiRequest& api, const std::shared_ptr<const HttpRequest>& request,
               const std::shared_ptr<Responder>& responder, StreamFault fault);
  Json record_json() const;
  Json peers_json() const;

  FrontParts parts_;
  Record record_;
};

// Answers that need no state: /version, health, discovery. Nothing for other paths.
std::optional<HttpResponse> fixed_answer(const Target& target);

}  // namespace outrigger::apiserver
