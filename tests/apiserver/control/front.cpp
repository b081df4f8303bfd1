#include "tests/apiserver/control/front.h"

#include <cstdio>

#include "tests/apiserver/base/yaml.h"

namespace outrigger::apiserver {
namespace {

using Report = std::function<void(const HttpResponse&)>;

// Tells what was answered before passing it on; may lose it on the way.
class Noted final : public Responder {
 public:
  Noted(std::shared_ptr<Responder> inner, Report report, bool lose)
      : inner_(std::move(inner)), report_(std::move(report)), lose_(lose) {}
  void answer(HttpResponse response) override {
    report_(response);
    lose_ ? inner_->close() : inner_->answer(std::move(response));
  }
  void stream(HttpResponse head, std::shared_ptr<BodySource> body) override {
    report_(head);
    if (!lose_) return inner_->stream(std::move(head), std::move(body));
    body->closed();
    inner_->close();
  }
  void close() override {
    report_({.code = 0});
    inner_->close();
  }
  void black_hole() override {
    report_({.code = 0});
    inner_->black_hole();
  }
  std::uint64_t connection_id() const override { return inner_->connection_id(); }

 private:
  std::shared_ptr<Responder> inner_;
  Report report_;
  bool lose_;
};

// The write happens although nobody waits for the answer.
class Nobody final : public Responder {
 public:
  explicit Nobody(std::uint64_t id) : id_(id) {}
  void answer(HttpResponse) override {}
  void stream(HttpResponse, std::shared_ptr<BodySource> body) override { body->closed(); }
  void close() override {}
  void black_hole() override {}
  std::uint64_t connection_id() const override { return id_; }

