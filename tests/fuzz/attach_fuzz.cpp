// Arbitrary bytes as `state`. Two forms, by the first byte: 0 = the file as it is (the staged checks); otherwise a list
// of (u32 word, u64 value) written over a good state behind the fields that are checked, which a reader must survive.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "ipc/command_queue_layout.h"
#include "ipc/results.h"
#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "ipc/state_file.h"
#include "ipc/wakeup.h"

using namespace outrigger::ipc;

namespace {

void require(bool held) {
  if (!held) std::abort();
}

// Everything a driver or agentctl does with a state it attached to.
void read_all(const StateView& view) {
  SnapshotReader reader(view);
  std::vector<Record> table;
  Cursor cursor = reader.read_table(table).cursor;
  for (const Record& record : table) {
    require(record.slot() < view.shape.slots);
    (void)unpack_pod(record);
    (void)unpack_profile(record);
    (void)unpack_control(record);
    (void)reader.text(record);
  }
  std::vector<Record> out(100);
  for (int i = 0; i < 10; ++i) {
    const auto poll = reader.poll(cursor, out);
    require(poll.count <= out.size());
    for (std::size_t k = 0; k < poll.count; ++k) require(out[k].slot() < view.shape.slots);
  }
  (void)reader.history(0, [](const Record&) {});
  (void)reader.history(3, [](const Record&) {});
  (void)reader.freshness();
  for (std::uint64_t id = 0; id < 8; ++id) {
    const auto result = read_result(view, 5, id);
    require(!result || result->detail.size() <= limits::detail_bytes);
  }
  require(read_marks(view).size() <= limits::in_flight_marks);
  ReaderWait wait(view);
  (void)wait.wait({0, 0, true}, {0, 0});
}

struct Memory {
  explicit Memory(std::size_t size)
      : bytes(size), data(std::aligned_alloc(4096, (size + 4095) / 4096 * 4096 + 4096)) {}
  ~Memory() { std::free(data); }
  std::span<std::byte> span() const { return {static_cast<std::byte*>(data), bytes}; }
  std::size_t bytes;
  void* data;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t form = data[0];
  ++data, --size;
  CheckOptions options;
  options.accept_retired = true;
  if (form == 0) {
    Memory memory(size);
    std::memcpy(memory.data, data, size);
    const auto view = check_state(memory.span(), options);
    if (view) read_all(view.value());
    return 0;
  }
  static const Geometry shape = geometry(limits::capacity_min);
  Memory memory(shape.file_bytes);
  std::memset(memory.data, 0, shape.file_bytes);
  const StateView good = format_state(memory.span(), limits::capacity_min, {77, {0, 0}, 1});
  mark_ready(good);
  SnapshotWriter writer(good);
  for (std::uint64_t id = 1; id <= 12; ++id) {
    PodRecord pod;
    pod.executor_id = id;
    pod.uid = {id, id};
    writer.upsert(pod, {"name", "node", "reason", "message", false});
  }
  writer.result(5, 3, 1, "detail");
  writer.commit();
  auto* words = reinterpret_cast<Word64*>(memory.data);
  for (; size >= 12; data += 12, size -= 12) {
    std::uint32_t where = 0;
    std::uint64_t value = 0;
    std::memcpy(&where, data, 4);
    std::memcpy(&value, data + 4, 8);
    words[where % (shape.file_bytes / 8)].store_relaxed(value);
  }
  const auto view = check_state(memory.span(), options);
  if (view) read_all(view.value());
  return 0;
}
