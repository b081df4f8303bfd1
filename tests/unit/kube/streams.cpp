#include "tests/unit/kube/streams.h"

#include <algorithm>
#include <charconv>

namespace outrigger::kube::testing {

std::string dechunk(std::string_view raw) {
  std::string out;
  while (!raw.empty()) {
    std::size_t length = 0;
    std::from_chars(raw.data(), raw.data() + raw.size(), length, 16);
    raw.remove_prefix(raw.find("\r\n") + 2);
    if (length == 0) break;
    out.append(raw.substr(0, length));
    raw.remove_prefix(length + 2);
  }
  return out;
}

std::string watch_body(const std::string& name) {
  const support::Transcript transcript = support::load_transcript(name);
  return name == "watch-chunked-framing-raw" ? dechunk(transcript.body) : transcript.body;
}

std::vector<std::size_t> every(std::size_t step, std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t at = step; at < size; at += step) cuts.push_back(at);
  return cuts;
}

Decoded decode(std::string_view body, const std::vector<std::size_t>& cuts, std::size_t max_frame_bytes) {
  Decoded out;
  WatchStream stream({}, max_frame_bytes);
  WatchFrame frame;
  std::size_t from = 0;
  for (std::size_t piece = 0; piece <= cuts.size(); ++piece) {
    const std::size_t to = piece < cuts.size() ? std::min(cuts[piece], body.size()) : body.size();
    const std::vector<char> copy(body.begin() + static_cast<std::ptrdiff_t>(from),
                                 body.begin() + static_cast<std::ptrdiff_t>(std::max(from, to)));
    from = std::max(from, to);
    stream.feed({copy.data(), copy.size()});
    while (true) {
      const auto next = stream.next(frame);
      if (next == WatchStream::Next::more) break;
      if (next == WatchStream::Next::bad) {
        out.error = stream.error().text;
        return out;
      }
      out.frames.push_back(frame);
    }
  }
  out.pending = stream.pending();
  return out;
}

const core::Pod& pod_of(const WatchFrame& frame) {
  if (const auto* applied = std::get_if<core::PodApplied>(&frame.event)) return applied->pod;
  return std::get<core::PodDeleted>(frame.event).pod;
}

std::string letters(const std::vector<WatchFrame>& frames) {
  std::string out;
  for (const WatchFrame& frame : frames) out += "AMDBE"[static_cast<std::size_t>(frame.type)];
  return out;
}

bool same(const WatchFrame& a, const WatchFrame& b) {
  if (a.type != b.type) return false;
  if (a.type == FrameType::error)
    return a.error.error_class == b.error.error_class && a.error.message == b.error.message;
  if (a.resource_version != b.resource_version || a.initial_events_end != b.initial_events_end) return false;
  return a.type == FrameType::bookmark || pod_of(a) == pod_of(b);
}

bool same(const std::vector<WatchFrame>& a, const std::vector<WatchFrame>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const WatchFrame& left, const WatchFrame& right) { return same(left, right); });
}

std::string pod_event(std::string_view type, std::string_view name, std::string_view version) {
  std::string text = R"({"type":")";
  text.append(type).append(R"(","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":")").append(name);
  text.append(R"(","uid":")").append(some_uid).append(R"(","resourceVersion":")").append(version);
  return text + R"("}}})";
}

}  // namespace outrigger::kube::testing
