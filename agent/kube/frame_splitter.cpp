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

FrameSplitter::FrameSplitter(std::size_t max_frame_bytes) : x_limit(max_frame_bytes) {}

void FrameSplitter::reset() {
  if (x_capacity > kept_capacity) {
    x_buffer.reset();
    x_capacity = 0;
  }
  x_begin = x_end = x_at = x_line_at = 0;
  x_chunk = {};
  x_scan = {};
  x_counting = x_finished = false;
  x_lines = true;
}

void FrameSplitter::feed(std::string_view chunk) {
  x_chunk = chunk;
  x_at = 0;
}

char FrameSplitter::byte(std::size_t index) const {
  const std::size_t held = x_end - x_begin;
  return index < held ? x_buffer[x_begin + index] : x_chunk[x_at + index - held];
}

std::size_t FrameSplitter::pending() const {
  const std::size_t bytes = own().size() + rest().size();
  for (std::size_t i = 0; i < bytes; ++i) {
    if (!is_space(byte(i))) return bytes - i;
  }
  return 0;
}

bool FrameSplitter::skip_space() {
  while (x_begin < x_end && is_space(x_buffer[x_begin])) x_lines |= x_buffer[x_begin++] == '\n';
  if (x_begin < x_end) return true;
  while (x_at < x_chunk.size() && is_space(x_chunk[x_at])) x_lines |= x_chunk[x_at++] == '\n';
  return x_at < x_chunk.size();
}

FrameSplitter::Next FrameSplitter::next(Frame& out) {
  if (!skip_space()) return Next::more;
  if (byte(0) != '{') return Next::garbage;
  // A stream without LF between frames must not wait for one.
  if (!x_lines || x_finished) x_counting = true;
  if (!x_counting) {
    const std::size_t line = find_line_end();
    if (line != none) {
      const std::size_t length = trimmed(line);
      if (byte(length - 1) == '}' && length <= x_limit) return emit(length, true, out);
      x_counting = true;  // LF inside the document, or too much for one
    } else {
      // Perhaps complete all the same; worth a look only if it ends like a document, or is over the limit.
      const std::size_t bytes = own().size() + rest().size();
      if (byte(trimmed(bytes) - 1) != '}' && bytes <= x_limit) return keep();
    }
  }
  return count() ? emit(x_scan.at, false, out) : keep();
}

// First LF of the unread bytes, from the frame's first byte.
std::size_t FrameSplitter::find_line_end() {
  const std::string_view held = own();
  std::size_t found = none;
  if (x_line_at < held.size()) found = held.find('\n', x_line_at);
  if (found == none) {
    const std::string_view more = rest();
    const std::size_t from = std::max(x_line_at, held.size()) - held.size();
    if (from < more.size()) {
      const void* lf = std::memchr(more.data() + from, '\n', more.size() - from);
      if (lf != nullptr)
        found = held.size() + static_cast<std::size_t>(static_cast<const char*>(lf) - more.data());
    }
    x_line_at = found == none ? held.size() + more.size() : found;
  }
  return found;
}

std::size_t FrameSplitter::trimmed(std::size_t length) const {
  while (is_space(byte(length - 1))) --length;  // ends at the '{' at the latest
  return length;
}

bool FrameSplitter::count() {
  const std::string_view held = own();
  if (x_scan.at < held.size() && x_scan.run(held.substr(x_scan.at))) return true;
  return x_scan.run(rest().substr(x_scan.at - held.size()));
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
  if (length > x_limit) return Next::too_long;
  const std::size_t held = own().size();
  x_last_in_chunk = held == 0 && x_chunk.size() - x_at - length >= json_padding;
  if (x_last_in_chunk) {
    x_last_begin = x_at;
    x_at += length;
    out.json = Padded::trusted(x_chunk.substr(x_last_begin, length));
  } else {
    if (held < length) append_from_chunk(length - held);
    x_last_begin = x_begin;
    x_begin += length;
    out.json = Padded::trusted({x_buffer.get() + x_last_begin, length});
  }
  out.presumed = presumed;
  x_line_at = 0;
  x_scan = {};
  x_counting = false;
  if (!presumed) x_lines = false;  // until LF is seen behind it
  return Next::frame;
}

void FrameSplitter::reject() {
  (x_last_in_chunk ? x_at : x_begin) = x_last_begin;
  x_counting = true;
}

FrameSplitter::Next FrameSplitter::keep() {
  if (own().size() + rest().size() > x_limit) return Next::too_long;
  append_from_chunk(rest().size());
  return Next::more;
}

// The only copy a byte may see, growth of the buffer apart.
void FrameSplitter::append_from_chunk(std::size_t bytes) {
  if (bytes == 0) return;
  const std::size_t held = x_end - x_begin;
  const std::size_t needed = held + bytes + json_padding;
  if (needed > x_capacity) {
    const std::size_t capacity = std::max(needed, std::min(x_capacity * 2, x_limit + json_padding));
    auto grown = std::make_unique_for_overwrite<char[]>(capacity);
    std::copy_n(x_buffer.get() + x_begin, held, grown.get());
    x_buffer = std::move(grown);
    x_capacity = capacity;
    x_begin = 0;
  } else if (x_begin > 0) {
    std::memmove(x_buffer.get(), x_buffer.get() + x_begin, held);
    x_begin = 0;
  }
  std::memcpy(x_buffer.get() + held, x_chunk.data() + x_at, bytes);
  x_end = held + bytes;
  x_at += bytes;
}

}  // namespace outrigger::kube
