// Readers of every temper against one writer at full speed.
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "ipc/results.h"
#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "tests/stress/memory.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {

constexpr std::uint64_t pods = 40;  // of 32 slots: tombstones are reused all the time
constexpr std::uint32_t capacity = 32;

void write(SnapshotWriter& writer, std::uint64_t count) {
  for (std::uint64_t n = 1; n <= count; ++n) {
    PodRecord p = telling(1 + n * 7 % pods, n);
    const bool end = n % 3 == 0;
    PodRecord published = p;
    if (end) published.flags = 0;
    writer.upsert(published, telling_text(n));
    if (end) {
      p.flags = flag::gone;
      writer.upsert(p, telling_text(n));
    }
    if (n % 5 == 0) writer.commit();
    if (n % 50 == 0) writer.acknowledged(writer.sequence() - 10);
  }
  writer.commit();
}

bool torn(const Record& record) {
  PodRecord p = unpack_pod(record);
  p.flags = 0;
  return !whole(p);
}

struct Findings {
  std::uint64_t records = 0, torn = 0, texts = 0, torn_texts = 0, backwards = 0, resyncs = 0,
                inconsistent = 0;
};

}  // namespace

TEST(RingStress, C7_C9_no_reader_takes_a_torn_record_or_goes_backwards_and_all_end_equal) {
  StateMemory state(capacity);
  SnapshotWriter writer(state.view);
  std::atomic<bool> done{false};
  std::vector<Findings> findings(3);
  std::vector<std::map<std::uint32_t, Record>> tables(3);
  std::vector<std::thread> readers;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    readers.emplace_back([&, i] {
      Findings& f = findings[i];
      SnapshotReader reader(state.view);
      auto& table = tables[i];
      Cursor cursor;
      const auto see = [&](const Record& r) {
        ++f.records;
        f.torn += torn(r);
        table[r.slot()] = r;
        if (i == 1) return;  // a reader that wants no texts
        if (const auto text = reader.text(r)) {
          ++f.texts;
          f.torn_texts += !whole(*text);
        }
      };
      const auto resync = [&] {
        ++f.resyncs;
        const auto r = reader.resync(see);
        f.inconsistent += !r.consistent;
        f.backwards += r.cursor.generation == cursor.generation && r.cursor.sequence < cursor.sequence;
        cursor = r.cursor;
      };
      resync();
      std::vector<Record> out(i == 2 ? 3 : 64);  // the last one is slow
      for (bool last = false; !last;) {
        last = done.load();
        for (;;) {
          const std::uint64_t before = cursor.sequence;
          const auto poll = reader.poll(cursor, out);
          for (std::size_t k = 0; k < poll.count; ++k) {
            f.backwards += out[k].sequence() <= before;
            see(out[k]);
          }
          if (poll.lapped) {
            resync();
          } else if (poll.count == 0) {
            break;
          }
          if (i == 2) std::this_thread::yield();
        }
      }
    });
  }
  write(writer, rounds(60'000));
  done = true;
  for (auto& reader : readers) reader.join();

  SnapshotReader reader(state.view);
  std::vector<Record> truth;
  EXPECT_TRUE(reader.read_table(truth).consistent);
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Findings& f = findings[i];
    EXPECT_GT(f.records, 0u);
    EXPECT_EQ(f.torn, 0u) << i;
    EXPECT_EQ(f.torn_texts, 0u) << i << " of " << f.texts;
    EXPECT_EQ(f.backwards, 0u) << i;
    ASSERT_EQ(tables[i].size(), truth.size()) << i;
    for (const Record& r : truth) EXPECT_EQ(tables[i].at(r.slot()).words, r.words) << i;
  }
}

// Change n goes to slot 7 n mod 32, so the whole table at any sequence is known.
TEST(RingStress, C9_a_consistent_resync_under_load_is_exactly_the_table_at_its_cursor) {
  StateMemory state(capacity);
  SnapshotWriter writer(state.view);
  std::atomic<bool> done{false};
  std::uint64_t consistent = 0, wrong = 0, torn_records = 0;
  std::thread joiner([&] {
    SnapshotReader reader(state.view);
    std::vector<Record> table;
    while (!done || consistent == 0) {
      const auto r = reader.read_table(table);
      for (const Record& record : table) torn_records += torn(record);
      if (!r.consistent || r.cursor.sequence < capacity) continue;
      ++consistent;
      wrong += table.size() != capacity;
      for (const Record& record : table) {
        const std::uint64_t n = record.sequence();
        wrong +=
            n * 7 % capacity != record.slot() || n > r.cursor.sequence || n + capacity <= r.cursor.sequence;
      }
    }
  });
  const std::uint64_t count = rounds(400'000);
  for (std::uint64_t n = 1; n <= count; ++n) {
    writer.publish(static_cast<std::uint32_t>(n * 7 % capacity), pack(telling(n, n)));
    if (n % 5 == 0) writer.commit();
    for (std::uint64_t pause = n % 7 == 0 ? n % 64 : 0; pause > 0; --pause) asm volatile("");
  }
  writer.commit();
  done = true;
  joiner.join();
  EXPECT_GT(consistent, 0u);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(torn_records, 0u);
}

TEST(RingStress, C17_results_are_never_torn) {
  StateMemory state(capacity);
  SnapshotWriter writer(state.view);
  std::atomic<bool> done{false};
  std::uint64_t found = 0, torn_results = 0;
  std::thread driver([&] {
    for (std::uint64_t id = 1; !done; id = id % 20 + 1) {
      const auto result = read_result(state.view, 5, id);
      if (!result) continue;
      ++found;
      torn_results += result->detail != std::string(100, static_cast<char>('a' + result->verdict % 26));
    }
  });
  for (std::uint64_t n = 0; n < rounds(60'000); ++n) {
    const auto verdict = static_cast<std::uint16_t>(n);
    writer.result(5, 1 + n % 20, verdict, std::string(100, static_cast<char>('a' + verdict % 26)));
  }
  done = true;
  driver.join();
  EXPECT_GT(found, 0u);
  EXPECT_EQ(torn_results, 0u);
}
