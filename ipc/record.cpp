#include "ipc/record.h"

#include <algorithm>
#include <cstring>

#include "ipc/limits.h"

namespace outrigger::ipc {
namespace {

constexpr std::uint64_t join(std::uint32_t low, std::uint32_t high) {
  return std::uint64_t{high} << 32 | low;
}
constexpr std::uint32_t low(std::uint64_t word) {
  return static_cast<std::uint32_t>(word);
}
constexpr std::uint32_t high(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> 32);
}
constexpr std::uint8_t byte(std::uint64_t word, int n) {
  return static_cast<std::uint8_t>(word >> 8 * n);
}
constexpr std::uint64_t word3(std::uint32_t profile, RecordKind kind, unsigned b5, unsigned b6, unsigned b7) {
  return std::uint64_t{profile} | static_cast<std::uint64_t>(kind) << 32 | std::uint64_t{b5} << 40 |
         std::uint64_t{b6} << 48 | std::uint64_t{b7} << 56;
}

// The longest prefix of at most `room` bytes that doesn't end inside a UTF-8 character.
std::string_view cut(std::string_view text, std::size_t room) {
  if (text.size() <= room) return text;
  while (room > 0 && (static_cast<unsigned char>(text[room]) & 0xC0) == 0x80) --room;
  return text.substr(0, room);
}

}  // namespace

Record pack(const PodRecord& pod) {
  Record r;
  auto& w = r.words;
  w[2] = pod.executor_id;
  w[3] = word3(pod.profile, RecordKind::pod, pod.state, pod.phase, pod.container_state);
  w[4] = std::uint64_t{static_cast<std::uint32_t>(pod.exit_code)} | std::uint64_t{pod.exit_class} << 32 |
         std::uint64_t{pod.create_error} << 40 | std::uint64_t{pod.flags} << 48;
  w[5] = pod.uid[0];
  w[6] = pod.uid[1];
  std::memcpy(&w[7], pod.ip.data(), 16);
  w[9] = pod.resource_version;
  w[10] = static_cast<std::uint64_t>(pod.created_at_ms);
  w[11] = static_cast<std::uint64_t>(pod.scheduled_at_ms);
  w[12] = static_cast<std::uint64_t>(pod.started_at_ms);
  w[13] = static_cast<std::uint64_t>(pod.finished_at_ms);
  w[14] = static_cast<std::uint64_t>(pod.deletion_at_ms);
  w[15] = pod.owner_command;
  return r;
}

PodRecord unpack_pod(const Record& r) {
  const auto& w = r.words;
  PodRecord pod;
  pod.executor_id = w[2];
  pod.profile = low(w[3]);
  pod.state = byte(w[3], 5);
  pod.phase = byte(w[3], 6);
  pod.container_state = byte(w[3], 7);
  pod.exit_code = static_cast<std::int32_t>(low(w[4]));
  pod.exit_class = byte(w[4], 4);
  pod.create_error = byte(w[4], 5);
  pod.flags = static_cast<std::uint16_t>(w[4] >> 48);
  pod.uid = {w[5], w[6]};
  std::memcpy(pod.ip.data(), &w[7], 16);
  pod.resource_version = w[9];
  pod.created_at_ms = static_cast<std::int64_t>(w[10]);
  pod.scheduled_at_ms = static_cast<std::int64_t>(w[11]);
  pod.started_at_ms = static_cast<std::int64_t>(w[12]);
  pod.finished_at_ms = static_cast<std::int64_t>(w[13]);
  pod.deletion_at_ms = static_cast<std::int64_t>(w[14]);
  pod.owner_command = w[15];
  return pod;
}

Record pack(const ProfileRecord& p) {
  Record r;
  auto& w = r.words;
  w[2] = join(p.target, p.creating);
  w[3] = word3(p.profile, RecordKind::profile, p.wait, p.last_error, 0);
  w[4] = join(p.pending, p.running);
  w[5] = join(p.terminating, p.template_revision);
  w[6] = std::uint64_t{p.template_digits} | std::uint64_t{p.template_wanted} << 16;
  w[7] = static_cast<std::uint64_t>(p.retry_at_ns);
  w[8] = p.created_total;
  w[9] = p.create_failed_total;
  return r;
}

ProfileRecord unpack_profile(const Record& r) {
  const auto& w = r.words;
  ProfileRecord p;
  p.target = low(w[2]);
  p.creating = high(w[2]);
  p.profile = low(w[3]);
  p.wait = byte(w[3], 5);
  p.last_error = byte(w[3], 6);
  p.pending = low(w[4]);
  p.running = high(w[4]);
  p.terminating = low(w[5]);
  p.template_revision = high(w[5]);
  p.template_digits = static_cast<std::uint16_t>(w[6]);
  p.template_wanted = static_cast<std::uint16_t>(w[6] >> 16);
  p.retry_at_ns = static_cast<std::int64_t>(w[7]);
  p.created_total = w[8];
  p.create_failed_total = w[9];
  return p;
}

Record pack(const ControlRecord& c) {
  Record r;
  r.words[2] = c.resource_version;
  r.words[3] =
      word3(0, RecordKind::control, c.session, c.last_error, (c.synced ? 1u : 0u) | (c.stale ? 2u : 0u));
  r.words[4] = join(c.ids_wanted, c.drain_left);
  return r;
}

ControlRecord unpack_control(const Record& r) {
  ControlRecord c;
  c.resource_version = r.words[2];
  c.session = byte(r.words[3], 5);
  c.last_error = byte(r.words[3], 6);
  c.synced = byte(r.words[3], 7) & 1;
  c.stale = byte(r.words[3], 7) & 2;
  c.ids_wanted = low(r.words[4]);
  c.drain_left = high(r.words[4]);
  return c;
}

ColdWords pack(const ColdText& text) {
  const std::string_view name = cut(text.name, limits::name_bytes);
  const std::string_view node = cut(text.node, limits::node_bytes);
  const std::string_view reason = cut(text.reason, limits::reason_bytes);
  const std::string_view message =
      cut(text.message, limits::cold_bytes - name.size() - node.size() - reason.size());
  const bool is_cut = name.size() < text.name.size() || node.size() < text.node.size() ||
                      reason.size() < text.reason.size() || message.size() < text.message.size();
  ColdWords words{};
  words[1] = std::uint64_t{is_cut} << 32;
  words[2] = name.size() | node.size() << 16 | reason.size() << 32 | message.size() << 48;
  char* out = reinterpret_cast<char*>(&words[3]);
  for (const std::string_view part : {name, node, reason, message})
    out = std::copy(part.begin(), part.end(), out);
  return words;
}

ColdText unpack_cold(const ColdWords& words) {
  ColdText text;
  text.cut = words[1] >> 32 & 1;
  const char* in = reinterpret_cast<const char*>(&words[3]);
  std::size_t left = limits::cold_bytes;
  int shift = 0;
  for (std::string* part : {&text.name, &text.node, &text.reason, &text.message}) {
    const std::size_t size = std::min<std::size_t>(words[2] >> shift & 0xFFFF, left);
    part->assign(in, size);
    in += size;
    left -= size;
    shift += 16;
  }
  return text;
}

static_assert(3 * 8 + limits::cold_bytes == cold_words * 8);

}  // namespace outrigger::ipc
