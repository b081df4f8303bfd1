#include "ipc/command_producer.h"

#include <algorithm>

#include "ipc/futex.h"

namespace outrigger::ipc {

CommandProducer::CommandProducer(std::span<std::byte> queue, const StateView& state, std::uint64_t epoch)
    : header_(reinterpret_cast<QueueHeader*>(queue.data())),
      slots_(reinterpret_cast<CommandSlot*>(queue.data() + queue_slots_offset)),
      arena_(reinterpret_cast<Word64*>(queue.data() + queue_arena_offset)),
      state_(state),
      epoch_(epoch) {}

// A contiguous range; returns its offset. Ranges are given back in the order they were taken.
std::optional<std::uint64_t> CommandProducer::reserve(std::size_t bytes) {
  const std::uint64_t need = (bytes + arena_unit_bytes - 1) / arena_unit_bytes * arena_unit_bytes;
  std::uint64_t head = arena_head_;
  if (head == arena_tail_) {  // empty: start at 0, so that the whole arena is in one piece
    head = (head + limits::arena_bytes - 1) / limits::arena_bytes * limits::arena_bytes;
    arena_tail_ = head;
  }
  const std::uint64_t offset = head % limits::arena_bytes;
  if (offset + need > limits::arena_bytes) head += limits::arena_bytes - offset;
  if (head + need - arena_tail_ > limits::arena_bytes) return std::nullopt;
  arena_head_ = head + need;
  return head % limits::arena_bytes;
}

CommandProducer::Posted CommandProducer::post(const wire::Body& body) {
  const std::uint64_t id = posted_ + 1;
  // Acquire: the agent stores this after it has copied the slot out, so writing it again can't disturb that.
  const bool counted = state_.header->commands_epoch.load_acquire() == epoch_;
  const std::uint64_t consumed = counted ? state_.header->commands_consumed.load_acquire() : 0;
  if (posted_ - std::min(consumed, posted_) >= limits::queue_slots)
    return {Posted::Status::full, 0, "no free slot"};
  const bool wants_result = !std::holds_alternative<wire::Ack>(body);
  if (wants_result && !pending_.empty() && id - pending_.front().id >= limits::results) {
    return {Posted::Status::full, 0, "too many commands without a result"};
  }
  auto encoded = wire::encode(body);
  if (!encoded) return {Posted::Status::invalid, 0, encoded.failure().text};
  const auto& payload = encoded.value().payload;
  std::uint64_t offset = 0;
  if (!payload.empty()) {
    const auto range = reserve(payload.size() * 8);
    if (!range) return {Posted::Status::full, 0, "no room in the arena"};
    offset = *range;
    // Release stores, like every payload word (C7); what publishes them is the slot's word 0.
    for (std::size_t i = 0; i < payload.size(); ++i) arena_[offset / 8 + i].store_release(payload[i]);
  }
  Word64* words = slots_[(id - 1) % limits::queue_slots].words;
  words[1].store_release(epoch_);
  words[2].store_release(std::uint64_t{encoded.value().kind} | std::uint64_t{payload.size() * 8} << 32);
  words[3].store_release(offset);
  words[4].store_release(payload.empty() ? 0 : wire::payload_hash(payload));
  for (std::size_t i = 0; i < slot_fixed_words; ++i)
    words[slot_fixed_word + i].store_release(encoded.value().fixed[i]);
  words[0].store_release(id);  // publishes slot and payload to CommandConsumer::take_one()
  posted_ = id;
  if (wants_result) pending_.push_back({id, payload.empty() ? 0 : arena_head_});
  return {Posted::Status::ok, id, {}};
}

void CommandProducer::flush() {
  if (flushed_ == posted_) return;
  flushed_ = posted_;
  // The mirror of SnapshotWriter::commit(); the other half is CommandWait::wait().
  header_->tail.store_seq_cst(posted_);
  if (state_.header->commands_sleeping.load_seq_cst() == 0) return;
  header_->wake_seq.add_release(1);
  futex_wake(header_->wake_seq.futex_address(), 1);
}

std::optional<Result> CommandProducer::take_result() {
  if (pending_.empty()) return std::nullopt;
  auto result = read_result(state_, epoch_, pending_.front().id);
  if (!result) return std::nullopt;
  if (pending_.front().arena_end != 0) arena_tail_ = pending_.front().arena_end;
  pending_.pop_front();
  return result;
}

}  // namespace outrigger::ipc
