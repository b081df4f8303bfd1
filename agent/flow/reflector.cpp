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
  Exchange(Reflector& reflector, bool watch) : reflector_(reflector), watch_(watch) {}

  void on_head(const kube::ResponseHead& head) override {
    const InCallback guard(*this);
    if (dead_) return;
    head_ = head;
    reflector_.seams_.timers.cancel(std::exchange(reflector_.opening_, 0));
    success_ = head.code >= 200 && head.code < 300;
    if (success_) reflector_.touch();
    streaming_ = watch_ && success_;
    if (!streaming_) return;
    reflector_.stream_.reset();
    reflector_.last_error_ = {};
    reflector_.watched_once_ = true;
    reflector_.feed(kube::watch_input::Opened{}, nullptr, nullptr);
  }
  bool on_body(std::string_view bytes) override {
    const InCallback guard(*this);
    if (dead_) return false;
    if (success_) reflector_.touch();
    reflector_.seams_.metrics.bytes.add(static_cast<double>(bytes.size()));
    return streaming_ ? stream(bytes) : collect(bytes);
  }
  void on_end(const ports::TransportEnd& end) override { finish(end); }

  bool in_callback() const { return in_callback_; }
  void die() { dead_ = true; }
  ports::ExchangeId id = 0;

 private:
  struct InCallback {
    explicit InCallback(Exchange& e) : exchange(e) { exchange.in_callback_ = true; }
    ~InCallback() { exchange.in_callback_ = false; }
    InCallback(const InCallback&) = delete;
    InCallback& operator=(const InCallback&) = delete;
    Exchange& exchange;
  };

  bool stream(std::string_view bytes) {
    Reflector& r = reflector_;
    r.stream_.feed(bytes);
    while (!dead_) {
      switch (r.stream_.next(r.frame_)) {
        case kube::WatchStream::Next::more:
          return true;
        case kube::WatchStream::Next::bad:
          r.seams_.log.warning("the watch sent what cannot be decoded", {{"error", r.stream_.error().text}});
          r.feed(kube::watch_input::Undecodable{}, nullptr, nullptr);
          return !dead_;
        case kube::WatchStream::Next::frame:
          r.seams_.metrics.events.at(event_label(r.frame_.type)).add();
          r.heard(r.frame_.type);
          r.feed(kube::watch_input::Frame{&r.frame_}, &r.frame_, nullptr);
          break;
      }
    }
    return false;
  }
  bool collect(std::string_view bytes) {
    const std::size_t bound = success_ ? core::limits::list_page_bytes : core::limits::answer_bytes;
    if (body_.size() + bytes.size() > bound) {
      oversize_ = true;
      return false;
    }
    body_.append(bytes);
    return true;
  }
  // Everything of the reflector that is fed here may start the next exchange, so this one is dropped last.
  void finish(const ports::TransportEnd& end);

  Reflector& reflector_;
  bool watch_;
  bool success_ = false, streaming_ = false, dead_ = false, in_callback_ = false, oversize_ = false;
  kube::ResponseHead head_;
  std::string body_;
};

void Reflector::Exchange::finish(const ports::TransportEnd& end) {
  Reflector& r = reflector_;
  const auto drop_dying = [&r](Exchange* dead) {
    std::erase_if(r.dying_, [dead](const auto& e) { return e.get() == dead; });
  };
  if (dead_) {
    drop_dying(this);
    return;
  }
  const std::unique_ptr<Exchange> self = std::move(r.exchange_);
  // Up to now the open watch was contact, however quiet: its age does not leap when it ends.
  if (streaming_ && end.outcome != ports::Transport::timed_out) r.touch();
  r.seams_.timers.cancel(std::exchange(r.opening_, 0));
  if (oversize_) {
    r.feed(kube::watch_input::Undecodable{}, nullptr, nullptr);
  } else if (end.outcome != ports::Transport::ok || streaming_) {
    if (end.outcome != ports::Transport::ok)
      r.last_error_ = {core::ApiErrorClass::transport, 0, "", end.detail, "", {}, ""};
    r.feed(kube::watch_input::Ended{ending_of(end.outcome)}, nullptr, nullptr);
  } else if (!success_) {
    core::ApiError error = kube::decode_error(head_, body_);
    r.last_error_ = error;
    r.feed(kube::watch_input::Failed{std::move(error)}, nullptr, nullptr);
  } else if (const auto read = r.decoder_.page(kube::Padded::of(body_), r.page_); !read) {
    r.seams_.log.warning("a list page cannot be decoded", {{"error", read.error().text}});
    r.feed(kube::watch_input::Undecodable{}, nullptr, nullptr);
  } else {
    const bool last = r.page_.continue_token.empty();
    r.feed(kube::watch_input::Page{&r.page_}, nullptr, &r.page_);
    if (last) {
      r.seams_.metrics.lists.at("ok").add();
      r.decoder_.release();
      r.page_.pods.clear();
      r.page_.pods.shrink_to_fit();
    }
  }
}

Reflector::Reflector(Seams seams, const std::string& container_name)
    : seams_(std::move(seams)),
      stream_(kube::DecoderOptions{container_name}),
      decoder_(kube::DecoderOptions{container_name}) {}

Reflector::~Reflector() {
  stop();
}

void Reflector::start(kube::WatchConfig config) {
  config_ = std::move(config);
  started_ = true;
  feed(kube::watch_input::Start{}, nullptr, nullptr);
}

