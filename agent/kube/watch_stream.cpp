#include "agent/kube/watch_stream.h"

#include <utility>

namespace outrigger::kube {

WatchStream::WatchStream(DecoderOptions options, std::size_t max_frame_bytes)
    : limit_(max_frame_bytes), splitter_(max_frame_bytes), decoder_(std::move(options)) {}

void WatchStream::reset() {
  splitter_.reset();
  error_ = {};
}

void WatchStream::feed(std::string_view chunk) {
  splitter_.feed(chunk);
}

WatchStream::Next WatchStream::next(WatchFrame& out) {
  FrameSplitter::Frame frame;
  while (true) {
    switch (splitter_.next(frame)) {
      case FrameSplitter::Next::more:
        return Next::more;
      case FrameSplitter::Next::too_long:
        error_.text = "watch event over the bound of " + std::to_string(limit_) + " bytes";
        return Next::bad;
      case FrameSplitter::Next::garbage:
        error_.text = "watch event does not begin with '{'";
        return Next::bad;
      case FrameSplitter::Next::frame:
        break;
    }
    Status decoded = decoder_.frame(frame.json, out);
    if (decoded) return Next::frame;
    if (!frame.presumed) {
      error_ = std::move(decoded.error());
      return Next::bad;
    }
    // Perhaps the line is not the document: once more, by counting.
    splitter_.reject();
  }
}

}  // namespace outrigger::kube
