#include "tests/apiserver/api/watch.h"

#include <algorithm>

#include "tests/apiserver/api/status.h"

namespace outrigger::apiserver {
namespace {

std::string_view name_of(EventType type) {
  switch (type) {
    case EventType::added:
      return "ADDED";
    case EventType::modified:
      return "MODIFIED";
    case EventType::deleted:
      break;
  }
  return "DELETED";
}

std::string bookmark_text(const WatchRequest& request, Rv rv, bool ends_initial_events) {
  std::string text = "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"";
  const bool partial = request.view == View::metadata;
  text.append(partial ? "PartialObjectMetadata" : info(request.resource).kind);
  text.append("\",\"apiVersion\":\"")
      .append(partial ? "meta.k8s.io/v1" : info(request.resource).api_version)
      .append("\"");
  text.append(",\"metadata\":{\"resourceVersion\":\"").append(std::to_string(rv)).append("\"");
  if (ends_initial_events) text.append(",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}");
  text.append("}");
  if (!partial && request.resource == Resource::pods)
    text.append(",\"spec\":{\"containers\":null},\"status\":{}");
  return text.append("}}\n");
}

}  // namespace

Watch::Watch(WatchHub& hub, WatchRequest request, StreamFault fault)
    : hub_(hub), request_(std::move(request)), fault_(fault) {}

void Watch::begin() {
  Store& store = hub_.store_;
  if (request_.initial_events) {
    seen_ = store.rv();
    ListQuery query{.resource = request_.resource,
                    .name_space = request_.name_space,
                    .at = store.rv(),
                    .start = {},
                    .selection = &request_.selection};
    for (auto& object : store.list(query).items) queue(EventType::added, std::move(object));
    if (request_.end_bookmark) bookmark(true);
  } else if (request_.after < store.compacted()) {
    texts_.emplace_back(0, "{\"type\":\"ERROR\",\"object\":" +
                               status::expired_watch_json(request_.after, store.compacted() + 1) + "}\n");
    ending_ = true;
  } else {
    seen_ = request_.after;
    for (auto it = store.after(request_.after); it != store.history().end(); ++it) offer(*it);
  }
  initial_left_ = queue_.size();
  begun_ = true;
  Millis timeout = request_.timeout;
  if (timeout.count() == 0) {
    const auto least = static_cast<std::uint64_t>(hub_.settings_.default_timeout_least.count());
    timeout = Millis(static_cast<std::int64_t>(least + (least > 0 ? hub_.random_() % least : 0)));
  }
  const auto weak = weak_from_this();
  timers_.push_back(hub_.clock_.after(timeout, [weak] {
    if (auto self = weak.lock(); self && !self->gone_) {
      self->ending_ = true;
      self->wake();
    }
  }));
  if (!request_.bookmarks) return;
  keep_bookmarking();
  const Millis last = std::max(timeout - hub_.settings_.bookmark_before_end, Millis(timeout / 2));
  timers_.push_back(hub_.clock_.after(last, [weak] {
    if (auto self = weak.lock()) self->bookmark(false);
  }));
}

void Watch::keep_bookmarking() {
  timers_.push_back(hub_.clock_.after(hub_.settings_.bookmark_every, [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self || self->gone_ || self->ending_) return;
    self->bookmark(false);
    self->timers_.pop_back();
    self->keep_bookmarking();
  }));
}

void Watch::bookmark(bool ends_initial_events) {
  const Rv now = hub_.store_.rv();
  if (gone_ || ending_ || (!ends_initial_events && now <= seen_)) return;
  seen_ = std::max(seen_, now);
  texts_.emplace_back(queued_, bookmark_text(request_, now, ends_initial_events));
  wake();
}

