#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cstring>
#include <future>

#include "ipc/agent_socket.h"
#include "ipc/command_consumer.h"
#include "ipc/command_producer.h"
#include "ipc/socket_packets.h"
#include "tests/unit/ipc/memory.h"
#include "tests/unit/ipc/scratch.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {

constexpr std::int64_t long_time = 20'000'000'000;

struct Door {
  Door() : door(AgentDoor::open({.path = scratch.path + "/agent.sock", .generation = 77}).take()) {}
  std::string path() const { return scratch.path + "/agent.sock"; }
  // The next event, whenever it comes.
  DoorEvent next() {
    while (waiting.empty()) {
      pollfd entry{door.fd(), POLLIN, 0};
      poll(&entry, 1, 20'000);
      for (auto& event : door.service(0)) waiting.push_back(event);
    }
    const DoorEvent event = waiting.front();
    waiting.erase(waiting.begin());
    return event;
  }
  // Connects as a driver does, while this thread serves.
  Outcome<DriverConnection> connect(std::uint64_t generation = 77) {
    auto answer =
        std::async(std::launch::async, [=, p = path()] { return connect_agent(p, generation, long_time); });
    last = next();
    return answer.get();
  }
  Fd raw() const {
    Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const auto address = socket_address(path()).value();
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  Scratch scratch;
  AgentDoor door;
  std::vector<DoorEvent> waiting;
  DoorEvent last{};
};

using Kind = DoorEvent::Kind;

AnswerPacket answer_on(const Fd& fd) {
  AnswerPacket answer;
  EXPECT_EQ(recv(fd.get(), &answer, sizeof answer, 0), static_cast<ssize_t>(sizeof answer));
  return answer;
}

}  // namespace

TEST(AgentSocket, C1_a_driver_gets_its_queue_and_commands_pass) {
  Door d;
  auto connection = d.connect();
  ASSERT_TRUE(connection.ok()) << connection.failure().text;
  EXPECT_EQ(d.last.kind, Kind::attached);
  EXPECT_EQ(d.last.epoch, 1u);
  ASSERT_NE(d.door.queue(), nullptr);
  StateMemory state;
  CommandConsumer consumer(d.door.queue()->region.bytes(), state.view, d.last.epoch);
  CommandProducer producer(connection.value().queue.region.bytes(), state.view,
                           connection.value().queue.epoch);
  producer.post(wire::SetTarget{1, 2});
  std::vector<Drained> out;
  EXPECT_EQ(consumer.drain(10, out), 1u);
  EXPECT_FALSE(agent_hung_up(connection.value()));
}

TEST(AgentSocket, C1_the_session_has_one_owner_and_others_are_refused_with_a_reason) {
  Door d;
  auto owner = d.connect();
  auto second = d.connect();
  EXPECT_EQ(second.reason(), Reason::refused);
  EXPECT_EQ(second.failure().text, "another driver owns the session, epoch 1");
  EXPECT_EQ(d.last.kind, Kind::refused);
  EXPECT_FALSE(agent_hung_up(owner.value()));
}

TEST(AgentSocket, C13_the_agent_sees_the_driver_go_and_lets_the_next_one_in_with_a_new_epoch) {
  Door d;
  {
    auto driver = d.connect();
  }
  const DoorEvent gone = d.next();
  EXPECT_EQ(gone.kind, Kind::gone);
  EXPECT_EQ(gone.epoch, 1u);
  EXPECT_NE(d.door.queue(), nullptr) << "somebody may still read it";
  EXPECT_EQ(d.connect().reason(), Reason::refused);
  d.door.release();
  EXPECT_EQ(d.door.queue(), nullptr);
  auto next = d.connect();
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next.value().queue.epoch, 2u);
}

TEST(AgentSocket, C13_the_driver_sees_the_agent_close_and_die) {
  Door d;
  auto driver = d.connect();
  EXPECT_FALSE(agent_hung_up(driver.value()));
  d.door.close_session();
  EXPECT_TRUE(agent_hung_up(driver.value()));
}

TEST(AgentSocket, C16_a_byte_after_the_hello_ends_the_session) {
  Door d;
  auto driver = d.connect();
  ASSERT_EQ(send(driver.value().socket.get(), "x", 1, 0), 1);
  const DoorEvent event = d.next();
  EXPECT_EQ(event.kind, Kind::gone);
  EXPECT_NE(event.text.find("after its hello"), std::string::npos);
}

TEST(AgentSocket, C23_no_socket_another_generation_another_layout) {
  Door d;
  EXPECT_EQ(connect_agent(d.scratch.path + "/nothing.sock", 77, long_time).reason(), Reason::no_socket);
  EXPECT_EQ(d.connect(78).reason(), Reason::retired);
  HelloPacket hello = make_hello(77);
  hello.layout_hash ^= 1;
  Fd fd = d.raw();
  send(fd.get(), &hello, sizeof hello, 0);
  EXPECT_EQ(d.next().kind, Kind::refused);
  EXPECT_EQ(answer_on(fd).reason, static_cast<std::uint32_t>(Reason::wrong_layout));
}

