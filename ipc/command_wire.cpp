#include "ipc/command_wire.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace outrigger::ipc::wire {
namespace {

std::string not_allowed(const char* what, const char* verb, std::uint64_t value, std::uint64_t min,
                        std::uint64_t max) {
  std::string text(what);
  text.append(verb).append(std::to_string(value)).append(" (allowed: ").append(std::to_string(min));
  return text.append(" to ").append(std::to_string(max)).append(")");
}

std::string of_kind(std::uint16_t kind, const std::string& error) {
  std::string text(kind_name(kind));
  return text.append(": ").append(error);
}

// One list of fields per kind serves both directions: `fields(codec, body)` calls the codec for each, in wire order.
// A codec's number() goes into the slot, text() and ids() into the arena.

class Encoder {
 public:
  template <class T>
  void number(const char* what, T& value, std::uint64_t min, std::uint64_t max) {
    const auto v = static_cast<std::uint64_t>(value);
    out_.fixed[used_++] = v;
    if (v < min || v > max) complain(not_allowed(what, " is ", v, min, max));
  }
  void text(const char* what, std::string& value, std::size_t min, std::size_t max) {
    length(what, value.size(), min, max);
    if (!error_.empty()) return;
    const std::size_t at = out_.payload.size();
    out_.payload.resize(at + (value.size() + 7) / 8);
    std::memcpy(out_.payload.data() + at, value.data(), value.size());
  }
  void ids(const char* what, std::vector<std::uint64_t>& value) {
    length(what, value.size(), 0, limits::id_list);
    out_.payload.insert(out_.payload.end(), value.begin(), value.end());
  }
  template <class Item, class Each>
  void list(const char* what, std::vector<Item>& items, std::size_t min, std::size_t max, const Each& each) {
    length(what, items.size(), min, max);
    for (Item& item : items) {
      if (error_.empty()) each(item);
    }
  }
  void inner(const char*, std::uint64_t& value) { out_.payload.push_back(value); }
  Encoded& out() { return out_; }
  std::string& error() { return error_; }

 private:
  void length(const char* what, std::size_t size, std::size_t min, std::size_t max) {
    if (size < min || size > max) {
      complain(not_allowed(what, " has ", size, min, max));
    }
    if (error_.empty()) out_.payload.push_back(size);
  }
  void complain(const std::string& text) {
    if (error_.empty()) error_ = text;
  }
  Encoded out_;
  std::size_t used_ = 0;
  std::string error_;
};

class Decoder {
 public:
  Decoder(const Fixed& fixed, std::span<const std::uint64_t> payload) : fixed_(fixed), payload_(payload) {}

  template <class T>
  void number(const char* what, T& value, std::uint64_t min, std::uint64_t max) {
    const std::uint64_t v = fixed_[used_++];
    if (v < min || v > max) {
      return complain(not_allowed(what, " is ", v, min, max));
    }
    value = static_cast<T>(v);
  }
  void text(const char* what, std::string& value, std::size_t min, std::size_t max) {
    const std::size_t size = length(what, min, max);
    const std::size_t words = (size + 7) / 8;
    if (!room(what, words)) return;
    value.assign(reinterpret_cast<const char*>(payload_.data()), size);
    payload_ = payload_.subspan(words);
  }
  void ids(const char* what, std::vector<std::uint64_t>& value) {
    const std::size_t size = length(what, 0, limits::id_list);
    if (!room(what, size)) return;
    value.assign(payload_.begin(), payload_.begin() + static_cast<std::ptrdiff_t>(size));
    payload_ = payload_.subspan(size);
  }
  template <class Item, class Each>
  void list(const char* what, std::vector<Item>& items, std::size_t min, std::size_t max, const Each& each) {
    const std::size_t size = length(what, min, max);
    for (std::size_t i = 0; i < size && error_.empty(); ++i) each(items.emplace_back());
  }
  void inner(const char* what, std::uint64_t& value) {
    if (!room(what, 1)) return;
    value = payload_.front();
    payload_ = payload_.subspan(1);
  }
  // Nothing may be left over: what this side doesn't know must be 0.
  std::string finish() {
    while (used_ < slot_fixed_words && error_.empty()) {
      if (fixed_[used_++] != 0) complain("a reserved word is not 0");
    }
    if (!payload_.empty()) complain(std::to_string(payload_.size() * 8) + " bytes of payload are left over");
    return std::move(error_);
  }

