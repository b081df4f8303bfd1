// Plays an API server from bytes encoded ahead of time: one empty list, then one watch at full speed. HTTP/1.1, loopback,
// a process of its own.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/support/peer.h"

namespace outrigger::bench {

inline constexpr std::uint64_t marker_id = 900'000;  // the last event's executor

// ADDED, scheduled, creating, running for each of `pods`, round and round, until `events`; then the marker.
// As HTTP chunks, one per event.
std::vector<std::string> encode_events(std::uint64_t pods, std::size_t events);

class ReplayServer {
 public:
  explicit ReplayServer(const std::vector<std::string>& chunks, const std::string& list_body);
  ~ReplayServer();
  std::string url() const;
  void go() { words_->go.store(1, std::memory_order_release); }  // the watch waits for it
  bool watching() const { return words_->watching.load(std::memory_order_acquire) != 0; }

 private:
  struct Words {
    std::atomic<std::uint32_t> go, watching;
  };
  void serve(int client, const std::vector<std::string>& chunks, const std::string& list_body);
  SharedPages pages_;
  Words* words_;
  int listener_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Peer> peer_;
};

}  // namespace outrigger::bench