 private:
  std::uint64_t id_;
};

HttpResponse control_error(int code, const std::string& why) {
  HttpResponse response;
  response.code = code;
  response.body = dump(Json{{"error", why}}) + "\n";
  return response;
}

HttpResponse control_answer(const Json& json) {
  HttpResponse response;
  response.body = dump(json) + "\n";
  return response;
}

}  // namespace

Front::Front(FrontParts parts) : parts_(parts), record_(parts.network.clock().unix_ms()) {
  parts_.store.on_event([this](const Event& event) {
    if (event.object->resource != Resource::pods) return;
    const Meta& meta = event.object->meta;
    if (event.type == EventType::deleted)
      record_.deleted(meta.name_space, meta.name, meta.uid, parts_.network.clock().unix_ms());
    if (event.type != EventType::added) return;
    const auto label = [&meta](const char* name) {
      const auto found = meta.labels.find(name);
      return found == meta.labels.end() ? std::string() : found->second;
    };
    record_.created(meta.name_space, meta.name, label("spark-exec-id"), label("outrigger-nonce"), meta.uid,
                    parts_.network.clock().unix_ms());
  });
}

void Front::handle(std::shared_ptr<const HttpRequest> request, std::shared_ptr<Responder> responder) {
  const Target target = parse_target(request->target);
  if (!target.path.empty() && target.path[0] == "_control")
    return responder->answer(control(*request, target));
  if (auto answer = fixed_answer(target)) {
    if (auto refused = parts_.access.refuse_token(request->header("authorization")))
      return responder->answer(std::move(*refused));
    return responder->answer(std::move(*answer));
  }
  auto api = understand(*request, target);
  if (!api) {
    HttpResponse response{.code = 404,
                          .content_type = "text/plain; charset=utf-8",
                          .headers = {},
                          .body = "404 page not found\n"};
    return responder->answer(std::move(response));
  }
  // An answer with an end: a client that asked for frames may wait for it before it asks for a plain stream.
  if (lower(request->header("upgrade")) == "websocket") return responder->answer({});
  serve_api(std::move(*api), std::move(request), std::move(responder));
}

void Front::serve_api(ApiRequest api, std::shared_ptr<const HttpRequest> request,
                      std::shared_ptr<Responder> responder) {
  std::string name = api.name;
  if (name.empty() && api.verb == "create" && parts_.faults.reads_names()) {
    const Json body = parse_json(*api.body);
    if (body.is_object() && body.contains("metadata")) name = string_member(body["metadata"], "name");
  }
  const bool create = api.verb == "create" && api.resource == Resource::pods && api.subresource.empty();
  if (create) record_.create_begins();
  const Verdict verdict = parts_.faults.judge(
      {.verb = api.verb, .resource = api.plural, .name_space = api.name_space, .name = name});
  const auto report = [this, create, verb = api.verb, agent = api.user_agent,
                       user = parts_.access.user(request->header("authorization")),
                       target = request->target](const HttpResponse& response) {
    if (create) record_.create_ends();
    record_.request(verb, user, agent, response.code);
    if (parts_.verbose) std::fprintf(stderr, "%s %s -> %d\n", verb.c_str(), target.c_str(), response.code);
  };
  auto noted =
      std::make_shared<Noted>(std::move(responder), report, verdict.action == Verdict::Action::lose_reply);
  if (verdict.delay.count() == 0) return act(api, request, noted, verdict);
  parts_.network.clock().after(verdict.delay, [this, api = std::move(api), request, noted, verdict] {
    act(api, request, noted, verdict);
  });
}

void Front::act(const ApiRequest& api, const std::shared_ptr<const HttpRequest>& request,
                const std::shared_ptr<Responder>& responder, const Verdict& verdict) {
  switch (verdict.action) {
    case Verdict::Action::drop:
      return responder->close();
    case Verdict::Action::black_hole:
      return responder->black_hole();
    case Verdict::Action::answer:
      if (auto refused = parts_.access.refuse(api, request->header("authorization")))
        return responder->answer(std::move(*refused));
      return responder->answer(verdict.answer);
    case Verdict::Action::late: {
      std::shared_ptr<Responder> later = responder;
      if (!verdict.late_waits) {
        later = std::make_shared<Nobody>(responder->connection_id());
        responder->close();
      }
      parts_.network.clock().after(verdict.late,
                                   [this, api, request, later] { execute(api, request, later, {}); });
      return;
    }
    case Verdict::Action::lose_reply:
    case Verdict::Action::serve:
      return execute(api, request, responder, verdict.stream);
  }
}

void Front::execute(const ApiRequest& api, const std::shared_ptr<const HttpRequest>& request,
                    const std::shared_ptr<Responder>& responder, StreamFault fault) {
  if (auto refused = parts_.access.refuse(api, request->header("authorization")))
    return responder->answer(std::move(*refused));
  try {
    parts_.api.handle(api, request, responder, fault);
  } catch (const Json::exception& problem) {  // a member of a type that nobody expected
    responder->answer(status::bad_request(problem.what()));
  }
}

void Front::compact() {
  parts_.store.compact(parts_.store.rv());
}

void Front::restart(Millis down) {
  parts_.network.stop_listening();
  parts_.network.drop_all();
  parts_.network.clock().after(down, [this] { parts_.network.listen_again(); });
}

void Front::reset() {
  parts_.faults.load({});
  parts_.network.drop_streams();
  parts_.kubelet.reset();
  parts_.collector.reset();
  parts_.store.clear();
  record_ = Record(parts_.network.clock().unix_ms());
}

Json Front::record_json() const {
  Json json = record_.to_json();
  json["now_ms"] = parts_.network.clock().unix_ms();
  json["resource_version"] = std::to_string(parts_.store.rv());
  json["pods"] = parts_.store.size(Resource::pods);
  json["watchers_open"] = parts_.watches.open_count();
  json["watchers_cut_off"] = parts_.watches.cut_off();
  json["watch_events_sent"] = parts_.watches.events_sent();
  json["faults"] = parts_.faults.report();
  Json& deaths = json["deaths"] = Json::array();
  for (const Death& death : parts_.kubelet.deaths()) {
    deaths.push_back(Json{{"name", death.name_space + "/" + death.name},
                          {"exec_id", death.exec_id},
                          {"uid", death.uid},
                          {"cause", death.cause},
                          {"at_ms", death.at_ms}});
  }
  return json;
}

Json Front::peers_json() const {
  Json list = Json::array();
  for (const Peer& peer : parts_.network.peers()) {
    list.push_back(Json{{"id", peer.id},
                        {"address", peer.address},
                        {"user_agent", peer.user_agent},
                        {"since_ms", peer.since_ms},
                        {"requests", peer.requests},
                        {"streaming", peer.streaming},
                        {"black_holed", peer.black_holed}});
  }
  return list;
}

HttpResponse Front::control(const HttpRequest& request, const Target& target) {
  const auto& path = target.path;
  const std::string what = path.size() > 1 ? path[1] : "";
  const bool post = request.method == "POST";
  const auto option = [&](const char* name) {
    const auto found = target.query.find(name);
    return found == target.query.end() ? std::string() : found->second;
  };
  if (!post && what == "record") return control_answer(record_json());
  if (!post && what == "peers") return control_answer(peers_json());
  if (!post && what == "faults") return control_answer(parts_.faults.report());
  if (!post) return control_error(404, "GET /_control/record, /_control/peers or /_control/faults");
  if (what == "faults") {
    try {
      parts_.faults.load(parse_faults(request.body, "posted faults"));
    } catch (const YamlProblem& problem) {
      return control_error(400, problem.what());
    }
  } else if (what == "compact") {
    compact();
  } else if (what == "drop-watches") {
    parts_.network.drop_streams();
  } else if (what == "expire-watches") {
    parts_.watches.expire_all();
  } else if (what == "mute") {
    parts_.watches.mute(option("off").empty());
  } else if (what == "black-hole") {
    // After this answer is on its way: the caller's own connection falls silent too.
    parts_.network.post([this] { parts_.network.black_hole_all(); });
  } else if (what == "reset") {
    reset();
  } else if (what == "restart") {
    const auto down = parse_duration(option("down").empty() ? "1s" : option("down"));
    if (!down) return control_error(400, "down: '" + option("down") + "' is not a duration such as 500ms");
    parts_.network.clock().after(Millis(5),
                                 [this, down = *down] { restart(down); });  // lets this answer out first
  } else if (what == "pods" && path.size() == 5 && path[4] == "die") {
    const auto done = parts_.kubelet.die(path[2], path[3], option("cause"));
    if (!done)
      return control_error(done.error().starts_with("no pod")  ? 404
                           : done.error().starts_with("cause") ? 400
                                                               : 409,
                           done.error());
  } else {
    return control_error(404,
                         "POST /_control/ one of faults, compact, drop-watches, expire-watches, mute, "
                         "black-hole, reset, restart, pods/NAMESPACE/NAME/die?cause=CAUSE");
  }
  return control_answer(Json{{"done", what}});
}

}  // namespace outrigger::apiserver
