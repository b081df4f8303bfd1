// One libcurl multi on the loop. Its sockets live in an epoll set of the lane's own, of which the loop watches one
// descriptor: libcurl closes sockets without saying so, an epoll set forgets them, Asio would not.
#pragma once
#include <cstddef>
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
  // `on_done` gets the easy handle and its CURLcode, outside of libcurl's callbacks; the handle is out of the multi.
  CurlLane(AsioLoop& loop, const LaneOptions& options, std::function<void(void* easy, int code)> on_done);
  ~CurlLane();
  CurlLane(const CurlLane&) = delete;
  CurlLane& operator=(const CurlLane&) = delete;

  // Not from libcurl's callbacks: ask inside() first, and use defer().
  void add(void* easy);
  void remove(void* easy);
  bool inside() const;
  // Runs once libcurl has been left, before anything else of this lane.
  void defer(std::function<void()> work);
  // The write callback reports what it delivered; the turn ends when its share is used up.
  void delivered(std::size_t bytes);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace outrigger::io
