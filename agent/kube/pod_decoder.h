// JSON of the API server -> values, only the fields that core::Pod has. On-demand: what is read is checked,
// what is not read is only checked for UTF-8 and balance. A result is whole or an error; after an error `out`
// is unspecified and must not be used.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/api_error.h"
#include "agent/core/pod_event.h"
#include "agent/core/result.h"
#include "agent/kube/padded.h"

namespace outrigger::kube {

enum class FrameType : std::uint8_t { added, modified, deleted, bookmark, error };

// One watch event. Keep one and decode into it again and again: its strings keep their memory.
struct WatchFrame {
  FrameType type = FrameType::bookmark;
  core::PodEvent event;             // PodApplied, PodDeleted or PodBookmark; unspecified for error
  std::string resource_version;     // as text: the point to resume from
  bool initial_events_end = false;  // the bookmark that ends WatchList's first phase
  core::ApiError error;             // for error: an in-band Status, already classified
};

// One page of a list. Keep one and decode into it again: only the first `count` pods are of this page.
struct ListPage {
  std::string resource_version;
  std::string continue_token;             // empty = last page
  std::optional<std::int64_t> remaining;  // never sent with a selector
  std::vector<core::Pod> pods;
  std::size_t count = 0;
};

struct DecoderOptions {
  std::string container_name = "spark-kubernetes-executor";
};

// Not thread-safe; reuses its parser's memory. Input bytes are borrowed for the call only.
class PodDecoder {
 public:
  explicit PodDecoder(DecoderOptions options = {});
  ~PodDecoder();
  PodDecoder(PodDecoder&&) noexcept;
  PodDecoder& operator=(PodDecoder&&) noexcept;

  Status frame(Padded json, WatchFrame& out);
  Status page(Padded json, ListPage& out);  // PodList or PartialObjectMetadataList
  // The answer of GET, POST, PATCH or DELETE: a Pod, or a PartialObjectMetadata (uid, name, version, labels).
  Status pod(Padded json, core::Pod& out);
  // Gives back the parser's memory after a list of large pages.
  void release();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::kube
