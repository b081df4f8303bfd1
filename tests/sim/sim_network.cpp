#include "tests/sim/sim_network.h"

#include <algorithm>

namespace outrigger::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string frame_of(const std::string& type, const Json& object) {
  return "{\"type\":\"" + type + "\",\"object\":" + object.dump() + "}\n";
}

Json bookmark_object(std::uint64_t version, bool initial_end) {
  Json meta{{"resourceVersion", std::to_string(version)}, {"creationTimestamp", nullptr}};
  if (initial_end) meta["annotations"] = {{"k8s.io/initial-events-end", "true"}};
  return {{"kind", "Pod"},
          {"apiVersion", "v1"},
          {"metadata", meta},
          {"spec", {{"containers", nullptr}}},
          {"status", Json::object()}};
}

}  // namespace

core::Nanos SimNetwork::latency() {
  return milliseconds(1 + random.below(hit(faults.slow) ? 8000 : 40));
}
void SimNetwork::notify() {
  if (http_ != nullptr) http_->pump_watches();
}
void SimNetwork::drop_watches() {
  if (http_ != nullptr) http_->drop_watches();
}

SimHttp::SimHttp(SimNetwork& network, CrashPoint& crash) : net_(network), crash_(crash) {
  net_.http_ = this;
}
SimHttp::~SimHttp() {
  *alive_ = false;
  if (net_.http_ == this) net_.http_ = nullptr;
}

void SimHttp::after(core::Nanos delay, std::function<void()> run) {
  net_.timers.start(delay, [alive = alive_, run = std::move(run)] {
    if (*alive) run();
  });
}

