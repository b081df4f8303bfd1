// A kubelet that runs pods as local processes, in mount and pid namespaces of their own. One node, one address.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/apiserver/kubelet/cause.h"
#include "tests/apiserver/kubelet/pod_life.h"
#include "tests/apiserver/kubelet/process_pod.h"
#include "tests/apiserver/store/store.h"

namespace outrigger::apiserver {

// What pods need of the API server that this kubelet belongs to.
struct ServerFacts {
  std::string address;
  std::uint16_t port = 0;
  std::string ca_pem;
  std::function<std::string(const std::string& name_space, const std::string& account)> token;
};

class ProcessKubelet final : public PodLife {
 public:
  ProcessKubelet(Store& store, Clock& clock, Descriptors& descriptors, ProcessSettings settings,
                 ServerFacts server);
  ~ProcessKubelet() override;  // kills every process and removes the directory
  ProcessKubelet(const ProcessKubelet&) = delete;
  ProcessKubelet& operator=(const ProcessKubelet&) = delete;

  tl::expected<void, std::string> die(std::string_view name_space, std::string_view name,
                                      std::string_view cause) override;
  const std::vector<Death>& deaths() const override { return deaths_; }
  void reset() override;

  std::string log_file(const std::string& name_space, const std::string& pod,
                       const std::string& container) const;

 private:
  struct Work {
    std::string key;
    std::unique_ptr<ProcessPod> pod;  // null until bound
    TimerId timer = 0;
    bool silent = false;  // its node is lost: nobody reports
    bool gone = false;    // the object is; only the processes are left
  };

  void on_event(const Event& event);
  void adopt(const SnapshotPtr& pod);
  void bind(const std::string& uid);
  void back_off(const std::string& uid);
  void terminate(const std::string& uid, const Snapshot& pod);
  void over(const std::string& uid);
  void forget(const std::string& uid);
  void objects_changed(const std::string& name_space);
  void claim_deleted(const std::string& uid);
  void sweep_claims();
  void end(const std::string& uid, const Cause& cause);
  void disrupt(const std::string& uid, const char* reason, const std::string& message, const char* manager);
  void remove(const std::string& uid, std::optional<std::int64_t> grace_s);
  SnapshotPtr current(const std::string& uid) const;
  void write(const std::string& uid, const std::string& manager,
             const std::function<void(Json&, const std::string&)>& change,
             const std::function<void(Draft&)>& more = {});
  std::string service_hosts(const std::string& name_space) const;
  void note(const std::string& text) const;

  Store& store_;
  Clock& clock_;
  ProcessSettings settings_;
  PodHost host_;
  bool own_directory_ = false;
  int lock_ = -1;                     // on a temporary directory, as long as this server lives
  std::map<std::string, Work> work_;  // by uid
  std::set<std::string> changed_namespaces_;
  std::set<std::string> deleted_claims_;  // uids
  std::vector<Death> deaths_;
};

}  // namespace outrigger::apiserver
