#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include "ipc/command_consumer.h"
#include "ipc/command_producer.h"
#include "ipc/snapshot_writer.h"
#include "tests/unit/ipc/memory.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {

struct Session {
  Session()
      : writer(state.view),
        producer(queue.memory.bytes(), state.view, 5),
        consumer(queue.memory.bytes(), state.view, 5) {}
  std::vector<Drained> drain(std::size_t max = 1000) {
    std::vector<Drained> out;
    consumer.drain(max, out);
    return out;
  }
  void answer(const std::vector<Drained>& commands) {
    for (const auto& c : commands) writer.result(5, c.id, 1, "");
    writer.commit();
  }
  StateMemory state;
  QueueMemory queue;
  SnapshotWriter writer;
  CommandProducer producer;
  CommandConsumer consumer;
};

using Status = CommandProducer::Posted::Status;
wire::PostRendered rendered(std::size_t bytes) {
  return {1, {1, std::string(bytes, 'x'), {}}};
}

}  // namespace

TEST(CommandQueue, C16_commands_arrive_in_order_with_increasing_ids) {
  Session s;
  EXPECT_EQ(s.producer.post(wire::SetTarget{1, 10}).id, 1u);
  EXPECT_EQ(s.producer.post(rendered(5000)).id, 2u);
  EXPECT_EQ(s.producer.post(wire::Ack{7}).id, 3u);
  s.producer.flush();
  EXPECT_TRUE(s.consumer.more());
  const auto out = s.drain();
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].body, wire::Body(wire::SetTarget{1, 10}));
  EXPECT_EQ(out[1].body, wire::Body(rendered(5000)));
  EXPECT_EQ(out[2].body, wire::Body(wire::Ack{7}));
  EXPECT_EQ(out[2].id, 3u);
  EXPECT_FALSE(s.consumer.more());
  EXPECT_EQ(s.state.view.header->commands_consumed.load_acquire(), 3u);
}

TEST(CommandQueue, C16_results_come_back_in_order_and_ack_has_none) {
  Session s;
  s.producer.post(wire::Drain{});
  s.producer.post(wire::Ack{1});
  s.producer.post(wire::Detach{});
  EXPECT_EQ(s.producer.unanswered(), 2u);
  const auto out = s.drain();
  s.writer.result(5, 3, 1, "");
  EXPECT_FALSE(s.producer.take_result().has_value()) << "the first one is not there";
  s.writer.result(5, 1, 2, "no");
  EXPECT_EQ(s.producer.take_result()->detail, "no");
  EXPECT_EQ(s.producer.take_result()->command_id, 3u);
  EXPECT_EQ(s.producer.unanswered(), 0u);
}

TEST(CommandQueue, C16_at_most_256_commands_and_6_mib_per_drain) {
  Session s;
  for (int i = 0; i < 300; ++i) s.producer.post(wire::Ack{1});
  EXPECT_EQ(s.drain().size(), limits::drain_commands);
  EXPECT_EQ(s.drain(10).size(), 10u);
  EXPECT_EQ(s.drain().size(), 300u - 256 - 10);
  for (int i = 0; i < 7; ++i) ASSERT_EQ(s.producer.post(rendered(limits::pod_json_bytes)).status, Status::ok);
  EXPECT_EQ(s.drain().size(), 5u);
  EXPECT_TRUE(s.consumer.more());
  EXPECT_EQ(s.drain().size(), 2u);
}

TEST(CommandQueue, C16_a_full_queue_says_so_and_goes_on_after_a_drain) {
  Session s;
  for (std::uint32_t i = 0; i < limits::queue_slots; ++i)
    ASSERT_EQ(s.producer.post(wire::Ack{i}).status, Status::ok);
  EXPECT_EQ(s.producer.post(wire::Ack{1}).status, Status::full);
  s.drain();
  EXPECT_EQ(s.producer.post(wire::Ack{1}).id, limits::queue_slots + 1);
}

