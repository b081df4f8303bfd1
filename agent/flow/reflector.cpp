#include "agent/flow/reflector.h"

#include <algorithm>
#include <utility>

#include "agent/core/limits.h"
#include "agent/core/names.h"
#include "agent/kube/status_decoder.h"

namespace outrigger::flow {
namespace {

kube::Ending ending_of(ports::Transport outcome) {
  switch (outcome) {
    case ports::Transport::ok:
      return kube::Ending::complete;
    case ports::Transport::refused:
      return kube::Ending::refused;
    case ports::Transport::timed_out:
      return kube::Ending::timed_out;
    case ports::Transport::tls:
      return kube::Ending::tls;
    case ports::Transport::interrupted:
    case ports::Transport::aborted:
      break;
  }
  return kube::Ending::interrupted;
}

std::string_view event_label(kube::FrameType type) {
  switch (type) {
    case kube::FrameType::added:
      return "added";
    case kube::FrameType::modified:
      return "modified";
    case kube::FrameType::deleted:
      return "deleted";
    case kube::FrameType::bookmark:
      return "bookmark";
    case kube::FrameType::error:
      break;
  }
  return "error";
}

}  // namespace

// One list page or one watch. Lives until its end has been told, even when it was aborted.
class Reflector::Exchange final : public ports::HttpSink {
 public:
  Exchange(Reflector& reflector, bool watch) : x_reflector(reflector), x_watch(watch) {}

  void on_head(const kube::ResponseHead& head) override {
    const InCallback guard(*this);
    if (x_dead) return;
    x_head = head;
    x_reflector.touch();
    x_reflector.x_seams.timers.cancel(std::exchange(x_reflector.x_opening, 0));
    const bool success = head.code >= 200 && head.code < 300;
    x_streaming = x_watch && success;
    if (!x_streaming) return;
    x_reflector.x_stream.reset();
    x_reflector.x_last_error = {};
    x_reflector.feed(kube::watch_input::Opened{}, nullptr, nullptr);
  }
  bool on_body(std::string_view bytes) override {
    const InCallback guard(*this);
    if (x_dead) return false;
    x_reflector.touch();
    x_reflector.x_seams.metrics.bytes.add(static_cast<double>(bytes.size()));
    return x_streaming ? stream(bytes) : collect(bytes);
  }
  void on_end(const ports::TransportEnd& end) override { finish(end); }

  bool in_callback() const { return x_in_callback; }
  void die() { x_dead = true; }
  ports::ExchangeId id = 0;

 private:
  struct InCallback {
    explicit InCallback(Exchange& e) : exchange(e) { exchange.x_in_callback = true; }
    ~InCallback() { exchange.x_in_callback = false; }
    InCallback(const InCallback&) = delete;
    InCallback& operator=(const InCallback&) = delete;
    Exchange& exchange;
  };

  bool stream(std::string_view bytes) {
    Reflector& r = x_reflector;
    r.x_stream.feed(bytes);
    while (!x_dead) {
      switch (r.x_stream.next(r.x_frame)) {
        case kube::WatchStream::Next::more:
          return true;
        case kube::WatchStream::Next::bad:
          r.x_seams.log.warning("the watch sent what cannot be decoded",
                                {{"error", r.x_stream.error().text}});
          r.feed(kube::watch_input::Undecodable{}, nullptr, nullptr);
          return !x_dead;
        case kube::WatchStream::Next::frame:
          r.x_seams.metrics.events.at(event_label(r.x_frame.type)).add();
          r.feed(kube::watch_input::Frame{&r.x_frame}, &r.x_frame, nullptr);
          break;
      }
    }
    return false;
  }
  bool collect(std::string_view bytes) {
    const bool success = x_head.code >= 200 && x_head.code < 300;
    const std::size_t bound = success ? core::limits::list_page_bytes : core::limits::answer_bytes;
    if (x_body.size() + bytes.size() > bound) {
      x_oversize = true;
      return false;
    }
    x_body.append(bytes);
    return true;
  }
  // Everything of the reflector that is fed here may start the next exchange, so this one is dropped last.
  void finish(const ports::TransportEnd& end);

