#include "agent/kube/watch_stream.h"

#include <utility>

namespace outrigger::kube {

WatchStream::WatchStream(DecoderOptions options, std::size_t max_frame_bytes)
    : x_limit(max_frame_bytes), x_splitter(max_frame_bytes), x_decoder(std::move(options)) {}

void WatchStream::reset() {
  x_splitter.reset();
  x_error = {};
}

void WatchStream::feed(std::string_view chunk) {
  x_splitter.feed(chunk);
}

WatchStream::Next WatchStream::next(WatchFrame& out) {
  FrameSplitter::Frame frame;
  while (true) {
    switch (x_splitter.next(frame)) {
      case FrameSplitter::Next::more:
        return Next::more;
      case FrameSplitter::Next::too_long:
        x_error.text = "watch event over the bound of " + std::to_string(x_limit) + " bytes";
        return Next::bad;
      case FrameSplitter::Next::garbage:
        x_error.text = "watch event does not begin with '{'";
        return Next::bad;
      case FrameSplitter::Next::frame:
        break;
    }
    Status decoded = x_decoder.frame(frame.json, out);
    if (decoded) return Next::frame;
    if (!frame.presumed) {
      x_error = std::move(decoded.error());
      return Next::bad;
    }
    // Perhaps the line is not the document: once more, by counting.
    x_splitter.reject();
  }
}

}  // namespace outrigger::kube
