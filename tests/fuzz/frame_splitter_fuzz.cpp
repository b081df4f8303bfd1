// However a stream is cut, the splitter finds the same frames, inside its bound, with readable padding.
// First byte: length of the pieces. The rest: the stream.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "agent/kube/frame_splitter.h"

namespace {

using outrigger::kube::FrameSplitter;
using outrigger::kube::json_padding;
constexpr std::size_t bound = 4096;

void expect(bool truth) {
  if (!truth) std::abort();
}

// The judge of a presumed line, as the decoder is one.
bool balanced(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    in_string = c == '"';
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return i + 1 == text.size();
  }
  return false;
}

struct Split {
  std::vector<std::string> frames;
  FrameSplitter::Next end = FrameSplitter::Next::more;
};

Split split(std::string_view text, std::size_t piece) {
  Split out;
  FrameSplitter splitter(bound);
  for (std::size_t from = 0; from < text.size(); from += piece) {
    const std::string copy(text.substr(from, piece));
    splitter.feed(copy);
    if (from + piece >= text.size()) splitter.finish();
    FrameSplitter::Frame frame;
    while ((out.end = splitter.next(frame)) == FrameSplitter::Next::frame) {
      const std::string_view bytes = frame.json.bytes();
      expect(!bytes.empty() && bytes.size() <= bound && bytes.front() == '{');
      if (frame.presumed && !balanced(bytes)) {
        splitter.reject();
        continue;
      }
      char padding[json_padding];
      std::memcpy(padding, bytes.data() + bytes.size(), json_padding);
      out.frames.emplace_back(bytes);
    }
    if (out.end != FrameSplitter::Next::more) break;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Split whole = split(text, text.size());
  const Split pieces = split(text, 1u + data[0]);
  expect(whole.frames == pieces.frames);
  expect(whole.end == pieces.end);
  return 0;
}
