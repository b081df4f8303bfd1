// An agent of nothing but ipc, in this process: publishes what a test says and accepts every command. It shares no
// code with the agent, so that the shim is tested against the channel and not against the agent's habits.
#pragma once
#include <poll.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ipc/agent_socket.h"
#include "ipc/command_consumer.h"
#include "ipc/liveness.h"
#include "ipc/snapshot_writer.h"
#include "ipc/state_file.h"
#include "ipc/system.h"

namespace outrigger::shim::testing {

class RunDirectory {
 public:
  RunDirectory() {
    std::string name = "/tmp/outrigger-shim-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~RunDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  RunDirectory(const RunDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class StandInAgent {
 public:
  explicit StandInAgent(const std::string& directory, std::uint32_t capacity = 64)
      : file_(make_file(directory, capacity)), writer_(file_.view()) {
    auto alive = ipc::LivenessHolder::hold(file_.view().header->liveness);
    if (!alive) throw std::runtime_error(alive.failure().text);
    alive_.emplace(alive.take());
    beat();
    control_.session = 1;
    publish_control();
    if (auto refusal = file_.publish()) throw std::runtime_error(refusal->text);
    ipc::DoorOptions options;
    options.path = directory + "/agent.sock";
    options.generation = writer_.generation();
    auto door = ipc::AgentDoor::open(options);
    if (!door) throw std::runtime_error(door.failure().text);
    door_.emplace(door.take());
    thread_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) serve();
    });
  }
  ~StandInAgent() { die(); }

  // As a crash looks from outside: the liveness word is let go, the socket closes, the file stays.
  void die() {
    if (thread_.joinable()) {
      thread_.request_stop();
      thread_.join();
    }
    alive_.reset();
    door_.reset();
  }

  void publish(std::uint64_t id, std::uint8_t state, std::uint16_t flags = 0, std::string message = {}) {
    const std::lock_guard lock(mutex_);
    ipc::PodRecord pod;
    pod.executor_id = id;
    pod.state = state;
    pod.flags = flags;
    pod.uid = {id, 99};
    writer_.upsert(pod, {"app-exec-" + std::to_string(id), "node-1", "", std::move(message), false});
    writer_.commit();
  }
  void synced() {
    const std::lock_guard lock(mutex_);
    control_.synced = true;
    publish_control();
  }
  void want_ids(std::uint32_t count) {
    const std::lock_guard lock(mutex_);
    control_.ids_wanted = count;
    publish_control();
  }
  std::vector<ipc::wire::Body> received() {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  template <class Body>
  std::vector<Body> received_of() {
    std::vector<Body> out;
    for (const auto& body : received())
      if (const auto* found = std::get_if<Body>(&body)) out.push_back(*found);
    return out;
  }

 private:
  static ipc::StateFile make_file(const std::string& directory, std::uint32_t capacity) {
    ipc::StateOptions options;
    options.directory = directory;
    options.capacity = capacity;
    auto file = ipc::StateFile::create(options);
    if (!file) throw std::runtime_error(file.failure().text);
    return file.take();
  }
  void beat() {
    writer_.heartbeat(ipc::monotonic_ns());
    writer_.contact(ipc::monotonic_ns());
  }
  void publish_control() {
    writer_.set_control(control_, {});
    writer_.commit();
  }
  void serve() {
    pollfd waiting{door_->fd(), POLLIN, 0};
    poll(&waiting, 1, 1);
    const std::lock_guard lock(mutex_);
    beat();
    for (const auto& event : door_->service(ipc::monotonic_ns())) {
      if (event.kind == ipc::DoorEvent::Kind::attached) {
        const ipc::CommandQueue* queue = door_->queue();
        consumer_.emplace(queue->region.bytes(), file_.view(), event.epoch);
        writer_.set_waiting_flag(&queue->header()->reader_waiting);
      } else if (event.kind == ipc::DoorEvent::Kind::gone) {
        writer_.set_waiting_flag(nullptr);
        consumer_.reset();
        door_->release();
      }
    }
    if (!consumer_) return;
    std::vector<ipc::Drained> drained;
    consumer_->drain(256, drained);
    for (auto& command : drained) {
      if (!command.body) continue;
      received_.push_back(*command.body);
      if (std::holds_alternative<ipc::wire::GrantIds>(*command.body)) {
        control_.ids_wanted = 0;
        publish_control();
      }
      if (!std::holds_alternative<ipc::wire::Ack>(*command.body))
        writer_.result(consumer_->epoch(), command.id, 1, "");
    }
    if (!drained.empty()) writer_.commit();
  }

  std::mutex mutex_;
  ipc::StateFile file_;
  ipc::SnapshotWriter writer_;
  ipc::ControlRecord control_;
  std::optional<ipc::LivenessHolder> alive_;
  std::optional<ipc::AgentDoor> door_;
  std::optional<ipc::CommandConsumer> consumer_;
  std::vector<ipc::wire::Body> received_;
  std::jthread thread_;
};

}  // namespace outrigger::shim::testing
