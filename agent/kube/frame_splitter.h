// Bytes as they come -> one JSON document after the other, however they were cut, with LF between them or
// not, pretty-printed or not.
//
// The server ends each frame with LF. A line that begins with '{' and ends with '}' is *presumed* to be one
// document: proof would cost a pass over every byte, and the decoder makes that pass anyway. If the decoder
// finds it unbalanced or two documents in one, reject() takes the frame back and the same bytes are split by
// counting brackets. Everything else (no LF, LF inside a document) is split by counting from the start.
//
// A frame lies in the caller's chunk if it can (no copy), else in the splitter's own buffer (one copy).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/core/limits.h"
#include "agent/kube/padded.h"

namespace outrigger::kube {

class FrameSplitter {
 public:
  enum class Next : std::uint8_t {
    frame,
    more,      // the chunk is used up: feed()
    too_long,  // a frame over the limit: drop the connection
    garbage,   // a frame must begin with '{': drop the connection
  };
  struct Frame {
    Padded json = Padded::trusted({});  // until the next call of a non-const member
    bool presumed = false;              // reject() is allowed
  };

  explicit FrameSplitter(std::size_t max_frame_bytes = core::limits::frame_bytes);

  // Borrows the chunk until next() answers `more`. Only then feed the next one.
  void feed(std::string_view chunk);
  Next next(Frame& out);
  // Right after a presumed frame only: next() gives the same bytes again, split by counting.
  void reject();
  // A new connection: forgets everything.
  void reset();
  // Bytes of an unfinished frame at the end of a stream (white space apart): 0 = it ended between frames.
  std::size_t pending() const;

 private:
  struct Scan {  // bracket counting, resumable
    std::size_t at = 0;
    std::uint32_t depth = 0;
    bool in_string = false;
    bool escaped = false;
  };
  std::string_view own() const;   // unread bytes of the buffer
  std::string_view rest() const;  // unread bytes of the chunk
  bool skip_space();
  Next emit(std::size_t length, bool presumed, Frame& out);
  Next keep();
  bool count(std::size_t& length);
  bool find_line(std::size_t& length, bool& presumable);

  std::size_t x_limit;
  std::vector<char> x_buffer;  // capacity + padding
  std::size_t x_begin = 0, x_end = 0;
  std::string_view x_chunk;
  std::size_t x_at = 0;
  std::size_t x_line_at = 0;  // searched for LF so far, from the frame's first byte
  Scan x_scan;
  bool x_counting = false;  // this frame, by brackets
  bool x_lines = true;      // the stream has LF between its frames so far
  std::size_t x_last_begin = 0, x_last_at = 0;
};

}  // namespace outrigger::kube