 private:
  std::size_t length(const char* what, std::size_t min, std::size_t max) {
    std::uint64_t size = 0;
    inner(what, size);
    if (error_.empty() && (size < min || size > max)) {
      complain(not_allowed(what, " has ", size, min, max));
    }
    return error_.empty() ? static_cast<std::size_t>(size) : 0;
  }
  bool room(const char* what, std::size_t words) {
    if (words > payload_.size()) complain(std::string(what).append(" is longer than the payload"));
    return error_.empty();
  }
  void complain(const std::string& text) {
    if (error_.empty()) error_ = text;
  }
  const Fixed& fixed_;
  std::span<const std::uint64_t> payload_;
  std::size_t used_ = 0;
  std::string error_;
};

constexpr std::uint64_t u32 = 0xFFFFFFFF;
constexpr std::uint64_t any = ~std::uint64_t{0};

template <class C>
void fields(C& c, Hello& b) {
  c.text("nonce", b.nonce, limits::nonce_min_bytes, limits::nonce_max_bytes);
  c.text("client version", b.client_version, 0, limits::client_version_bytes);
  c.text("application id", b.application_id, 0, limits::application_id_bytes);
}
template <class C>
void fields(C&, ResyncBegin&) {}
template <class C>
void fields(C&, ResyncEnd&) {}
template <class C>
void fields(C& c, GrantIds& b) {
  c.number("first id", b.first, 1, any - limits::id_block);
  c.number("count of ids", b.count, 1, limits::id_block);
}
template <class C>
void fields(C& c, Policy& b) {
  c.number("max pending pods", b.max_pending_pods, 0, u32);
  c.number("max pending pods per profile", b.max_pending_pods_per_profile, 0, u32);
  c.number("maximum id", b.maximum_id, 0, any);
  constexpr std::uint64_t years = std::uint64_t{1} << 40;  // ms; no overflow when it becomes nanoseconds
  c.number("creation timeout", b.creation_timeout_ms, 0, years);
  c.number("idle timeout", b.idle_timeout_ms, 0, years);
  c.number("batch size", b.batch_size, 0, u32);
  c.number("batch delay", b.batch_delay_ms, 0, years);
  c.number("delete on termination", b.delete_on_termination, 0, 1);
  c.number("driver grace", b.driver_grace_ms, 0, years);
  c.number("termination grace", b.termination_grace_s, 0, u32);
  c.number("reuse claims", b.reuse_claims, 0, 1);
  c.number("wait for claims", b.wait_for_claims, 0, 1);
  c.number("maximum claims", b.maximum_claims, 0, u32);
}
template <class C>
void sample(C& c, Sample& s) {
  c.inner("sample's executor id", s.executor_id);
  c.text("pod", s.pod_json, 1, limits::pod_json_bytes);
  c.list("extra resources", s.extra_json, 0, limits::template_extras,
         [&](std::string& extra) { c.text("extra resource", extra, 1, limits::pod_json_bytes); });
}
template <class C>
void fields(C& c, PostTemplate& b) {
  c.number("profile", b.profile, 0, u32);
  c.number("revision", b.revision, 0, u32);
  c.number("digits of the ids", b.id_digits, 1, limits::id_digits);
  c.list("samples", b.samples, 2, limits::template_samples, [&](Sample& s) { sample(c, s); });
}
template <class C>
void fields(C& c, PostRendered& b) {
  c.number("profile", b.profile, 0, u32);
  sample(c, b.sample);
}
template <class C>
void fields(C& c, SetTarget& b) {
  c.number("profile", b.profile, 0, u32);
  c.number("executors", b.executors, 0, limits::target_executors);
}
template <class C>
void fields(C& c, KnownDelta& b) {
  c.number("full", b.full, 0, 1);
  c.ids("added ids", b.added);
  c.ids("removed ids", b.removed);
}
template <class C>
void fields(C& c, ConfirmDelete& b) {
  c.ids("ids", b.ids);
}
template <class C>
void fields(C& c, DeleteExecutors& b) {
  c.ids("ids", b.ids);
}
template <class C>
void fields(C& c, Ack& b) {
  c.number("sequence", b.sequence, 0, any);
}
template <class C>
void fields(C&, Drain&) {}
template <class C>
void fields(C&, Detach&) {}

// Body with the alternative of this index, default-made.
template <std::size_t... I>
Body make_body(std::size_t index, std::index_sequence<I...>) {
  Body body;
  ((index == I ? static_cast<void>(body.emplace<I>()) : void()), ...);
  return body;
}

}  // namespace

const char* kind_name(std::uint16_t kind) {
  static constexpr const char* names[] = {
      "hello",  "resync_begin", "resync_end",     "grant_ids", "policy", "template", "rendered",
      "target", "known",        "confirm_delete", "delete",    "ack",    "drain",    "detach"};
  static_assert(sizeof names / sizeof *names == kinds);
  return kind >= 1 && kind <= kinds ? names[kind - 1] : "unknown";
}

Outcome<Encoded> encode(const Body& body) {
  Encoder encoder;
  const auto kind = static_cast<std::uint16_t>(body.index() + 1);
  // The encoder only reads: one list of fields serves both directions, and decoding writes.
  std::visit([&](const auto& b) { fields(encoder, const_cast<std::remove_cvref_t<decltype(b)>&>(b)); }, body);
  encoder.out().kind = kind;
  const std::size_t bytes = encoder.out().payload.size() * 8;
  if (encoder.error().empty() && bytes > limits::command_payload_bytes) {
    encoder.error() = not_allowed("payload in bytes", " is ", bytes, 0, limits::command_payload_bytes);
  }
  if (!encoder.error().empty()) {
    return Failure{Reason::invalid, of_kind(kind, encoder.error())};
  }
  return std::move(encoder.out());
}

Outcome<Body> decode(std::uint16_t kind, const Fixed& fixed, std::span<const std::uint64_t> payload) {
  if (kind < 1 || kind > kinds)
    return Failure{Reason::invalid, "unknown command kind " + std::to_string(kind)};
  Body body = make_body(kind - 1u, std::make_index_sequence<kinds>());
  Decoder decoder(fixed, payload);
  std::visit([&](auto& b) { fields(decoder, b); }, body);
  const std::string error = decoder.finish();
  if (!error.empty()) return Failure{Reason::invalid, of_kind(kind, error)};
  return body;
}

std::uint64_t payload_hash(std::span<const std::uint64_t> words) {
  std::uint64_t h = words.size();
  for (const std::uint64_t word : words) {
    h = (h ^ word) * 0x9E3779B97F4A7C15ull;
    h ^= h >> 29;
  }
  return h;
}

}  // namespace outrigger::ipc::wire
