// The channel's adapters over real shared memory in a temporary folder, with the driver's side of ipc as the peer.
#include "agent/io/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <optional>
#include <thread>

#include "agent/core/in_flight.h"
#include "agent/io/asio_loop.h"
#include "agent/metrics/catalog.h"
#include "ipc/agent_socket.h"
#include "ipc/command_producer.h"
#include "ipc/results.h"
#include "ipc/snapshot_reader.h"
#include "ipc/state_file.h"
#include "tests/support/fake_log.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::io {
namespace {

using testing::HasSubstr;

class Listener final : public ports::CommandListener {
 public:
  Listener(AsioLoop& loop, ports::CommandSource& source) : loop_(loop), source_(source) {
    source.set_listener(this);
  }
  ~Listener() override { source_.set_listener(nullptr); }
  void on_driver_attached(core::Epoch epoch) override {
    epochs.push_back(epoch);
    poke();
  }
  void on_commands_ready() override {
    ++ready;
    if (drains) source_.drain(256, commands);
    poke();
  }
  void on_driver_gone(core::Epoch epoch, const std::string& reason) override {
    EXPECT_EQ(epoch, epochs.back());
    gone = reason;
    commands_when_gone = commands.size();
    poke();
  }
  bool wait_for(std::function<bool()> condition) {
    if (condition()) return true;
    bool late = false;
    done_ = condition;
    const auto guard = loop_.start(std::chrono::seconds(20), [&] {
      late = true;
      loop_.stop();
    });
    loop_.run();
    loop_.cancel(guard);
    done_ = nullptr;
    return !late;
  }
  void poke() {
    if (done_ && done_()) loop_.stop();
  }
  std::vector<core::Epoch> epochs;
  std::vector<core::Command> commands;
  std::optional<std::string> gone;
  std::size_t commands_when_gone = 0;
  int ready = 0;
  bool drains = true;

