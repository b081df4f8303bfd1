// Executor ids as the driver grants them, in blocks, never the same id twice (C18, S8).
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "agent/core/command.h"
#include "agent/core/ids.h"
#include "agent/core/result.h"

namespace outrigger::core {

std::uint8_t decimal_digits(std::uint64_t value);

class IdBook {
 public:
  // A driver connection begins: what is left of older blocks is retired, never created from. Another nonce is
  // another driver, whose ids have nothing to do with the earlier one's.
  void connect(const std::string& nonce);
  // Refused: an empty or too large block, id 0, more digits than limits::id_digits, an overlap with anything
  // the same driver ever granted, too many blocks. A refusal changes nothing.
  Status grant(const GrantIds& block);

  std::optional<ExecutorId> peek() const;  // the next id to create
  std::optional<ExecutorId> take();
  // A walk over what is left, without taking: for decide().
  struct Cursor {
    std::size_t block = 0;
    std::uint64_t offset = 0;
  };
  std::optional<ExecutorId> at(const Cursor& cursor) const;
  void advance(Cursor& cursor) const;
  std::uint64_t left() const { return left_; }
  std::uint64_t retired() const { return retired_; }
  bool granted(ExecutorId id) const;  // ever, by this driver on any connection this agent saw

 private:
  struct Block {
    std::uint64_t next = 0, end = 0;
  };
  std::string nonce_;
  std::deque<Block> blocks_;                        // to create from, in the order granted
  std::map<std::uint64_t, std::uint64_t> granted_;  // first -> end, disjoint, neighbours merged
  std::uint64_t left_ = 0, retired_ = 0;
};

}  // namespace outrigger::core
