#include "ipc/command_consumer.h"

#include <algorithm>

namespace outrigger::ipc {

CommandConsumer::CommandConsumer(std::span<std::byte> queue, const StateView& state, std::uint64_t epoch)
    : header_(reinterpret_cast<QueueHeader*>(queue.data())),
      slots_(reinterpret_cast<CommandSlot*>(queue.data() + queue_slots_offset)),
      arena_(reinterpret_cast<Word64*>(queue.data() + queue_arena_offset)),
      state_(state),
      epoch_(epoch) {
  // Before the epoch is stored (release), so that the new driver never pairs it with the last one's count.
  state_.header->commands_consumed.store_release(0);
  state_.header->commands_epoch.store_release(epoch);
}

bool CommandConsumer::more() const {
  return breach_.empty() && slots_[head_ % limits::queue_slots].words[0].load_acquire() == head_ + 1;
}

std::size_t CommandConsumer::drain(std::size_t max, std::vector<Drained>& out) {
  const std::size_t before = out.size();
  const std::size_t bound = before + std::min<std::size_t>(max, limits::drain_commands);
  std::size_t budget = limits::drain_payload_bytes;
  while (out.size() < bound && breach_.empty() && take_one(out, budget)) {
  }
  // Release: everything was copied out before; CommandProducer::post() acquires it and writes the slots again.
  if (out.size() != before) state_.header->commands_consumed.store_release(head_);
  return out.size() - before;
}

bool CommandConsumer::take_one(std::vector<Drained>& out, std::size_t& budget) {
  const std::uint64_t expected = head_ + 1;
  const Word64* shared = slots_[head_ % limits::queue_slots].words;
  // Acquire: pairs with the last store of CommandProducer::post().
  const std::uint64_t sequence = shared[0].load_acquire();
  const std::uint64_t previous_lap = expected > limits::queue_slots ? expected - limits::queue_slots : 0;
  if (sequence == previous_lap) return false;
  if (sequence != expected) {
    breach_ = "slot " + std::to_string(head_ % limits::queue_slots) + " holds sequence " +
              std::to_string(sequence) + " instead of " + std::to_string(expected);
    return false;
  }
  // Copied once; from here on the shared slot is not looked at again.
  std::array<std::uint64_t, 32> slot;
  for (std::size_t i = 1; i < slot.size(); ++i) slot[i] = shared[i].load_acquire();
  const auto kind = static_cast<std::uint16_t>(slot[2]);
  const std::uint64_t bytes = slot[2] >> 32;
  const std::uint64_t offset = slot[3];
  const auto broken = [&](const std::string& what) {
    breach_ = "command " + std::to_string(expected) + " " + what;
    return false;
  };
  if (slot[1] != epoch_) return broken("is of epoch " + std::to_string(slot[1]));
  if (kind < 1 || kind > wire::kinds) return broken("is of unknown kind " + std::to_string(kind));
  if ((slot[2] >> 16 & 0xFFFF) != 0) return broken("has a reserved field that is not 0");
  if (bytes > limits::command_payload_bytes || bytes % 8 != 0) {
    return broken("has a payload of " + std::to_string(bytes) + " bytes");
  }
  const bool inside = offset % arena_unit_bytes == 0 && offset <= limits::arena_bytes - bytes;
  if (!inside || (bytes == 0 && (offset != 0 || slot[4] != 0))) return broken("points outside the arena");
  if (bytes > budget) return false;  // next drain, which starts with the whole budget
  budget -= bytes;

  copy_.resize(bytes / 8);
  const Word64* from = arena_ + offset / 8;
  for (std::size_t i = 0; i < copy_.size(); ++i) copy_[i] = from[i].load_acquire();
  if (bytes != 0 && wire::payload_hash(copy_) != slot[4])
    return broken("has a payload that is not the one posted");

  wire::Fixed fixed;
  std::copy(slot.begin() + slot_fixed_word, slot.end(), fixed.begin());
  Drained drained;
  drained.id = expected;
  drained.kind = kind;
  auto body = wire::decode(kind, fixed, copy_);
  if (body) {
    drained.body = body.take();
  } else {
    drained.malformed = body.failure().text;
  }
  out.push_back(std::move(drained));
  head_ = expected;
  return true;
}

}  // namespace outrigger::ipc
