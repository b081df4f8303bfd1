#include "agent/core/id_book.h"

#include <iterator>

#include "agent/core/limits.h"

namespace outrigger::core {
namespace {

std::string block_text(std::uint64_t first, std::uint64_t end) {
  return std::to_string(first) + ".." + std::to_string(end - 1);
}

constexpr std::uint64_t id_end() {
  std::uint64_t end = 1;
  for (int i = 0; i < limits::id_digits; ++i) end *= 10;
  return end;
}

}  // namespace

std::uint8_t decimal_digits(std::uint64_t value) {
  std::uint8_t digits = 1;
  while (value >= 10) {
    value /= 10;
    ++digits;
  }
  return digits;
}

void IdBook::connect(const std::string& nonce) {
  retired_ += left_;
  left_ = 0;
  blocks_.clear();
  if (nonce == nonce_) return;
  nonce_ = nonce;
  granted_.clear();
}

Status IdBook::grant(const GrantIds& block) {
  if (block.count == 0) return fail("id block at " + std::to_string(block.first.value) + " is empty");
  if (block.count > limits::id_block_size)
    return fail("id block of " + std::to_string(block.count) + " ids is larger than " +
                std::to_string(limits::id_block_size));
  if (block.first.value == 0) return fail("id block begins with 0: executor ids begin with 1");
  if (block.first.value >= id_end() || block.count > id_end() - block.first.value)
    return fail("id block at " + std::to_string(block.first.value) + " has ids of more than " +
                std::to_string(limits::id_digits) + " digits");
  const std::uint64_t first = block.first.value, end = first + block.count;

  auto after = granted_.lower_bound(first);
  if (after != granted_.end() && after->first < end)
    return fail("id block " + block_text(first, end) + " overlaps " +
                block_text(after->first, after->second) + ", which was granted before");
  if (after != granted_.begin()) {
    const auto before = std::prev(after);
    if (before->second > first)
      return fail("id block " + block_text(first, end) + " overlaps " +
                  block_text(before->first, before->second) + ", which was granted before");
  }
  const bool joins_before = after != granted_.begin() && std::prev(after)->second == first;
  const bool joins_after = after != granted_.end() && after->first == end;
  if (blocks_.size() >= limits::id_blocks ||
      (granted_.size() >= limits::id_blocks && !joins_before && !joins_after))
    return fail("more than " + std::to_string(limits::id_blocks) + " id blocks");

  std::uint64_t merged_first = first, merged_end = end;
  if (joins_after) {
    merged_end = after->second;
    after = granted_.erase(after);
  }
  if (joins_before) {
    merged_first = std::prev(after)->first;
    granted_.erase(std::prev(after));
  }
  granted_.emplace(merged_first, merged_end);
  blocks_.push_back({first, end});
  left_ += block.count;
  return {};
}

std::optional<ExecutorId> IdBook::peek() const {
  if (blocks_.empty()) return std::nullopt;
  return ExecutorId{blocks_.front().next};
}

std::optional<ExecutorId> IdBook::at(const Cursor& cursor) const {
  if (cursor.block >= blocks_.size()) return std::nullopt;
  return ExecutorId{blocks_[cursor.block].next + cursor.offset};
}

void IdBook::advance(Cursor& cursor) const {
  if (cursor.block >= blocks_.size()) return;
  if (blocks_[cursor.block].next + ++cursor.offset < blocks_[cursor.block].end) return;
  ++cursor.block;
  cursor.offset = 0;
}

std::optional<ExecutorId> IdBook::take() {
  const auto id = peek();
  if (!id) return std::nullopt;
  Block& block = blocks_.front();
  if (++block.next == block.end) blocks_.pop_front();
  --left_;
  return id;
}

bool IdBook::granted(ExecutorId id) const {
  auto after = granted_.upper_bound(id.value);
  return after != granted_.begin() && id.value < std::prev(after)->second;
}

}  // namespace outrigger::core
