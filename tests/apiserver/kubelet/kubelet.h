// Scheduler, kubelets and the controllers that end pods, simulated with timers on top of the store.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/apiserver/base/clock.h"
#include "tests/apiserver/kubelet/plan.h"
#include "tests/apiserver/kubelet/pod_life.h"
#include "tests/apiserver/kubelet/pod_status.h"
#include "tests/apiserver/store/store.h"

namespace outrigger::apiserver {

class Kubelet final : public PodLife {
 public:
  Kubelet(Store& store, Clock& clock, KubeletSettings settings, std::uint64_t seed);

  tl::expected<void, std::string> die(std::string_view name_space, std::string_view name,
                                      std::string_view cause) override;
  const std::vector<Death>& deaths() const override { return deaths_; }
  void reset() override;
  KubeletSettings& settings() { return settings_; }

 private:
  struct Work {
    PodPlan plan;
    PodFacts facts;
    std::string key;
    TimerId next_step = 0;
    TimerId termination = 0;
    std::int64_t kill_at_ms = 0;  // steady
    bool silent = false;          // its node is gone: nobody reports
  };
  using Step = void (Kubelet::*)(const std::string& uid);

  void on_event(const Event& event);
  void adopt(const SnapshotPtr& pod);
  void plan_step(const std::string& uid, Millis delay, Step step);
  void bind(const std::string& uid);
  void create(const std::string& uid);
  void back_off(const std::string& uid);
  void start(const std::string& uid);
  void finish(const std::string& uid);
  void stop_containers(const std::string& uid);
  void remove(const std::string& uid);
  void terminate(const std::string& uid, const Snapshot& pod);
  tl::expected<void, std::string> end(const std::string& uid, const Cause& cause, std::string name);

  SnapshotPtr current(const std::string& uid) const;
  // Writes a new status, if the pod is still there.
  bool write(const std::string& uid, const std::function<void(Json&, const std::string& now)>& change,
             const std::function<void(Draft&)>& more = {});
  Millis pick(const DurationRange& range);

  Store& store_;
  Clock& clock_;
  KubeletSettings settings_;
  std::mt19937_64 random_;
  std::map<std::string, Work> work_;  // by uid
  std::vector<Death> deaths_;
  std::uint32_t next_ip_ = 0;
  std::uint32_t next_node_ = 0;
};

}  // namespace outrigger::apiserver
