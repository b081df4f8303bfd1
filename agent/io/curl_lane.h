// One libcurl multi on the loop. Its sockets live in an epoll set of the lane's own, of which the loop watches one
// descriptor: libcurl closes sockets without saying so, an epoll set forgets them, Asio would not.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace outrigger::io {

class AsioLoop;

struct LaneOptions {
  long host_connections = 1;  // at the same time
  long kept_connections = 1;  // alive for reuse
  long streams = 0;           // of one HTTP/2 connection; 0: no multiplexing
  std::size_t turn_bytes = 0;
};

class CurlLane {
 public:
  struct Owner {
    // The easy handle and its CURLcode, outside of libcurl's callbacks; the handle is out of the multi.
    std::function<void(void* easy, int code)> done;
    // Delivers what the exchange holds back, within the share (asks deliver()). True: some is left.
    std::function<bool(std::uint64_t exchange)> catch_up;
  };
  CurlLane(AsioLoop& loop, const LaneOptions& options, Owner owner);
  ~CurlLane();
  CurlLane(const CurlLane&) = delete;
  CurlLane& operator=(const CurlLane&) = delete;

  // Not from libcurl's callbacks: ask inside() first, and use defer().
  void add(void* easy);
  void remove(void* easy);
  bool inside() const;
  void limit_connections(long at_once);  // from now on
  // Runs once libcurl has been left, before anything else of this lane.
  void defer(std::function<void()> work);
  // From the write callback: may this much be delivered now? Then it counts. Otherwise the exchange keeps it and says
  // so once; libcurl is not called again before all exchanges have caught up. So one turn delivers at most turn_bytes
  // and one chunk, although libcurl itself reads up to 100 buffers in one call.
  bool deliver(std::size_t bytes);
  void fell_behind(std::uint64_t exchange);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace outrigger::io