  Reflector& x_reflector;
  bool x_watch;
  bool x_streaming = false, x_dead = false, x_in_callback = false, x_oversize = false;
  kube::ResponseHead x_head;
  std::string x_body;
};

void Reflector::Exchange::finish(const ports::TransportEnd& end) {
  Reflector& r = x_reflector;
  const auto drop_dying = [&r](Exchange* dead) {
    std::erase_if(r.x_dying, [dead](const auto& e) { return e.get() == dead; });
  };
  if (x_dead) {
    drop_dying(this);
    return;
  }
  const std::unique_ptr<Exchange> self = std::move(r.x_exchange);
  r.x_seams.timers.cancel(std::exchange(r.x_opening, 0));
  if (x_oversize) {
    r.feed(kube::watch_input::Undecodable{}, nullptr, nullptr);
  } else if (end.outcome != ports::Transport::ok || x_streaming) {
    if (end.outcome != ports::Transport::ok)
      r.x_last_error = {core::ApiErrorClass::transport, 0, "", end.detail, "", {}, ""};
    r.feed(kube::watch_input::Ended{ending_of(end.outcome)}, nullptr, nullptr);
  } else if (x_head.code < 200 || x_head.code >= 300) {
    core::ApiError error = kube::decode_error(x_head, x_body);
    r.x_last_error = error;
    r.feed(kube::watch_input::Failed{std::move(error)}, nullptr, nullptr);
  } else if (const auto read = r.x_decoder.page(kube::Padded::of(x_body), r.x_page); !read) {
    r.x_seams.log.warning("a list page cannot be decoded", {{"error", read.error().text}});
    r.feed(kube::watch_input::Undecodable{}, nullptr, nullptr);
  } else {
    const bool last = r.x_page.continue_token.empty();
    r.feed(kube::watch_input::Page{&r.x_page}, nullptr, &r.x_page);
    if (last) {
      r.x_seams.metrics.lists.at("ok").add();
      r.x_decoder.release();
      r.x_page.pods.clear();
      r.x_page.pods.shrink_to_fit();
    }
  }
}

Reflector::Reflector(Seams seams, const std::string& container_name)
    : x_seams(std::move(seams)),
      x_stream(kube::DecoderOptions{container_name}),
      x_decoder(kube::DecoderOptions{container_name}) {}

Reflector::~Reflector() {
  stop();
}

void Reflector::start(kube::WatchConfig config) {
  x_config = std::move(config);
  x_started = true;
  feed(kube::watch_input::Start{}, nullptr, nullptr);
}

void Reflector::stop() {
  x_started = false;
  x_seams.timers.cancel(x_timer);
  x_timer = 0;
  x_seams.timers.cancel(std::exchange(x_opening, 0));
  if (x_exchange) x_seams.http.cancel(x_exchange->id);
  x_exchange.reset();
  for (const auto& e : x_dying) x_seams.http.cancel(e->id);
  x_dying.clear();
  x_machine = {};
}

bool Reflector::watching() const {
  return std::holds_alternative<kube::watch_phase::Watching>(x_machine.phase);
}

std::optional<core::Instant> Reflector::last_contact() const {
  return watching() ? std::optional(x_seams.clock.now()) : x_contact;
}

void Reflector::touch() {
  x_contact = x_seams.clock.now();
}

void Reflector::feed(const kube::WatchInput& input, kube::WatchFrame* frame, kube::ListPage* page) {
  kube::WatchStep next =
      kube::step(std::move(x_machine), input, x_seams.clock.now(), x_seams.entropy.next(), *x_config);
  x_machine = std::move(next.machine);
  tell(next.emit, frame, page);
  for (auto& effect : next.effects) carry_out(effect);
  if (!next.effects.empty()) x_seams.changed();
}

void Reflector::tell(const kube::WatchEmit& emit, kube::WatchFrame* frame, kube::ListPage* page) {
  if (emit.init) x_seams.consume(core::PodInit{});
  if (emit.forward && frame != nullptr) x_seams.consume(std::move(frame->event));
  if (emit.forward && page != nullptr)
    for (std::size_t i = 0; i < page->count; ++i) x_seams.consume(core::PodApplied{std::move(page->pods[i])});
  if (emit.init_done) x_seams.consume(core::PodInitDone{*emit.init_done});
}

void Reflector::carry_out(kube::WatchEffect& effect) {
  using namespace kube::watch_effect;
  if (auto* list = std::get_if<SendList>(&effect)) send(std::move(list->request), false);
  if (auto* watch = std::get_if<SendWatch>(&effect)) send(std::move(watch->request), true);
  if (const auto* timer = std::get_if<StartTimer>(&effect)) {
    x_timer = x_seams.timers.start(timer->delay, [this] {
      x_timer = 0;
      feed(kube::watch_input::Timer{}, nullptr, nullptr);
    });
  }
  if (std::holds_alternative<AbortExchange>(effect)) abort_exchange();
  if (std::holds_alternative<ReloadCredentials>(effect)) x_seams.http.reload_credentials();
  if (const auto* restart = std::get_if<Report>(&effect)) report(*restart);
}

void Reflector::send(kube::Request request, bool watch) {
  x_exchange = std::make_unique<Exchange>(*this, watch);
  x_exchange->id = x_seams.http.start(ports::Lane::watch, std::move(request), *x_exchange);
  x_seams.timers.cancel(std::exchange(x_opening, 0));
  if (watch)
    x_opening = x_seams.timers.start(open_deadline, [this] {
      x_opening = 0;
      open_late();
    });
}

void Reflector::open_late() {
  if (!x_exchange) return;
  abort_exchange();
  x_last_error = {core::ApiErrorClass::transport,
                  0,
                  "",
                  "the watch was not answered in " + std::to_string(open_deadline.count()) + " ms",
                  "",
                  {},
                  ""};
  feed(kube::watch_input::Ended{kube::Ending::timed_out}, nullptr, nullptr);
}

void Reflector::abort_exchange() {
  if (!x_exchange) return;
  x_exchange->die();
  if (x_exchange->in_callback()) {
    x_dying.push_back(std::move(x_exchange));  // its body callback says stop, its end takes it away
  } else {
    x_seams.http.cancel(x_exchange->id);
    x_exchange.reset();
  }
}

void Reflector::report(const kube::watch_effect::Report& report) {
  x_seams.metrics.restarts.at(kube::to_string(report.reason)).add();
  if (report.error.error_class != core::ApiErrorClass::none) x_last_error = report.error;
  const bool normal = report.reason == kube::RestartReason::server_timeout;
  x_seams.log.write(normal ? ports::Level::debug : ports::Level::warning, "the watch starts again",
                    {{"reason", std::string(kube::to_string(report.reason))},
                     {"delayMs", std::to_string(report.delay.count())},
                     {"relist", report.relist ? "true" : "false"},
                     {"error", x_last_error.message}});
}

}  // namespace outrigger::flow
