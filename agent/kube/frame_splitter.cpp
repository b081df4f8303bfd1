#include "agent/kube/frame_splitter.h"

#include <algorithm>
#include <cstring>

namespace outrigger::kube {
namespace {

constexpr std::size_t none = std::string_view::npos;
constexpr std::size_t kept_capacity = 1u << 20;  // a buffer that grew beyond is given back by reset()

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

FrameSplitter::FrameSplitter(std::size_t max_frame_bytes) : limit_(max_frame_bytes) {}

void FrameSplitter::reset() {
  if (capacity_ > kept_capacity) {
    buffer_.reset();
    capacity_ = 0;
  }
  begin_ = end_ = at_ = line_at_ = 0;
  chunk_ = {};
  scan_ = {};
  counting_ = finished_ = false;
  lines_ = true;
}

void FrameSplitter::feed(std::string_view chunk) {
  chunk_ = chunk;
  at_ = 0;
}

char FrameSplitter::byte(std::size_t index) const {
  const std::size_t held = end_ - begin_;
  return index < held ? buffer_[begin_ + index] : chunk_[at_ + index - held];
}

std::size_t FrameSplitter::pending() const {
  const std::size_t bytes = own().size() + rest().size();
  for (std::size_t i = 0; i < bytes; ++i) {
    if (!is_space(byte(i))) return bytes - i;
  }
  return 0;
}

bool FrameSplitter::skip_space() {
  while (begin_ < end_ && is_space(buffer_[begin_])) lines_ |= buffer_[begin_++] == '\n';
  if (begin_ < end_) return true;
  while (at_ < chunk_.size() && is_space(chunk_[at_])) lines_ |= chunk_[at_++] == '\n';
  return at_ < chunk_.size();
}

FrameSplitter::Next FrameSplitter::next(Frame& out) {
  if (!skip_space()) return Next::more;
  if (byte(0) != '{') return Next::garbage;
  // A stream without LF between frames must not wait for one.
  if (!lines_ || finished_) counting_ = true;
  if (!counting_) {
    const std::size_t line = find_line_end();
    if (line != none) {
      const std::size_t length = trimmed(line);
      if (byte(length - 1) == '}' && length <= limit_) return emit(length, true, out);
      counting_ = true;  // LF inside the document, or too much for one
    } else {
      // Perhaps complete all the same; worth a look only if it ends like a document, or is over the limit.
      const std::size_t bytes = own().size() + rest().size();
      if (byte(trimmed(bytes) - 1) != '}' && bytes <= limit_) return keep();
    }
  }
  return count() ? emit(scan_.at, false, out) : keep();
}

// First LF of the unread bytes, from the frame's first byte.
std::size_t FrameSplitter::find_line_end() {
  const std::string_view held = own();
  std::size_t found = none;
  if (line_at_ < held.size()) found = held.find('\n', line_at_);
  if (found == none) {
    const std::string_view more = rest();
    const std::size_t from = std::max(line_at_, held.size()) - held.size();
    if (from < more.size()) {
      const void* lf = std::memchr(more.data() + from, '\n', more.size() - from);
      if (lf != nullptr)
        found = held.size() + static_cast<std::size_t>(static_cast<const char*>(lf) - more.data());
    }
    line_at_ = found == none ? held.size() + more.size() : found;
  }
  return found;
}

std::size_t FrameSplitter::trimmed(std::size_t length) const {
  while (is_space(byte(length - 1))) --length;  // ends at the '{' at the latest
  return length;
}

bool FrameSplitter::count() {
  const std::string_view held = own();
  if (scan_.at < held.size() && scan_.run(held.substr(scan_.at))) return true;
  return scan_.run(rest().substr(scan_.at - held.size()));
}

bool FrameSplitter::Scan::run(std::string_view part) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    const char c = part[i];
    if (in_string) {
      if (escaped) {
        escaped = false;
      } else if (c == '\\') {
        escaped = true;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      at += i + 1;
      return true;
    }
  }
  at += part.size();
  return false;
}

FrameSplitter::Next FrameSplitter::emit(std::size_t length, bool presumed, Frame& out) {
  if (length > limit_) return Next::too_long;
  const std::size_t held = own().size();
  last_in_chunk_ = held == 0 && chunk_.size() - at_ - length >= json_padding;
  if (last_in_chunk_) {
    last_begin_ = at_;
    at_ += length;
    out.json = Padded::trusted(chunk_.substr(last_begin_, length));
  } else {
    if (held < length) append_from_chunk(length - held);
    last_begin_ = begin_;
    begin_ += length;
    out.json = Padded::trusted({buffer_.get() + last_begin_, length});
  }
  out.presumed = presumed;
  line_at_ = 0;
  scan_ = {};
  counting_ = false;
  if (!presumed) lines_ = false;  // until LF is seen behind it
  return Next::frame;
}

void FrameSplitter::reject() {
  (last_in_chunk_ ? at_ : begin_) = last_begin_;
  counting_ = true;
}

FrameSplitter::Next FrameSplitter::keep() {
  if (own().size() + rest().size() > limit_) return Next::too_long;
  append_from_chunk(rest().size());
  return Next::more;
}

// The only copy a byte may see, growth of the buffer apart.
void FrameSplitter::append_from_chunk(std::size_t bytes) {
  if (bytes == 0) return;
  const std::size_t held = end_ - begin_;
  const std::size_t needed = held + bytes + json_padding;
  if (needed > capacity_) {
    const std::size_t capacity = std::max(needed, std::min(capacity_ * 2, limit_ + json_padding));
    auto grown = std::make_unique_for_overwrite<char[]>(capacity);
    std::copy_n(buffer_.get() + begin_, held, grown.get());
    buffer_ = std::move(grown);
    capacity_ = capacity;
    begin_ = 0;
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, held);
    begin_ = 0;
  }
  std::memcpy(buffer_.get() + held, chunk_.data() + at_, bytes);
  end_ = held + bytes;
  at_ += bytes;
}

}  // namespace outrigger::kube