TEST(CommandQueue, C16_a_result_slot_is_never_reused_before_its_result_was_read) {
  Session s;
  for (std::uint32_t i = 0; i < limits::results; ++i) {
    ASSERT_EQ(s.producer.post(wire::SetTarget{0, i}).status, Status::ok);
    s.answer(s.drain());
  }
  EXPECT_EQ(s.producer.post(wire::Drain{}).status, Status::full);
  EXPECT_EQ(s.producer.take_result()->command_id, 1u);
  EXPECT_EQ(s.producer.post(wire::Drain{}).status, Status::ok);
}

TEST(CommandQueue, C16_arena_ranges_are_reused_only_after_their_result) {
  Session s;
  for (int i = 0; i < 7; ++i) ASSERT_EQ(s.producer.post(rendered(limits::pod_json_bytes)).status, Status::ok);
  EXPECT_EQ(s.producer.post(rendered(limits::pod_json_bytes)).status, Status::full);
  s.answer(s.drain());
  EXPECT_EQ(s.producer.post(rendered(limits::pod_json_bytes)).status, Status::full)
      << "drained is not answered";
  EXPECT_EQ(s.producer.take_result()->command_id, 1u);
  EXPECT_EQ(s.producer.post(rendered(limits::pod_json_bytes - 64)).status, Status::ok);
}

