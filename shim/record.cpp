#include "shim/record.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace outrigger::shim {
namespace {

std::string uid_text(const Uid& uid) {
  if (uid[0] == 0 && uid[1] == 0) return {};
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(uid[0] >> 32),
                static_cast<unsigned>(uid[0] >> 16 & 0xFFFF), static_cast<unsigned>(uid[0] & 0xFFFF),
                static_cast<unsigned>(uid[1] >> 48),
                static_cast<unsigned long long>(uid[1] & 0xFFFF'FFFF'FFFFull));
  return text.data();
}

std::string ip_text(const std::array<std::uint8_t, 16>& ip) {
  static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::all_of(ip.begin(), ip.end(), [](std::uint8_t byte) { return byte == 0; })) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = std::equal(mapped.begin(), mapped.end(), ip.begin());
  if (inet_ntop(v4 ? AF_INET : AF_INET6, ip.data() + (v4 ? mapped.size() : 0), text.data(), text.size()) ==
      nullptr)
    return {};
  return text.data();
}

}  // namespace

bool copy_text(const std::string& text, char* out, std::size_t bytes) {
  std::size_t length = std::min(text.size(), bytes - 1);
  if (length < text.size())
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  for (std::size_t i = 0; i < length; ++i)
    out[i] = static_cast<unsigned char>(text[i]) < 0x20 ? ' ' : text[i];
  std::memset(out + length, 0, bytes - length);
  return length < text.size();
}

void to_change(const Record& record, std::uint64_t sequence, outrigger_change& change) {
  change = outrigger_change{};
  change.sequence = sequence;
  change.executor_id = record.executor_id;
  change.profile = record.profile;
  change.flags = record.flags;
  change.state = record.state;
  change.phase = record.phase;
  change.exit_class = record.exit_class;
  change.create_error = record.create_error;
  change.container_state = record.container_state;
  change.exit_code = record.exit_code;
  change.resource_version = record.resource_version;
  change.owner_command = record.owner_command;
  change.created_at_ms = record.created_at_ms;
  change.scheduled_at_ms = record.scheduled_at_ms;
  change.started_at_ms = record.started_at_ms;
  change.finished_at_ms = record.finished_at_ms;
  change.deletion_at_ms = record.deletion_at_ms;
  copy_text(uid_text(record.uid), change.uid, sizeof change.uid);
  copy_text(ip_text(record.ip), change.ip, sizeof change.ip);
  bool cut = copy_text(record.name, change.name, sizeof change.name);
  cut |= copy_text(record.node, change.node, sizeof change.node);
  cut |= copy_text(record.reason, change.reason, sizeof change.reason);
  cut |= copy_text(record.message, change.message, sizeof change.message);
  if (cut) change.flags |= OUTRIGGER_CHANGE_CUT;
}

}  // namespace outrigger::shim
