#include "agent/kube/pod_decoder.h"

#include "agent/kube/json_reader.h"
#include "agent/kube/pod_reader.h"
#include "agent/kube/resource_version.h"
#include "agent/kube/status_decoder.h"
#include "agent/kube/status_reader.h"

namespace outrigger::kube {
namespace {

std::optional<FrameType> type_of(std::string_view text) {
  if (text == "MODIFIED") return FrameType::modified;
  if (text == "ADDED") return FrameType::added;
  if (text == "DELETED") return FrameType::deleted;
  if (text == "BOOKMARK") return FrameType::bookmark;
  if (text == "ERROR") return FrameType::error;
  return std::nullopt;
}

// The event's pod, emptied; a variant that already holds the kind keeps its strings' memory.
core::Pod& pod_of(core::PodEvent& event, FrameType type) {
  core::Pod* pod = nullptr;
  if (type == FrameType::deleted) {
    if (!std::holds_alternative<core::PodDeleted>(event)) event.emplace<core::PodDeleted>();
    pod = &std::get<core::PodDeleted>(event).pod;
  } else {
    if (!std::holds_alternative<core::PodApplied>(event)) event.emplace<core::PodApplied>();
    pod = &std::get<core::PodApplied>(event).pod;
  }
  clear(*pod);
  return *pod;
}

}  // namespace

class PodDecoder::Impl {
 public:
  explicit Impl(DecoderOptions options) : reader_(json_, std::move(options.container_name)) {}

  bool frame(Padded json, WatchFrame& out) {
    if (!json_.open(json)) return false;
    bool typed = false, done = false, early = false;
    const auto visit = [&](RawKey key) {
      if (key.is("type")) {
        if (typed) return json_.fault("type", "stands there twice");
        RawText raw;
        if (!json_.raw("type", raw)) return false;
        const auto type = type_of(raw.inner);
        if (!type) return json_.fault("type", "is none of ADDED, MODIFIED, DELETED, BOOKMARK, ERROR");
        out.type = *type;
        return typed = true;
      }
      if (!key.is("object")) return true;
      if (done || early) return json_.fault("object", "stands there twice");
      if (!typed) return early = true;  // skipped for now
      return done = true, object(out);
    };
    if (!json_.object("event", visit)) return false;
    if (!json_.finish()) return false;
    if (!typed) return json_.fault("type", "is missing");
    if (early && !done) return object_first(json, out);
    return done || json_.fault("object", "is missing");
  }

  bool page(Padded json, ListPage& out) {
    out.resource_version.clear();
    out.continue_token.clear();
    out.remaining.reset();
    out.count = 0;
    std::string kind;
    if (!json_.open(json)) return false;
    const auto visit = [&](RawKey key) {
      if (key.is("metadata")) return list_metadata(out);
      if (key.is("kind")) return json_.text("kind", kind);
      if (!key.is("items")) return true;
      return json_.array("items", [&] {
        if (out.count == out.pods.size()) out.pods.emplace_back();
        core::Pod& pod = out.pods[out.count];
        clear(pod);
        if (!reader_.read(pod, facts_) || !reader_.is_whole(pod)) return false;
        ++out.count;
        return true;
      });
    };
    if (!json_.object("list", visit) || !json_.finish()) return false;
    if (kind != "PodList" && kind != "PartialObjectMetadataList" && kind != "List")
      return json_.fault("kind", "is not PodList");
    if (out.resource_version.empty())
      return json_.fault("metadata.resourceVersion", "of the list is missing");
    return true;
  }

  bool pod(Padded json, core::Pod& out) {
    clear(out);
    if (!json_.open(json)) return false;
    if (!reader_.read(out, facts_) || !json_.finish()) return false;
    if (facts_.foreign_kind) return json_.fault("kind", "is not Pod");
    return reader_.is_whole(out);
  }

  tl::unexpected<Error> error(const char* what) const {
    return fail(std::string(what) + ": " + json_.fault_text());
  }
  void release() { json_.release(); }

 private:
  bool object(WatchFrame& out) {
    if (out.type == FrameType::error) return in_band_error(out);
    out.initial_events_end = false;
    if (out.type == FrameType::bookmark) {
      clear(skeleton_);
      if (!reader_.read(skeleton_, facts_)) return false;
      out.initial_events_end = facts_.initial_events_end;
      out.event = core::PodBookmark{skeleton_.resource_version};
    } else {
      core::Pod& pod = pod_of(out.event, out.type);
      if (!reader_.read(pod, facts_) || !reader_.is_whole(pod)) return false;
    }
    if (facts_.foreign_kind) return json_.fault("object.kind", "is not Pod");
    if (facts_.resource_version.empty()) return json_.fault("object.metadata.resourceVersion", "is missing");
    out.resource_version = facts_.resource_version;
    return true;
  }

  bool in_band_error(WatchFrame& out) {
    StatusFields status;
    std::string kind;
    if (!read_status(json_, status, kind)) return false;
    out.error = classify_in_band(status);
    return true;
  }

  // No server writes the object before its type, but JSON allows it: a second pass, now that the type is known.
  bool object_first(Padded json, WatchFrame& out) {
    if (!json_.open(json)) return false;
    return json_.object("event", [&](RawKey key) { return key.is("object") ? object(out) : true; });
  }

  bool list_metadata(ListPage& out) {
    return json_.object("metadata", [&](RawKey key) {
      if (key.is("resourceVersion")) return json_.text("metadata.resourceVersion", out.resource_version);
      if (key.is("continue")) return json_.text("metadata.continue", out.continue_token);
      if (!key.is("remainingItemCount")) return true;
      std::int64_t remaining = -1;
      if (!json_.integer("metadata.remainingItemCount", 0, std::numeric_limits<std::int64_t>::max(),
                         remaining))
        return false;
      if (remaining >= 0) out.remaining = remaining;
      return true;
    });
  }

  JsonReader json_;
  PodReader reader_;
  ObjectFacts facts_;
  core::Pod skeleton_;
};

PodDecoder::PodDecoder(DecoderOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
PodDecoder::~PodDecoder() = default;
PodDecoder::PodDecoder(PodDecoder&&) noexcept = default;
PodDecoder& PodDecoder::operator=(PodDecoder&&) noexcept = default;

Status PodDecoder::frame(Padded json, WatchFrame& out) {
  if (!impl_->frame(json, out)) return impl_->error("watch event");
  return {};
}

Status PodDecoder::page(Padded json, ListPage& out) {
  if (!impl_->page(json, out)) return impl_->error("list page");
  return {};
}

Status PodDecoder::pod(Padded json, core::Pod& out) {
  if (!impl_->pod(json, out)) return impl_->error("pod");
  return {};
}

void PodDecoder::release() {
  impl_->release();
}

}  // namespace outrigger::kube
