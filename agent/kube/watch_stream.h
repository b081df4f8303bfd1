// The body of one watch: bytes in, decoded frames out. Splitter and decoder together, because only the
// decoder can tell a presumed line from a document.
#pragma once
#include <cstdint>
#include <string_view>

#include "agent/core/result.h"
#include "agent/kube/frame_splitter.h"
#include "agent/kube/pod_decoder.h"

namespace outrigger::kube {

class WatchStream {
 public:
  enum class Next : std::uint8_t {
    frame,
    more,  // feed() the next chunk
    bad,   // error() says why; drop the connection
  };
  explicit WatchStream(DecoderOptions options = {}, std::size_t max_frame_bytes = core::limits::frame_bytes);

  void reset();                       // a new connection
  void feed(std::string_view chunk);  // borrowed until next() answers `more`
  Next next(WatchFrame& out);
  // The body has ended; next() may still have frames of a server that writes no line ends.
  void finish() { splitter_.finish(); }
  const Error& error() const { return error_; }
  std::size_t pending() const { return splitter_.pending(); }

 private:
  std::size_t limit_;
  FrameSplitter splitter_;
  PodDecoder decoder_;
  Error error_;
};

}  // namespace outrigger::kube
