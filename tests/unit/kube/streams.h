// Watch bodies for the tests: recorded ones, and every way to cut them.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/kube/watch_stream.h"
#include "tests/support/transcript.h"

namespace outrigger::kube::testing {

std::string dechunk(std::string_view raw);
// The body of a recorded watch, without the chunked coding.
std::string watch_body(const std::string& name);

struct Decoded {
  std::vector<WatchFrame> frames;
  std::string error;  // empty: the stream was fine
  std::size_t pending = 0;
};
// Feeds the pieces between the cuts; each piece is a copy of its own, so that a frame never sees what follows it.
Decoded decode(std::string_view body, const std::vector<std::size_t>& cuts = {},
               std::size_t max_frame_bytes = core::limits::frame_bytes);
std::vector<std::size_t> every(std::size_t step, std::size_t size);

const core::Pod& pod_of(const WatchFrame& frame);
std::string letters(const std::vector<WatchFrame>& frames);  // "AMMD"
bool same(const WatchFrame& a, const WatchFrame& b);
bool same(const std::vector<WatchFrame>& a, const std::vector<WatchFrame>& b);

// A pod event with the given name and version, everything else as small as it can be.
std::string pod_event(std::string_view type, std::string_view name, std::string_view version);
inline constexpr std::string_view some_uid = "296c5505-9687-4a42-a788-0623ee428443";

}  // namespace outrigger::kube::testing
