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
  explicit Impl(DecoderOptions options) : x_reader(x_json, std::move(options.container_name)) {}

  bool frame(Padded json, WatchFrame& out) {
    if (!x_json.open(json)) return false;
    bool typed = false, done = false, early = false;
    const auto visit = [&](RawKey key) {
      if (key.is("type")) {
        if (typed) return x_json.fault("type", "stands there twice");
        RawText raw;
        if (!x_json.raw("type", raw)) return false;
        const auto type = type_of(raw.inner);
        if (!type) return x_json.fault("type", "is none of ADDED, MODIFIED, DELETED, BOOKMARK, ERROR");
        out.type = *type;
        return typed = true;
      }
      if (!key.is("object")) return true;
      if (done || early) return x_json.fault("object", "stands there twice");
      if (!typed) return early = true;  // skipped for now
      return done = true, object(out);
    };
    if (!x_json.object("event", visit)) return false;
    if (!x_json.finish()) return false;
    if (!typed) return x_json.fault("type", "is missing");
    if (early && !done) return object_first(json, out);
    return done || x_json.fault("object", "is missing");
  }

  bool page(Padded json, ListPage& out) {
    out.resource_version.clear();
    out.continue_token.clear();
    out.remaining.reset();
    out.count = 0;
    std::string kind;
    if (!x_json.open(json)) return false;
    const auto visit = [&](RawKey key) {
      if (key.is("metadata")) return list_metadata(out);
      if (key.is("kind")) return x_json.text("kind", kind);
      if (!key.is("items")) return true;
      return x_json.array("items", [&] {
        if (out.count == out.pods.size()) out.pods.emplace_back();
        core::Pod& pod = out.pods[out.count];
        clear(pod);
        if (!x_reader.read(pod, x_facts) || !x_reader.is_whole(pod)) return false;
        ++out.count;
        return true;
      });
    };
    if (!x_json.object("list", visit) || !x_json.finish()) return false;
    if (kind != "PodList" && kind != "PartialObjectMetadataList" && kind != "List")
      return x_json.fault("kind", "is not PodList");
    if (out.resource_version.empty())
      return x_json.fault("metadata.resourceVersion", "of the list is missing");
    return true;
  }

  bool pod(Padded json, core::Pod& out) {
    clear(out);
    if (!x_json.open(json)) return false;
    if (!x_reader.read(out, x_facts) || !x_json.finish()) return false;
    if (x_facts.foreign_kind) return x_json.fault("kind", "is not Pod");
    return x_reader.is_whole(out);
  }

  tl::unexpected<Error> error(const char* what) const {
    return fail(std::string(what) + ": " + x_json.fault_text());
  }
  void release() { x_json.release(); }

 private:
  bool object(WatchFrame& out) {
    if (out.type == FrameType::error) return in_band_error(out);
    out.initial_events_end = false;
    if (out.type == FrameType::bookmark) {
      clear(x_skeleton);
      if (!x_reader.read(x_skeleton, x_facts)) return false;
      out.initial_events_end = x_facts.initial_events_end;
      out.event = core::PodBookmark{x_skeleton.resource_version};
    } else {
      core::Pod& pod = pod_of(out.event, out.type);
      if (!x_reader.read(pod, x_facts) || !x_reader.is_whole(pod)) return false;
    }
    if (x_facts.foreign_kind) return x_json.fault("object.kind", "is not Pod");
    if (x_facts.resource_version.empty())
      return x_json.fault("object.metadata.resourceVersion", "is missing");
    out.resource_version = x_facts.resource_version;
    return true;
  }

  bool in_band_error(WatchFrame& out) {
    StatusFields status;
    std::string kind;
    if (!read_status(x_json, status, kind)) return false;
    out.error = classify_in_band(status);
    return true;
  }

  // No server writes the object before its type, but JSON allows it: a second pass, now that the type is known.
  bool object_first(Padded json, WatchFrame& out) {
    if (!x_json.open(json)) return false;
    return x_json.object("event", [&](RawKey key) { return key.is("object") ? object(out) : true; });
  }

  bool list_metadata(ListPage& out) {
    return x_json.object("metadata", [&](RawKey key) {
      if (key.is("resourceVersion")) return x_json.text("metadata.resourceVersion", out.resource_version);
      if (key.is("continue")) return x_json.text("metadata.continue", out.continue_token);
      if (!key.is("remainingItemCount")) return true;
      std::int64_t remaining = -1;
      if (!x_json.integer("metadata.remainingItemCount", 0, std::numeric_limits<std::int64_t>::max(),
                          remaining))
        return false;
      if (remaining >= 0) out.remaining = remaining;
      return true;
    });
  }

  JsonReader x_json;
  PodReader x_reader;
  ObjectFacts x_facts;
  core::Pod x_skeleton;
};

PodDecoder::PodDecoder(DecoderOptions options) : x_impl(std::make_unique<Impl>(std::move(options))) {}
PodDecoder::~PodDecoder() = default;
PodDecoder::PodDecoder(PodDecoder&&) noexcept = default;
PodDecoder& PodDecoder::operator=(PodDecoder&&) noexcept = default;

Status PodDecoder::frame(Padded json, WatchFrame& out) {
  if (!x_impl->frame(json, out)) return x_impl->error("watch event");
  return {};
}

Status PodDecoder::page(Padded json, ListPage& out) {
  if (!x_impl->page(json, out)) return x_impl->error("list page");
  return {};
}

Status PodDecoder::pod(Padded json, core::Pod& out) {
  if (!x_impl->pod(json, out)) return x_impl->error("pod");
  return {};
}

void PodDecoder::release() {
  x_impl->release();
}

}  // namespace outrigger::kube