void Reflector::stop() {
  started_ = false;
  seams_.timers.cancel(timer_);
  timer_ = 0;
  seams_.timers.cancel(std::exchange(opening_, 0));
  seams_.timers.cancel(std::exchange(news_, 0));
  if (exchange_) seams_.http.cancel(exchange_->id);
  exchange_.reset();
  for (const auto& e : dying_) seams_.http.cancel(e->id);
  dying_.clear();
  machine_ = {};
}

bool Reflector::watching() const {
  return std::holds_alternative<kube::watch_phase::Watching>(machine_.phase);
}

std::optional<core::Instant> Reflector::last_contact() const {
  return watching() ? std::optional(seams_.clock.now()) : contact_;
}

void Reflector::touch() {
  contact_ = seams_.clock.now();
}

void Reflector::feed(const kube::WatchInput& input, kube::WatchFrame* frame, kube::ListPage* page) {
  if (!config_) return;  // not started
  kube::WatchStep next =
      kube::step(std::move(machine_), input, seams_.clock.now(), seams_.entropy.next(), *config_);
  machine_ = std::move(next.machine);
  tell(next.emit, frame, page);
  for (auto& effect : next.effects) carry_out(effect);
  if (!next.effects.empty()) seams_.changed();
}

void Reflector::tell(const kube::WatchEmit& emit, kube::WatchFrame* frame, kube::ListPage* page) {
  if (emit.init) seams_.consume(core::PodInit{});
  if (emit.forward && frame != nullptr) seams_.consume(std::move(frame->event));
  if (emit.forward && page != nullptr)
    for (std::size_t i = 0; i < page->count; ++i) seams_.consume(core::PodApplied{std::move(page->pods[i])});
  if (emit.init_done) seams_.consume(core::PodInitDone{*emit.init_done});
}

void Reflector::carry_out(kube::WatchEffect& effect) {
  using namespace kube::watch_effect;
  if (auto* list = std::get_if<SendList>(&effect)) send(std::move(list->request), false);
  if (auto* watch = std::get_if<SendWatch>(&effect)) send(std::move(watch->request), true);
  if (const auto* timer = std::get_if<StartTimer>(&effect)) {
    timer_ = seams_.timers.start(timer->delay, [this] {
      timer_ = 0;
      feed(kube::watch_input::Timer{}, nullptr, nullptr);
    });
  }
  if (std::holds_alternative<AbortExchange>(effect)) abort_exchange();
  if (std::holds_alternative<ReloadCredentials>(effect)) seams_.http.reload_credentials();
  if (const auto* restart = std::get_if<Report>(&effect)) report(*restart);
}

void Reflector::send(kube::Request request, bool watch) {
  asked_ = watch ? kube::Verb::watch : kube::Verb::list;
  exchange_ = std::make_unique<Exchange>(*this, watch);
  exchange_->id = seams_.http.start(ports::Lane::watch, std::move(request), *exchange_);
  seams_.timers.cancel(std::exchange(opening_, 0));
  seams_.timers.cancel(std::exchange(news_, 0));
  if (watch)
    opening_ = seams_.timers.start(open_deadline, [this] {
      opening_ = 0;
      give_up("the watch was not answered in " + std::to_string(open_deadline.count()) + " ms");
    });
}

void Reflector::owed(core::Instant since) {
  if (news_ != 0 || !watching() || (last_event_ && *last_event_ >= since)) return;
  news_ = seams_.timers.start(news_deadline, [this] {
    news_ = 0;
    give_up("the watch showed nothing of a change that the server accepted " +
            std::to_string(news_deadline.count()) + " ms ago");
  });
}

void Reflector::heard(kube::FrameType type) {
  if (type == kube::FrameType::bookmark || type == kube::FrameType::error) return;
  last_event_ = contact_;  // of these bytes
  if (news_ != 0) seams_.timers.cancel(std::exchange(news_, 0));
}

void Reflector::give_up(std::string why) {
  if (!exchange_) return;
  abort_exchange();
  last_error_ = {core::ApiErrorClass::transport, 0, "", std::move(why), "", {}, ""};
  feed(kube::watch_input::Ended{kube::Ending::timed_out}, nullptr, nullptr);
}

void Reflector::abort_exchange() {
  if (!exchange_) return;
  exchange_->die();
  if (exchange_->in_callback()) {
    dying_.push_back(std::move(exchange_));  // its body callback says stop, its end takes it away
  } else {
    seams_.http.cancel(exchange_->id);
    exchange_.reset();
  }
}

void Reflector::report(const kube::watch_effect::Report& report) {
  seams_.metrics.restarts.at(kube::to_string(report.reason)).add();
  if (report.error.error_class != core::ApiErrorClass::none) last_error_ = report.error;
  const bool normal = report.reason == kube::RestartReason::server_timeout;
  if (!normal && seams_.failed &&
      seams_.failed({report.reason, asked_, last_error_, report.delay.count() == 0}))
    return;
  seams_.log.write(normal ? ports::Level::debug : ports::Level::warning, "the watch starts again",
                   {{"reason", std::string(kube::to_string(report.reason))},
                    {"delayMs", std::to_string(report.delay.count())},
                    {"relist", report.relist ? "true" : "false"},
                    {"error", last_error_.message}});
}

}  // namespace outrigger::flow
