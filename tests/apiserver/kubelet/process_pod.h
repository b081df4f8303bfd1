// One pod as processes: volumes, init containers, sidecars, containers, probes, restarts, the end.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/apiserver/base/clock.h"
#include "tests/apiserver/base/descriptors.h"
#include "tests/apiserver/kubelet/process_child.h"
#include "tests/apiserver/kubelet/process_env.h"
#include "tests/apiserver/kubelet/process_probe.h"
#include "tests/apiserver/kubelet/process_settings.h"
#include "tests/apiserver/kubelet/process_status.h"
#include "tests/apiserver/kubelet/process_volumes.h"

namespace outrigger::apiserver {

// What all pods of a kubelet share.
struct PodHost {
  Clock& clock;
  Descriptors& descriptors;
  const ProcessSettings& settings;
  NodeFacts node;
  EnvList environment;          // of every container, before the image's and the pod's own
  std::string ca_pem;           // of the API server
  bool may_change_user = true;  // runAsUser and the like can be honoured
  std::function<std::optional<Json>(Resource, const std::string& name_space, const std::string& name)> find;
  std::function<std::string(const std::string& name_space, const std::string& account)> token;
  std::function<std::string(const std::string& name_space)> service_hosts;  // lines of /etc/hosts
  std::function<void(const std::string&)> note;                             // one line for the operator
};

class ProcessPod {
 public:
  struct Hooks {
    std::function<void()> changed;  // view() is new
    std::function<void()> over;     // no process is left, and none will come; the pod must outlive this call
  };
  // `pod` with kind, nodeName and the addresses of the status.
  ProcessPod(PodHost& host, Json pod, std::string directory, Hooks hooks);
  ~ProcessPod();  // kills what runs
  ProcessPod(const ProcessPod&) = delete;
  ProcessPod& operator=(const ProcessPod&) = delete;

  void start() { sync(); }
  void objects_changed();          // ConfigMaps, Secrets, claims or Services of the namespace
  void fail_image(bool back_off);  // waits for an image for ever
  void stop(Millis grace);         // a later call may only shorten the time
  void kill();                     // everything, at once
  // Kills everything and ends Failed for this reason.
  void evict(const std::string& reason, const std::string& message);
  // Kills the main container and shows this end of it. False when it does not run.
  bool end_main(int exit_code, const std::string& reason);

  const PodView& view() const { return view_; }
  const Json& json() const { return pod_; }
  bool is_over() const { return view_.over; }
  bool uses(const std::string& path) const;  // of a volume
  std::string log_file(const std::string& container) const;

 private:
  struct Container {
    Json spec;
    ContainerView* view = nullptr;
    bool init = false;
    LaunchSpec launch;  // of the present or last run
    std::unique_ptr<Child> child;
    std::vector<std::unique_ptr<Prober>> probers;
    TimerId restart = 0;
    TimerId kill = 0;
    Millis back_off{0};
    bool stopping = false;
    std::optional<ContainerEnd> forced;  // shown instead of what the kill brings
  };

  void sync();
  bool prepare();
  bool sync_init();
  void wait_all(const std::string& reason, const std::string& message);
  void launch(Container& container);
  tl::expected<LaunchSpec, std::string> launch_spec_of(const Container& container);
  std::optional<std::string> set_command(const Container& container, LaunchSpec& spec) const;
  std::optional<std::string> add_mounts(const Container& container, LaunchSpec& spec) const;
  void set_user(const Container& container, LaunchSpec& spec) const;
  void set_image_user(const Container& container, const ImageRule& rule, LaunchSpec& spec) const;
  std::optional<std::string> refuse_root(const Container& container, const LaunchSpec& spec) const;
  std::optional<std::string> user_database(const LaunchSpec& spec) const;
  void running(Container& container);
  void started(Container& container);
  void probe(Container& container, const char* name, std::function<void(bool)> on_result);
  void ended(Container& container, const ChildEnd& ending);
  void restart_later(Container& container);
  void ask(Container& container, const Json& handler, Millis timeout, std::function<void(bool)> then);
  std::vector<std::string> question(Container& container, const Json& handler, Millis timeout);
  void stop_container(Container& container, Millis grace);
  void stop_step();
  void finish();
  void write_hosts();
  Millis grace() const;
  Millis left() const;
  std::string now() const { return rfc3339(host_.clock.unix_ms()); }
  std::string name() const { return string_member(pod_["metadata"], "name"); }
  std::string name_space() const { return string_member(pod_["metadata"], "namespace"); }
  ObjectLookup lookup() const;

  PodHost& host_;
  Json pod_;
  std::string directory_;
  Hooks hooks_;
  PodView view_;
  std::vector<Container> containers_;  // init containers first; never resized
  VolumePaths volumes_;
  std::map<std::uint64_t, std::unique_ptr<Child>> asks_;
  std::uint64_t next_ask_ = 0;
  TimerId deadline_ = 0;
  std::int64_t deadline_ms_ = INT64_MAX;  // steady
  bool stopping_ = false;
  bool no_image_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // timers of hooks look at it
};

}  // namespace outrigger::apiserver