 private:
  AsioLoop& loop_;
  ports::CommandSource& source_;
  std::function<bool()> done_;
};

class Channels : public testing::Test {
 protected:
  ChannelOptions options() const {
    return {.run_dir = folder.path("run"),
            .lock_dir = folder.path("lock"),
            .capacity = 64,
            .private_files = true,
            .publish_deadline = core::Millis(0)};
  }
  void open() {
    auto made = Channel::open(loop, options(), log, &catalog);
    ASSERT_TRUE(made) << made.error().text;
    channel = std::move(*made);
    listener = std::make_unique<Listener>(loop, channel->commands());
    channel->start([] {}, [](const std::string& why) { FAIL() << why; });
    loop.start(core::Nanos(0), [this] { loop.post([this] { loop.stop(); }); });
    loop.run();  // published at once: the deadline is 0
  }
  void close() {
    listener.reset();
    channel.reset();
  }
  ipc::AttachedState attach() const {
    auto state = ipc::attach_state({.path = folder.path("run/state")});
    EXPECT_TRUE(state) << (state ? "" : state.failure().text);
    return state.take();
  }
  // The driver's connect blocks for the agent's answer, so it has a thread of its own.
  ipc::DriverConnection connect(const ipc::AttachedState& state) {
    std::optional<ipc::Outcome<ipc::DriverConnection>> made;
    std::thread driver([&] {
      made.emplace(ipc::connect_agent(folder.path("run/agent.sock"),
                                      state.view.header->prefix.generation.load_relaxed(), 10'000'000'000));
    });
    const auto before = listener->epochs.size();
    EXPECT_TRUE(listener->wait_for([&] { return listener->epochs.size() > before; }));
    driver.join();
    EXPECT_TRUE(made->ok()) << (made->ok() ? "" : made->failure().text);
    return made->take();
  }

  test::TemporaryFolder folder;
  test::FakeLog log;
  metrics::Catalog catalog;
  AsioLoop loop{&catalog};
  std::unique_ptr<Channel> channel;
  std::unique_ptr<Listener> listener;
};

// The driver's posts, each sent at once.
class Producer {
 public:
  Producer(const ipc::DriverConnection& driver, const ipc::AttachedState& state)
      : producer_(driver.queue.region.bytes(), state.view, driver.queue.epoch) {}
  void hold(const ipc::wire::Body& body) {
    const auto posted = producer_.post(body);
    EXPECT_EQ(posted.status, ipc::CommandProducer::Posted::Status::ok) << posted.text;
  }
  void post(const ipc::wire::Body& body) {
    hold(body);
    flush();
  }
  void flush() { producer_.flush(); }

 private:
  ipc::CommandProducer producer_;
};

core::ExecutorRecord running(std::uint64_t id) {
  core::ExecutorRecord record;
  record.state = core::ExecutorState::running;
  record.pod.uid = {{id, 7}};
  record.pod.executor_id = {id};
  record.pod.profile = {3};
  record.pod.name = "app-exec-" + std::to_string(id);
  record.pod.node = "node-1";
  record.pod.resource_version = 100 + id;
  record.pod.phase = core::PodPhase::running;
  record.pod.executor.state = core::ContainerState::running;
  record.pod.executor.ready = true;
  return record;
}

TEST_F(Channels, C2_in_client_mode_files_are_the_owners_alone) {
  open();
  for (const char* name : {"run/state", "run/agent.sock"}) {
    struct stat info{};
    ASSERT_EQ(::stat(folder.path(name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
}

TEST_F(Channels, C13_a_second_agent_on_the_directory_is_refused_with_its_name) {
  open();
  auto second = Channel::open(loop, options(), log, nullptr);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr(folder.path("lock")));
}

TEST_F(Channels, a_directory_that_is_none_is_named) {
  folder.write("file", "");
  auto wrong = options();
  wrong.run_dir = folder.path("file");
  EXPECT_EQ(Channel::open(loop, wrong, log, nullptr).error().text,
            "channel.runDir " + folder.path("file") + " is not a directory");
  wrong.run_dir = folder.path("a/b");
  EXPECT_EQ(Channel::open(loop, wrong, log, nullptr).error().text,
            "channel.runDir " + folder.path("a/b") + ": No such file or directory");
}

TEST_F(Channels, records_reach_the_driver_whole) {
  open();
  auto record = running(5);
  record.pod.executor.message = "a message";
  record.pod.disruption_reason = "PreemptionByScheduler";
  channel->sink().publish(record);
  core::ProfileStatus profile;
  profile.profile = {3};
  profile.target = 9;
  profile.last_error = core::ApiErrorClass::quota;
  profile.last_error_message = "exceeded quota";
  profile.created_total = 4;
  channel->sink().publish(profile);
  core::ControlStatus control;
  control.synced = true;
  control.resource_version = 105;
  channel->sink().publish(control);
  channel->sink().commit();

  const auto state = attach();
  ipc::SnapshotReader reader(state.view);
  std::vector<ipc::Record> records;
  reader.read_table(records);
  std::optional<ipc::PodRecord> pod;
  for (const auto& one : records) {
    if (one.kind() == ipc::RecordKind::pod) pod = ipc::unpack_pod(one);
    if (one.kind() == ipc::RecordKind::profile) {
      EXPECT_EQ(ipc::unpack_profile(one).target, 9u);
      EXPECT_EQ(ipc::unpack_profile(one).last_error, static_cast<std::uint8_t>(core::ApiErrorClass::quota));
    }
    if (one.kind() == ipc::RecordKind::control) {
      EXPECT_TRUE(ipc::unpack_control(one).synced);
    }
  }
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->executor_id, 5u);
  EXPECT_EQ(pod->state, static_cast<std::uint8_t>(core::ExecutorState::running));
  EXPECT_EQ(pod->flags, ipc::flag::ready);
  EXPECT_EQ(pod->resource_version, 105u);
  EXPECT_EQ(state.view.header->counters[static_cast<std::size_t>(ipc::Counter::pods_created)].load_relaxed(),
            4u);
  EXPECT_THAT(catalog.render(), HasSubstr("outrigger_channel_slots 64\n"));
}

TEST_F(Channels, totals_of_the_metrics_reach_the_shared_counters) {
  catalog.rest_client.request("GET", 200);
  catalog.rest_client.request("GET", 500);
  catalog.watch.restarts.at("gone").add();
  open();
  const auto state = attach();
  const auto counter = [&](ipc::Counter c) {
    return state.view.header->counters[static_cast<std::size_t>(c)].load_relaxed();
  };
  EXPECT_EQ(counter(ipc::Counter::api_requests), 2u);
  EXPECT_EQ(counter(ipc::Counter::api_errors), 1u);
  EXPECT_EQ(counter(ipc::Counter::watch_restarts), 1u);
}

TEST_F(Channels, C16_commands_arrive_in_order_as_the_agents_own_values) {
  open();
  const auto state = attach();
  auto driver = connect(state);
  EXPECT_EQ(catalog.channel.attached.value(), 1);
  Producer producer(driver, state);
  producer.post(ipc::wire::Hello{"abcdefgh", "test-1", "app-1"});
  producer.post(ipc::wire::GrantIds{1, 100});
  producer.post(ipc::wire::SetTarget{3, 7});
  producer.post(ipc::wire::KnownDelta{true, {1, 2}, {}});
  ASSERT_TRUE(listener->wait_for([&] { return listener->commands.size() == 4; }));
  EXPECT_EQ(std::get<core::Hello>(listener->commands[0].body).nonce, "abcdefgh");
  EXPECT_EQ(std::get<core::GrantIds>(listener->commands[1].body).count, 100u);
  EXPECT_EQ(std::get<core::SetTarget>(listener->commands[2].body).profile.value, 3u);
  EXPECT_EQ(std::get<core::KnownDelta>(listener->commands[3].body).added.size(), 2u);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_GT(listener->commands[i].id, listener->commands[i - 1].id);
}

TEST_F(Channels, C17_results_are_read_by_the_driver) {
  open();
  const auto state = attach();
  auto driver = connect(state);
  channel->sink().result(listener->epochs.back(),
                         {core::CommandId{1}, core::Verdict::refused_ids, "overlaps"});
  channel->sink().commit();
  const auto result = ipc::read_result(state.view, listener->epochs.back().value, 1);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->verdict, static_cast<std::uint16_t>(core::Verdict::refused_ids));
  EXPECT_EQ(result->detail, "overlaps");
}

TEST_F(Channels, the_last_commands_of_a_driver_that_leaves_are_drained_before_it_is_gone) {
  open();
  const auto state = attach();
  {
    auto driver = connect(state);
    Producer producer(driver, state);
    producer.post(ipc::wire::SetTarget{0, 1});
    producer.post(ipc::wire::Detach{});
  }
  ASSERT_TRUE(listener->wait_for([&] { return listener->gone.has_value(); }));
  EXPECT_EQ(listener->commands_when_gone, 2u);
  EXPECT_TRUE(std::holds_alternative<core::Detach>(listener->commands.back().body));
  EXPECT_EQ(catalog.channel.attached.value(), 0);
}

TEST_F(Channels, one_driver_after_another_gets_in) {
  open();
  const auto state = attach();
  for (std::uint64_t round = 1; round <= 3; ++round) {
    listener->gone.reset();
    {
      auto driver = connect(state);
      EXPECT_EQ(listener->epochs.size(), round);
    }
    ASSERT_TRUE(listener->wait_for([&] { return listener->gone.has_value(); }));
  }
  EXPECT_LT(listener->epochs[0], listener->epochs[1]);
  EXPECT_LT(listener->epochs[1], listener->epochs[2]);
}

TEST_F(Channels, C1_a_second_driver_is_refused_while_one_owns_the_session) {
  open();
  const auto state = attach();
  auto driver = connect(state);
  std::optional<ipc::Outcome<ipc::DriverConnection>> second;
  std::thread other([&] {
    second.emplace(ipc::connect_agent(folder.path("run/agent.sock"),
                                      state.view.header->prefix.generation.load_relaxed(), 10'000'000'000));
    loop.post([this] { loop.stop(); });
  });
  loop.run();
  other.join();
  ASSERT_FALSE(second->ok());
  EXPECT_EQ(second->reason(), ipc::Reason::refused);
  EXPECT_EQ(catalog.channel.refusals.value(), 1);
}

TEST_F(Channels, our_own_close_is_told_and_the_driver_sees_the_end) {
  open();
  const auto state = attach();
  auto driver = connect(state);
  channel->commands().close("drained");
  EXPECT_FALSE(listener->gone);
  ASSERT_TRUE(listener->wait_for([&] { return listener->gone.has_value(); }));
  EXPECT_EQ(*listener->gone, "drained");
  EXPECT_TRUE(ipc::agent_hung_up(driver));
}

TEST_F(Channels, C16_a_breach_of_the_framing_ends_the_session_and_the_agent_lives) {
  open();
  const auto state = attach();
  auto driver = connect(state);
  Producer producer(driver, state);
  producer.hold(ipc::wire::SetTarget{0, 1});
  auto* slots =
      reinterpret_cast<ipc::CommandSlot*>(driver.queue.region.bytes().data() + ipc::queue_slots_offset);
  slots[0].words[1].store_relaxed(999);  // an epoch that is not this one's
  producer.flush();
  ASSERT_TRUE(listener->wait_for([&] { return listener->gone.has_value(); }));
  EXPECT_THAT(*listener->gone, HasSubstr("breach"));
  EXPECT_EQ(catalog.channel.breaches.value(), 1);
  listener->gone.reset();
  auto next = connect(state);
  EXPECT_EQ(listener->epochs.size(), 2u);
}

TEST_F(Channels, C19_marks_of_a_crashed_agent_are_inherited_with_the_drivers_nonce) {
  open();
  {
    const auto state = attach();
    auto driver = connect(state);
    Producer producer(driver, state);
    producer.post(ipc::wire::Hello{"abcdefgh", "test-1", "app-1"});
    ASSERT_TRUE(listener->wait_for([&] { return !listener->commands.empty(); }));
    channel->sink().mark_in_flight({11}, {3});
    channel->sink().mark_in_flight({12}, {3});
    channel->sink().clear_in_flight({11});
  }
  close();
  open();
  const auto marks = channel->crashed();
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_EQ(marks[0].id.value, 12u);
  EXPECT_EQ(marks[0].profile.value, 3u);
  EXPECT_EQ(marks[0].nonce_hash, core::nonce_hash("abcdefgh"));
}

TEST_F(Channels, C14_an_agent_whose_file_was_retired_is_told_so) {
  open();
  close();
  auto made = Channel::open(loop, options(), log, nullptr);
  ASSERT_TRUE(made);
  bool replaced = false;
  (*made)->start(
      [&] {
        replaced = true;
        loop.stop();
      },
      [](const std::string&) {});
  loop.start(core::Millis(1), [&] {
    // Another agent, with a lock directory of its own, as in another container.
    auto other = ipc::StateFile::create({.directory = folder.path("run"), .capacity = 64, .mode = 0600});
    ASSERT_TRUE(other);
    auto file = other.take();
    ASSERT_FALSE(file.publish());
  });
  const auto guard = loop.start(std::chrono::seconds(20), [&] { loop.stop(); });
  loop.run();
  loop.cancel(guard);
  EXPECT_TRUE(replaced);
  EXPECT_TRUE(log.contains("a newer agent has taken the run directory"));
}

}  // namespace
}  // namespace outrigger::io