TEST(CommandQueue, C16_thousands_of_payloads_go_round_the_arena_unharmed) {
  Session s;
  std::uint64_t state = 1;
  for (int i = 0; i < 3000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto body = rendered(1 + state % 200'000);
    if (s.producer.post(body).status == Status::full) {
      s.answer(s.drain());
      while (s.producer.take_result()) {
      }
      ASSERT_EQ(s.producer.post(body).status, Status::ok);
    }
    const auto out = s.drain();
    ASSERT_EQ(out.back().body, wire::Body(body)) << i;
    s.answer(out);
  }
}

TEST(CommandQueue, C16_an_empty_arena_takes_the_largest_payload_wherever_it_stood) {
  Session s;
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(s.producer.post(rendered(900'000)).status, Status::ok);
    s.answer(s.drain());
    s.producer.take_result();
  }
  wire::PostTemplate largest{0, 1, 1,
                             std::vector<wire::Sample>(5, {1, std::string(limits::pod_json_bytes, 'x'), {}})};
  EXPECT_EQ(s.producer.post(largest).status, Status::ok);
}

TEST(CommandQueue, C16_over_a_bound_is_refused_before_anything_is_written) {
  Session s;
  const auto posted = s.producer.post(wire::SetTarget{0, limits::target_executors + 1});
  EXPECT_EQ(posted.status, Status::invalid);
  EXPECT_FALSE(posted.text.empty());
  EXPECT_EQ(s.producer.post(wire::Drain{}).id, 1u);
}

TEST(CommandQueue, C16_malformed_inside_is_reported_and_the_queue_goes_on) {
  Session s;
  s.producer.post(wire::SetTarget{0, 1});
  s.producer.post(wire::Drain{});
  s.queue.slot(0).words[slot_fixed_word + 1].store_release(limits::target_executors + 1);
  const auto out = s.drain();
  ASSERT_EQ(out.size(), 2u);
  EXPECT_FALSE(out[0].body.has_value());
  EXPECT_NE(out[0].malformed.find("executors is 200001"), std::string::npos);
  EXPECT_TRUE(out[1].body.has_value());
  EXPECT_TRUE(s.consumer.breach().empty());
}

TEST(CommandQueue, C16_every_breach_of_the_framing_is_found_and_ends_the_draining) {
  struct Hit {
    const char* what;
    std::size_t word;
    std::uint64_t value;
  };
  const Hit hits[] = {{"sequence", 0, 3},
                      {"sequence of another lap", 0, 1 + limits::queue_slots},
                      {"epoch", 1, 6},
                      {"kind 0", 2, std::uint64_t{80} << 32},
                      {"kind 15", 2, 15 | std::uint64_t{80} << 32},
                      {"reserved", 2, 7 | 1 << 16 | std::uint64_t{80} << 32},
                      {"payload size", 2, 7 | std::uint64_t{limits::command_payload_bytes + 8} << 32},
                      {"payload not whole words", 2, 7 | std::uint64_t{81} << 32},
                      {"payload changed length", 2, 7 | std::uint64_t{72} << 32},
                      {"offset not aligned", 3, 8},
                      {"offset at the end", 3, limits::arena_bytes},
                      {"offset far away", 3, ~std::uint64_t{63}},
                      {"hash", 4, 1}};
  for (const Hit& hit : hits) {
    Session s;
    s.producer.post(rendered(30));
    s.producer.post(wire::Drain{});
    s.queue.slot(0).words[hit.word].store_release(hit.value);
    EXPECT_TRUE(s.drain().empty()) << hit.what;
    EXPECT_FALSE(s.consumer.breach().empty()) << hit.what;
    EXPECT_TRUE(s.drain().empty()) << hit.what;
    EXPECT_EQ(s.consumer.consumed(), 0u);
  }
}

TEST(CommandQueue, C16_a_payload_that_changed_after_posting_is_a_breach) {
  Session s;
  s.producer.post(rendered(3000));
  s.queue.arena()[100].store_release(s.queue.arena()[100].load_relaxed() ^ 1);
  EXPECT_TRUE(s.drain().empty());
  EXPECT_NE(s.consumer.breach().find("not the one posted"), std::string::npos);
}

TEST(CommandQueue, C16_an_offset_without_a_payload_is_a_breach) {
  Session s;
  s.producer.post(wire::Drain{});
  s.queue.slot(0).words[3].store_release(64);
  EXPECT_TRUE(s.drain().empty());
  EXPECT_FALSE(s.consumer.breach().empty());
}

TEST(CommandQueue, C16_tail_and_header_words_have_no_say) {
  Session s;
  s.producer.post(wire::Drain{});
  s.queue.header()->tail.store_release(~std::uint64_t{0});
  s.queue.header()->epoch.store_release(99);
  s.queue.header()->queue_bytes.store_release(1);
  EXPECT_EQ(s.drain().size(), 1u);
  EXPECT_TRUE(s.drain().empty());
  EXPECT_TRUE(s.consumer.breach().empty());
}

TEST(CommandQueue, C16_a_driver_of_another_epoch_does_not_believe_the_count) {
  Session s;
  for (std::uint32_t i = 0; i < limits::queue_slots; ++i) s.producer.post(wire::Ack{i});
  s.state.view.header->commands_epoch.store_release(6);
  s.state.view.header->commands_consumed.store_release(1000);
  EXPECT_EQ(s.producer.post(wire::Ack{1}).status, Status::full);
}

TEST(CommandQueue, C1_the_memfd_is_sealed_and_every_byte_is_reserved) {
  auto queue = create_queue(77, 5);
  ASSERT_TRUE(queue.ok()) << queue.failure().text;
  const int fd = queue.value().fd.get();
  EXPECT_EQ(fcntl(fd, F_GET_SEALS) & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
            F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  EXPECT_NE(ftruncate(fd, 0), 0);
  EXPECT_EQ(errno, EPERM);
  EXPECT_NE(ftruncate(fd, 2 * queue_bytes), 0);
  EXPECT_NE(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
  struct stat info{};
  ASSERT_EQ(fstat(fd, &info), 0);
  EXPECT_GE(static_cast<std::size_t>(info.st_blocks) * 512, queue_bytes);
  EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

TEST(CommandQueue, C23_a_queue_of_another_size_layout_or_session_is_refused) {
  const auto passed = [](const CommandQueue& queue) { return Fd(dup(queue.fd.get())); };
  auto queue = create_queue(77, 5).take();
  EXPECT_TRUE(open_queue(passed(queue), 77, 5).ok());
  EXPECT_EQ(open_queue(passed(queue), 78, 5).reason(), Reason::refused);
  EXPECT_EQ(open_queue(passed(queue), 77, 6).reason(), Reason::refused);
  queue.header()->layout_hash.store_relaxed(1);
  EXPECT_EQ(open_queue(passed(queue), 77, 5).reason(), Reason::wrong_layout);
  queue.header()->magic.store_relaxed(1);
  EXPECT_EQ(open_queue(passed(queue), 77, 5).reason(), Reason::wrong_magic);
  Fd small(memfd_create("small", MFD_CLOEXEC));
  EXPECT_EQ(open_queue(std::move(small), 77, 5).reason(), Reason::too_short);
}
