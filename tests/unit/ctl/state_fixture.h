// A run directory with a real `state`, written in this process by the agent's own writer.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "agent/core/executor_record.h"
#include "ipc/liveness.h"
#include "ipc/snapshot_writer.h"
#include "ipc/state_file.h"
#include "ipc/system.h"

namespace outrigger::ctl::test {

class StateFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = (std::filesystem::temp_directory_path() / "outrigger-ctl-XXXXXX").string();
    ASSERT_NE(mkdtemp(directory_.data()), nullptr);
  }
  void TearDown() override {
    die();
    file_.reset();
    std::filesystem::remove_all(directory_);
  }

  // An agent that is alive, in sync, with its driver ready.
  void start_agent() {
    auto file = ipc::StateFile::create({.directory = directory_, .capacity = 64});
    ASSERT_TRUE(file.ok()) << file.failure().text;
    file_.emplace(file.take());
    writer_.emplace(file_->view());
    auto holder = ipc::LivenessHolder::hold(file_->view().header->liveness);
    ASSERT_TRUE(holder.ok()) << holder.failure().text;
    holder_.emplace(holder.take());
    writer_->heartbeat(ipc::monotonic_ns());
    writer_->contact(ipc::monotonic_ns());
    control({.session = static_cast<std::uint8_t>(core::SessionState::ready),
             .synced = true,
             .resource_version = 42});
    writer_->commit();
    ASSERT_FALSE(file_->publish());
  }
  void die() {
    holder_.reset();
    writer_.reset();
  }
  void control(const ipc::ControlRecord& record, const std::string& error = {}) {
    writer_->set_control(record, {.message = error});
    writer_->commit();
  }
  static ipc::PodRecord pod(std::uint64_t id, core::ExecutorState state) {
    ipc::PodRecord record;
    record.executor_id = id;
    record.uid = {id, ~id};
    record.state = static_cast<std::uint8_t>(state);
    record.created_at_ms = 1'767'323'045'000;
    return record;
  }
  void publish(const ipc::PodRecord& record, const std::string& reason = {},
               const std::string& message = {}) {
    ASSERT_TRUE(writer_->upsert(record, {.name = "app-exec-" + std::to_string(record.executor_id),
                                         .node = "node-1",
                                         .reason = reason,
                                         .message = message}));
    writer_->commit();
  }

  std::string directory_;
  std::optional<ipc::StateFile> file_;
  std::optional<ipc::SnapshotWriter> writer_;
  std::optional<ipc::LivenessHolder> holder_;
};

}  // namespace outrigger::ctl::test