TEST(AgentSocket, C23_another_major_is_refused_with_both_ranges_named) {
  Door d;
  HelloPacket hello = make_hello(77);
  hello.major_min = 3;
  hello.major_max = 5;
  Fd fd = d.raw();
  send(fd.get(), &hello, sizeof hello, 0);
  d.next();
  const AnswerPacket answer = answer_on(fd);
  EXPECT_EQ(answer.reason, static_cast<std::uint32_t>(Reason::wrong_major));
  const std::string text(answer.text, answer.text_bytes);
  EXPECT_NE(text.find("3 to 5"), std::string::npos) << text;
  EXPECT_NE(text.find("this agent 1"), std::string::npos) << text;
}

TEST(AgentSocket, hostile_hellos_of_any_size_are_refused_and_the_door_stays_open) {
  Door d;
  for (const std::size_t size :
       {std::size_t{1}, sizeof(HelloPacket) - 1, sizeof(HelloPacket) + 1, std::size_t{60'000}}) {
    Fd fd = d.raw();
    const std::string bytes(size, '\xFF');
    ASSERT_EQ(send(fd.get(), bytes.data(), size, 0), static_cast<ssize_t>(size));
    EXPECT_EQ(d.next().kind, Kind::refused);
  }
  Fd fd = d.raw();
  HelloPacket hello = make_hello(77);
  hello.magic = 1;
  send(fd.get(), &hello, sizeof hello, 0);
  EXPECT_EQ(d.next().kind, Kind::refused);
  EXPECT_TRUE(d.connect().ok());
}

TEST(AgentSocket, unanswered_connections_are_bounded) {
  Door d;
  std::vector<Fd> silent;
  for (std::uint32_t i = 0; i < limits::unanswered_connections; ++i) {
    silent.push_back(d.raw());
    EXPECT_TRUE(d.door.service(0).empty());
  }
  EXPECT_EQ(d.door.unanswered(), limits::unanswered_connections);
  Fd one_more = d.raw();
  EXPECT_EQ(d.next().text, "too many connections that have not said hello");
  EXPECT_EQ(answer_on(one_more).reason, static_cast<std::uint32_t>(Reason::refused));
}

TEST(AgentSocket, a_connection_without_a_hello_is_closed_at_its_deadline_and_not_before) {
  Door d;
  Fd silent = d.raw();
  EXPECT_TRUE(d.door.service(1000).empty());
  EXPECT_EQ(d.door.unanswered(), 1u);
  EXPECT_TRUE(d.door.service(1000 + limits::hello_deadline_ns - 1).empty());
  const auto events = d.door.service(1000 + limits::hello_deadline_ns);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, Kind::refused);
  EXPECT_EQ(d.door.unanswered(), 0u);
}

TEST(AgentSocket, C12_a_hung_agent_costs_the_driver_its_timeout_and_no_more) {
  Door d;  // nobody serves it
  EXPECT_EQ(connect_agent(d.path(), 77, 1'000'000).reason(), Reason::stale);
}

TEST(AgentSocket, C2_the_mode_is_explicit_and_a_dead_agents_socket_is_replaced) {
  Scratch scratch;
  const std::string path = scratch.path + "/agent.sock";
  const mode_t before = umask(0077);
  {
    Fd left = Fd(socket(AF_UNIX, SOCK_SEQPACKET, 0));
    const auto address = socket_address(path).value();
    ASSERT_EQ(bind(left.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  auto door = AgentDoor::open({.path = path, .generation = 1});
  umask(before);
  ASSERT_TRUE(door.ok()) << door.failure().text;
  struct stat info{};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0666u);
}

TEST(AgentSocket, C14_a_replaced_agent_does_not_take_the_new_ones_socket_away) {
  Scratch scratch;
  const std::string path = scratch.path + "/agent.sock";
  std::optional<AgentDoor> old_door(AgentDoor::open({.path = path, .generation = 1}).take());
  auto new_door = AgentDoor::open({.path = path, .generation = 2});
  ASSERT_TRUE(new_door.ok());
  old_door.reset();
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
  new_door = Failure{};
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST(AgentSocket, a_path_that_does_not_fit_is_named_with_its_bound) {
  auto door = AgentDoor::open({.path = "/tmp/" + std::string(200, 'p'), .generation = 1});
  EXPECT_EQ(door.reason(), Reason::invalid);
  EXPECT_NE(door.failure().text.find("205 bytes (allowed: 1 to 107)"), std::string::npos)
      << door.failure().text;
}
