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
#include <memory>
#include <string_view>

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
  // The stream has ended: a complete frame that waits for its line end, with the beginning of another one behind it,
  // comes out of next() now.
  void finish() { finished_ = true; }
  // A new connection: forgets everything.
  void reset();
  // Bytes of an unfinished frame at the end of a stream (white space between frames apart): 0 = it ended between frames.
  std::size_t pending() const;

 private:
  struct Scan {  // bracket counting, resumable; `at` counts from the frame's first byte
    std::size_t at = 0;
    std::uint32_t depth = 0;
    bool in_string = false;
    bool escaped = false;
    bool run(std::string_view part);  // true: `at` is just behind the document
  };
  // The unread bytes: those in the buffer, then those in the chunk. A frame begins at the first.
  std::string_view own() const { return {buffer_.get() + begin_, end_ - begin_}; }
  std::string_view rest() const { return chunk_.substr(at_); }
  char byte(std::size_t index) const;
  bool skip_space();
  bool count();
  std::size_t find_line_end();
  std::size_t trimmed(std::size_t length) const;
  Next emit(std::size_t length, bool presumed, Frame& out);
  Next keep();
  void append_from_chunk(std::size_t bytes);

  std::size_t limit_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;  // padding included
  std::size_t begin_ = 0, end_ = 0;
  std::string_view chunk_;
  std::size_t at_ = 0;
  std::size_t line_at_ = 0;  // searched for LF up to here, from the frame's first byte
  Scan scan_;
  bool counting_ = false;  // this frame is found by counting only
  bool lines_ = true;      // LF stood behind the last frame (or nothing yet)
  bool finished_ = false;
  bool last_in_chunk_ = false;
  std::size_t last_begin_ = 0;  // where reject() goes back to
};

}  // namespace outrigger::kube
