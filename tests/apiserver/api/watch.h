// Watches: one per open stream. The hub hands each event of the store to those it concerns.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/apiserver/base/clock.h"
#include "tests/apiserver/http/message.h"
#include "tests/apiserver/store/store.h"

namespace outrigger::apiserver {

struct WatchSettings {
  Millis bookmark_every{60'000};
  Millis bookmark_before_end{2'000};
  Millis default_timeout_least{1'800'000};  // without timeoutSeconds: this to twice this
  std::size_t queue_events = 10'000;        // a watcher further behind is cut off
};

struct WatchRequest {
  Resource resource = Resource::pods;
  std::string name_space;  // empty = all
  Selection selection;
  View view = View::full;
  bool bookmarks = false;
  bool initial_events = false;  // synthetic ADDED first
  bool end_bookmark = false;    // and a bookmark that says they are over
  Rv after = 0;                 // without initial events: events after this
  Millis timeout{0};            // 0 = default
};

// How a fault ends this stream.
struct StreamFault {
  enum class Kind : std::uint8_t { none, cut, truncate, expire };
  Kind kind = Kind::none;
  std::size_t after_events = 0;
};

class WatchHub;

class Watch final : public BodySource, public std::enable_shared_from_this<Watch> {
 public:
  Watch(WatchHub& hub, WatchRequest request, StreamFault fault);
  void begin();  // reads history or current state, starts timers
  void offer(const Event& event);
  void expire();  // in-band 410, then the end
  State fill(ChunkWriter& out) override;
  void closed() override;

 private:
  struct Frame {
    EventType type = EventType::added;
    SnapshotPtr object;
  };
  void queue(EventType type, SnapshotPtr object);
  void bookmark(bool ends_initial_events);
  void keep_bookmarking();
  bool frame_is_faulty(ChunkWriter& out, std::string_view frame);

  WatchHub& hub_;
  WatchRequest request_;
  StreamFault fault_;
  std::deque<Frame> queue_;
  std::size_t initial_left_ = 0;                           // of the queue: these do not count as lag
  std::deque<std::pair<std::size_t, std::string>> texts_;  // ready frames, each after so many queued events
  std::size_t taken_ = 0;                                  // events taken from the queue so far
  std::size_t queued_ = 0;                                 // events queued so far
  std::size_t written_ = 0;
  Rv seen_ = 0;  // what the client knows through events and bookmarks
  bool begun_ = false;
  bool ending_ = false;
  bool gone_ = false;
  std::vector<TimerId> timers_;
  std::string scratch_;
};

class WatchHub {
 public:
  WatchHub(Store& store, Clock& clock, WatchSettings settings, std::uint64_t seed);
  std::shared_ptr<Watch> open(WatchRequest request, StreamFault fault);
  void close(const Watch& watch);
  std::size_t open_count() const { return watches_.size(); }
  std::uint64_t cut_off() const { return cut_off_; }
  std::uint64_t events_sent() const { return events_sent_; }
  // Silence: watches stay open and say nothing until told otherwise.
  void mute(bool muted);
  bool muted() const { return muted_; }
  void expire_all();

 private:
  friend class Watch;
  Store& store_;
  Clock& clock_;
  WatchSettings settings_;
  std::mt19937_64 random_;
  std::vector<std::shared_ptr<Watch>> watches_;
  std::uint64_t cut_off_ = 0;
  std::uint64_t events_sent_ = 0;
  bool muted_ = false;
};

}  // namespace outrigger::apiserver