void Watch::offer(const Event& event) {
  if (gone_ || ending_ || event.rv <= request_.after) return;
  const Snapshot& object = *event.object;
  if (object.resource != request_.resource) return;
  if (!request_.name_space.empty() && object.meta.name_space != request_.name_space) return;
  const bool is = event.type != EventType::deleted && request_.selection.matches(object);
  const bool was = event.previous != nullptr && request_.selection.matches(*event.previous);
  if (is) {
    queue(was ? EventType::modified : EventType::added, event.object);
  } else if (was && event.type == EventType::deleted) {
    queue(EventType::deleted, event.object);
  } else if (was) {
    // Left the selector: the last state that matched, with the version of the change.
    queue(EventType::deleted, encode(edit(*event.previous), event.rv));
  }
}

void Watch::queue(EventType type, SnapshotPtr object) {
  seen_ = std::max(seen_, object->rv);
  queue_.push_back({type, std::move(object)});
  ++queued_;
  if (begun_ && queue_.size() - initial_left_ > hub_.settings_.queue_events) {
    ++hub_.cut_off_;
    ending_ = true;
  }
  wake();
}

void Watch::expire() {
  texts_.emplace_back(queued_, "{\"type\":\"ERROR\",\"object\":" +
                                   status::expired_watch_json(seen_, hub_.store_.rv()) + "}\n");
  ending_ = true;
  wake();
}

BodySource::State Watch::fill(ChunkWriter& out) {
  if (hub_.muted_) return State::idle;
  for (;;) {
    const bool text_is_next = !texts_.empty() && texts_.front().first <= taken_;
    if (!text_is_next && queue_.empty()) break;
    if (out.size() >= fill_bytes) return State::more;
    scratch_.clear();
    if (text_is_next) {
      scratch_ = std::move(texts_.front().second);
      texts_.pop_front();
    } else {
      const Frame& frame = queue_.front();
      scratch_.append("{\"type\":\"").append(name_of(frame.type)).append("\",\"object\":");
      append_object(scratch_, *frame.object, request_.view);
      scratch_.append("}\n");
      queue_.pop_front();
      ++taken_;
      if (initial_left_ > 0) --initial_left_;
    }
    if (frame_is_faulty(out, scratch_)) return State::cut;
    out.chunk(scratch_);
    ++written_;
    ++hub_.events_sent_;
  }
  return ending_ ? State::done : State::idle;
}

bool Watch::frame_is_faulty(ChunkWriter& out, std::string_view frame) {
  if (fault_.kind == StreamFault::Kind::none || written_ < fault_.after_events) return false;
  if (fault_.kind == StreamFault::Kind::expire) {
    fault_.kind = StreamFault::Kind::none;
    expire();
    return false;
  }
  if (fault_.kind == StreamFault::Kind::truncate) {
    std::string whole;
    ChunkWriter(whole).chunk(frame);
    out.raw(std::string_view(whole).substr(0, whole.size() / 2));
  }
  return true;
}

void Watch::closed() {
  if (gone_) return;
  gone_ = true;
  for (const TimerId timer : timers_) hub_.clock_.cancel(timer);
  queue_.clear();
  hub_.close(*this);
}

WatchHub::WatchHub(Store& store, Clock& clock, WatchSettings settings, std::uint64_t seed)
    : store_(store), clock_(clock), settings_(settings), random_(seed) {
  store_.on_event([this](const Event& event) {
    for (std::size_t i = 0; i < watches_.size(); ++i) watches_[i]->offer(event);
  });
}

std::shared_ptr<Watch> WatchHub::open(WatchRequest request, StreamFault fault) {
  auto watch = std::make_shared<Watch>(*this, std::move(request), fault);
  watches_.push_back(watch);
  watch->begin();
  return watch;
}

void WatchHub::close(const Watch& watch) {
  std::erase_if(watches_, [&](const auto& other) { return other.get() == &watch; });
}

void WatchHub::mute(bool muted) {
  muted_ = muted;
  if (muted) return;
  const auto all = watches_;
  for (const auto& watch : all) watch->wake();
}

void WatchHub::expire_all() {
  const auto all = watches_;
  for (const auto& watch : all) watch->expire();
}

}  // namespace outrigger::apiserver