ports::ExchangeId SimHttp::start(ports::Lane, kube::Request request, ports::HttpSink& sink) {
  crash_.step();  // before anything left
  const ports::ExchangeId id = ++last_;
  auto& faults = net_.faults;
  const bool watch = request.verb == kube::Verb::watch;
  if (net_.trace)
    net_.trace("> " + std::to_string(id) + " " + std::string(to_string(request.verb)) + " " + request.target);
  exchanges_[id] = {request, &sink, watch, false, false, 0, {}, {}};
  const bool lost_as_timeout = net_.random.chance(30) && request.deadline.count() > 0;
  const core::Nanos give_up = lost_as_timeout ? core::Nanos(request.deadline) : net_.latency();
  const auto lost = lost_as_timeout ? ports::Transport::timed_out : ports::Transport::interrupted;

  if (net_.down || net_.hit(faults.refused)) {
    after(milliseconds(1), [this, id] { end(id, ports::Transport::refused, "connection refused"); });
    return id;
  }
  if (net_.hit(faults.lost_request)) {
    after(give_up, [this, id, lost] { end(id, lost, "connection reset"); });
    return id;
  }
  if (watch) {
    after(net_.latency(), [this, id] { open_watch(id); });
    return id;
  }
  // From here on the bytes are on the wire: a crash of the agent does not call them back.
  auto apply = [&net = net_, request] {
    Answer answer = net.server.handle(request, net.clock.wall_ms());
    net.notify();
    return answer;
  };
  const bool create = request.verb == kube::Verb::create && request.target.find("/pods") != std::string::npos;
  const bool write = request.verb != kube::Verb::get && request.verb != kube::Verb::list;
  if (write && net_.hit(faults.late)) {
    net_.uncertain_creates += create;
    net_.timers.start(milliseconds(net_.random.below(20'000)), apply);
    after(give_up, [this, id, lost] { end(id, lost, "connection reset"); });
    return id;
  }
  if (net_.hit(faults.throttled)) {
    Answer answer =
        net_.random.chance(50)
            ? Answer{429, {{"retry-after", "1"}, {"content-type", "text/plain"}}, "Too many requests"}
            : status_answer(429, "TooManyRequests", "Too many requests, please try again later.");
    answer.headers.emplace_back("retry-after", std::to_string(1 + net_.random.below(3)));
    after(net_.latency(), [this, id, answer] { reply(id, answer); });
    return id;
  }
  if (net_.hit(faults.webhook)) {
    after(net_.latency(), [this, id] {
      reply(id, status_answer(500, "InternalError",
                              "Internal error occurred: failed calling webhook \"x.example\": timeout"));
    });
    return id;
  }
  if (net_.hit(faults.server_error)) {
    net_.uncertain_creates += create;
    const bool applied = net_.random.chance(50);
    const core::Nanos arrive = applied ? net_.latency() : core::Nanos{0};
    net_.timers.start(arrive, [this, alive = alive_, id, applied, apply] {
      if (applied) apply();
      if (!*alive) return;
      const bool timeout = net_.random.chance(50);
      after(net_.latency(), [this, id, timeout] {
        reply(id, timeout ? status_answer(504, "Timeout", "Timeout: request did not complete")
                          : status_answer(500, "InternalError", "etcdserver: leader changed"));
      });
    });
    return id;
  }
  const bool lose_reply = net_.hit(faults.lost_reply);
  net_.uncertain_creates += create && lose_reply;
  net_.timers.start(net_.latency(), [this, alive = alive_, id, apply, lose_reply, lost, give_up] {
    Answer answer = apply();
    if (!*alive) return;
    if (lose_reply) {
      after(give_up, [this, id, lost] { end(id, lost, "connection reset"); });
    } else {
      after(net_.latency(), [this, id, answer = std::move(answer)] { reply(id, answer); });
    }
  });
  return id;
}

void SimHttp::cancel(ports::ExchangeId id) {
  exchanges_.erase(id);
}

void SimHttp::end(ports::ExchangeId id, ports::Transport outcome, const std::string& detail) {
  const auto it = exchanges_.find(id);
  if (it == exchanges_.end()) return;
  if (net_.trace)
    net_.trace("< " + std::to_string(id) + " end " + std::to_string(static_cast<int>(outcome)) + " " +
               detail);
  auto* sink = it->second.sink;
  exchanges_.erase(it);
  sink->on_end({outcome, detail, false});
}

void SimHttp::send(ports::ExchangeId id, const std::string& bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto it = exchanges_.find(id);
    if (it == exchanges_.end()) return;
    const std::size_t n = std::min<std::size_t>(bytes.size() - at, 1 + net_.random.below(4000));
    if (!it->second.sink->on_body(std::string_view(bytes).substr(at, n))) {
      after(core::Nanos{0}, [this, id] { end(id, ports::Transport::aborted, "stopped by the sink"); });
      if (const auto open = exchanges_.find(id); open != exchanges_.end()) open->second.streaming = false;
      return;
    }
    at += n;
  }
}

void SimHttp::reply(ports::ExchangeId id, Answer answer) {
  const auto it = exchanges_.find(id);
  if (it == exchanges_.end()) return;
  if (net_.trace) net_.trace("< " + std::to_string(id) + " " + std::to_string(answer.code));
  it->second.sink->on_head({answer.code, std::move(answer.headers)});
  send(id, answer.body);
  end(id, ports::Transport::ok, "");
}

void SimHttp::open_watch(ports::ExchangeId id) {
  const auto it = exchanges_.find(id);
  if (it == exchanges_.end()) return;
  auto& e = it->second;
  auto& server = net_.server;
  const Query query = parse_target(e.request.target);
  e.selector = query.get("labelSelector");
  const std::string from = query.get("resourceVersion");
  const bool initial = query.get("sendInitialEvents") == "true";
  if (initial && !net_.watch_list) {
    reply(id, status_answer(422, "Invalid",
                            "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless "
                            "the WatchList feature gate is enabled"));
    return;
  }
  if (net_.hit(net_.faults.throttled)) {
    reply(id, Answer{429, {{"retry-after", "1"}, {"content-type", "text/plain"}}, "Too many requests"});
    return;
  }
  const std::uint64_t version = from.empty() ? 0 : std::stoull(from);
  if (!initial && version != 0 && version < server.compacted()) {
    const Answer gone = status_answer(410, "Expired", "too old resource version");
    if (net_.random.chance(50)) {
      reply(id, gone);
    } else {
      e.sink->on_head({200, {{"content-type", "application/json"}}});
      send(id, frame_of("ERROR", Json::parse(gone.body)));
      end(id, ports::Transport::ok, "");
    }
    return;
  }
  e.sink->on_head({200, {{"content-type", "application/json"}}});
  if (!exchanges_.contains(id)) return;
  e.streaming = true;
  e.delivered = version;
  if (initial || version == 0) {
    std::string bytes;
    for (const auto& [name, pod] : server.pods())
      if (selector_matches(e.selector, pod)) bytes += frame_of("ADDED", pod);
    e.delivered = server.version();
    if (initial) bytes += frame_of("BOOKMARK", bookmark_object(server.version(), true));
    send(id, bytes);
  }
  if (!exchanges_.contains(id)) return;
  const std::string timeout = query.get("timeoutSeconds");
  const std::uint64_t seconds_open = timeout.empty() ? 1800 : std::stoull(timeout);
  after(seconds(seconds_open), [this, id] { end(id, ports::Transport::ok, ""); });
  if (query.get("allowWatchBookmarks") == "true") after(seconds(60), [this, id] { bookmark(id); });
  pump_watches();
}

void SimHttp::bookmark(ports::ExchangeId id) {
  const auto it = exchanges_.find(id);
  if (it == exchanges_.end() || !it->second.streaming) return;
  after(seconds(60), [this, id] { bookmark(id); });
  if (it->second.delivered < net_.server.version()) return;  // events are still on their way
  send(id, frame_of("BOOKMARK", bookmark_object(it->second.delivered, false)));
}

void SimHttp::pump_watches() {
  for (auto& [key, e] : exchanges_) {
    if (!e.streaming || e.pumping) continue;
    e.pumping = true;
    const core::Nanos delay = net_.hit(net_.faults.watch_stall)
                                  ? core::Nanos(milliseconds(net_.random.below(10'000)))
                                  : core::Nanos(milliseconds(1 + net_.random.below(20)));
    after(delay, [this, id = key] { pump(id); });
  }
}

void SimHttp::pump(ports::ExchangeId id) {
  const auto it = exchanges_.find(id);
  if (it == exchanges_.end() || !it->second.streaming) return;
  auto& e = it->second;
  e.pumping = false;
  if (net_.hit(net_.faults.watch_drop)) {
    const bool clean = net_.random.chance(50);
    end(id, clean ? ports::Transport::ok : ports::Transport::interrupted, clean ? "" : "cut");
    return;
  }
  if (e.delivered < net_.server.compacted()) {
    send(id, frame_of("ERROR", Json::parse(status_answer(410, "Expired", "too old resource version").body)));
    end(id, ports::Transport::ok, "");
    return;
  }
  std::string bytes;
  if (!e.last_frame.empty() && net_.hit(net_.faults.watch_duplicate)) bytes += e.last_frame;
  const auto& log = net_.server.log();
  const auto from = std::partition_point(log.begin(), log.end(),
                                         [&](const StoreEvent& s) { return s.version <= e.delivered; });
  for (auto event = from; event != log.end(); ++event) {
    e.delivered = event->version;
    if (!selector_matches(e.selector, event->object)) continue;
    e.last_frame = frame_of(event->type, event->object);
    bytes += e.last_frame;
  }
  if (!bytes.empty()) send(id, bytes);
}

void SimHttp::drop_watches() {
  std::vector<ports::ExchangeId> ids;
  for (const auto& [id, e] : exchanges_)
    if (e.watch) ids.push_back(id);
  for (const auto id : ids) end(id, ports::Transport::interrupted, "connection reset by peer");
}

}  // namespace outrigger::sim
