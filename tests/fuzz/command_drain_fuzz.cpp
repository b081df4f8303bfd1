// Arbitrary bytes as the command queue. First byte: 1 = a second thread changes words while the agent drains. Then
// records of (u32 word, u64 value): written over a queue that holds a few good commands, the first half before the
// drain, the second half by the thread or between drains.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <thread>
#include <vector>

#include "ipc/command_consumer.h"
#include "ipc/command_producer.h"
#include "ipc/command_queue.h"

using namespace outrigger::ipc;

namespace {

void require(bool held) {
  if (!held) std::abort();
}

struct Hit {
  std::uint32_t where;
  std::uint64_t value;
};

// Mostly where it matters: header and first slots, or the start of the arena.
std::size_t word_of(std::uint32_t where) {
  const std::uint32_t place = where >> 2;
  switch (where & 3) {
    case 0:
      return queue_slots_offset / 8 + place % (16 * 32);
    case 1:
      return queue_arena_offset / 8 + place % 4096;
    case 2:
      return place % (queue_slots_offset / 8);
    default:
      return place % (queue_bytes / 8);
  }
}

// Mapped once; between inputs only what was touched is cleared.
struct Memory {
  std::byte* queue = static_cast<std::byte*>(std::aligned_alloc(4096, queue_bytes));
  std::byte* state =
      static_cast<std::byte*>(std::aligned_alloc(4096, geometry(limits::capacity_min).file_bytes));
  Memory() { std::memset(queue, 0, queue_bytes); }
};

void drain_all(CommandConsumer& consumer, const std::vector<Hit>& between, Word64* words) {
  std::vector<Drained> out;
  std::uint64_t before = consumer.consumed();
  for (std::size_t i = 0; i <= between.size(); ++i) {
    out.clear();
    const std::size_t count = consumer.drain(7, out);
    require(count <= 7 && count == out.size());
    require(consumer.consumed() == before + count);
    before = consumer.consumed();
    for (const Drained& c : out) {
      require(c.body.has_value() || !c.malformed.empty());
      if (c.body) require(wire::encode(*c.body).ok());  // within every bound
    }
    if (!consumer.breach().empty()) break;
    if (i < between.size()) words[word_of(between[i].where)].store_relaxed(between[i].value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static Memory memory;
  const bool threaded = data[0] & 1;
  ++data, --size;
  std::vector<Hit> hits;
  for (; size >= 12 && hits.size() < 200; data += 12, size -= 12) {
    Hit hit{};
    std::memcpy(&hit.where, data, 4);
    std::memcpy(&hit.value, data + 4, 8);
    hits.push_back(hit);
  }
  const std::span<std::byte> queue(memory.queue, queue_bytes);
  const std::size_t state_bytes = geometry(limits::capacity_min).file_bytes;
  std::memset(memory.state, 0, state_bytes);
  const StateView state = format_state({memory.state, state_bytes}, limits::capacity_min, {77, {0, 0}, 1});
  format_queue(queue, 77, 5);
  CommandConsumer consumer(queue, state, 5);
  CommandProducer producer(queue, state, 5);
  producer.post(wire::Hello{"nonce-12", "fuzz", "app"});
  producer.post(wire::PostTemplate{1, 1, 4, {{1111, "{\"a\":1}", {"{}"}}, {2222, "{\"a\":2}", {}}}});
  producer.post(wire::KnownDelta{true, {1, 2, 3}, {4}});
  producer.post(wire::SetTarget{1, 10});
  auto* words = reinterpret_cast<Word64*>(memory.queue);
  const std::size_t half = hits.size() / 2;
  for (std::size_t i = 0; i < half; ++i) words[word_of(hits[i].where)].store_relaxed(hits[i].value);
  const std::vector<Hit> rest(hits.begin() + static_cast<std::ptrdiff_t>(half), hits.end());
  if (threaded && !rest.empty()) {
    std::atomic<bool> done{false};
    std::thread driver([&] {
      for (std::size_t i = 0; !done; ++i) {
        const Hit& hit = rest[i % rest.size()];
        words[word_of(hit.where)].store_relaxed(hit.value + i / rest.size());
      }
    });
    drain_all(consumer, {}, words);
    drain_all(consumer, {}, words);
    done = true;
    driver.join();
  } else {
    drain_all(consumer, rest, words);
  }
  for (const Hit& hit : hits) words[word_of(hit.where)].store_relaxed(0);
  std::memset(memory.queue, 0, queue_slots_offset + 32 * sizeof(CommandSlot));
  std::memset(memory.queue + queue_arena_offset, 0, 4096 * 8);
  return 0;
}
