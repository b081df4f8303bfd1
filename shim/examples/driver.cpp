// An example driver: what a Spark driver does with Outrigger, without Spark. Start the agent, then
//
//   outrigger-example-driver --run-dir DIR --application APP
//
// and type `target 0 10`. Everything it needs of Outrigger is outrigger/shim.h. The loop in run() is the whole
// contract: wait, read what changed, answer what the agent asks, acknowledge.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "outrigger/shim.h"
#include "shim/examples/options.h"
#include "shim/examples/pod_renderer.h"
#include "shim/examples/progress.h"

namespace outrigger::example {
namespace {

struct CloseSession {
  void operator()(outrigger_session* session) const { outrigger_close(session); }
};

bool is_final(const outrigger_change& change) {
  return change.state == OUTRIGGER_EXECUTOR_CREATE_FAILED || change.state == OUTRIGGER_EXECUTOR_SUCCEEDED ||
         change.state == OUTRIGGER_EXECUTOR_FAILED || change.state == OUTRIGGER_EXECUTOR_DELETED;
}

class Driver {
 public:
  explicit Driver(const Options& options) : options_(options), progress_(options.json) {}

  int run() {
    if (!open()) return 1;
    while (!quit_) {
      outrigger_wait(session_.get(), 50);  // short, because standard input is looked at in between
      read_changes();
      read_results();
      render_what_is_wanted();
      read_commands();
      show();
    }
    outrigger_post_detach(session_.get(), nullptr);
    outrigger_state state = read_state();
    for (int tries = 0; tries < 20 && state.session != OUTRIGGER_SESSION_DETACHED; ++tries) {
      outrigger_wait(session_.get(), 50);
      read_changes();  // otherwise the wait returns at once
      state = read_state();
    }
    return 0;
  }

 private:
  bool open() {
    outrigger_options wanted{};
    wanted.struct_size = sizeof wanted;
    wanted.run_directory = options_.run_directory.c_str();
    wanted.application_id = options_.application.c_str();
    wanted.client_version = "example-0.1";
    char error[256] = "";
    outrigger_session* session = nullptr;
    if (outrigger_open(&wanted, &session, error, sizeof error) != OUTRIGGER_OK) {
      std::fprintf(stderr, "outrigger-example-driver: %s\n", error);
      return false;
    }
    session_.reset(session);
    // All of this is remembered and sent again to each new agent.
    outrigger_policy policy;
    outrigger_policy_defaults(&policy);
    policy.idle_timeout_ms = options_.idle_timeout_ms;
    policy.driver_grace_ms = options_.driver_grace_ms;
    check(outrigger_post_policy(session, &policy, nullptr), "policy");
    for (std::uint32_t profile = 0; profile < options_.profiles; ++profile) {
      for (std::uint32_t digits = 1; digits <= 4; ++digits) post_template(profile, digits);
      check(outrigger_post_target(session, profile, 0, nullptr), "target");
    }
    return true;
  }

  void read_changes() {
    std::vector<outrigger_change> changes(256);
    for (std::size_t count = 1; count != 0;) {
      if (!check(outrigger_read_changes(session_.get(), changes.data(), changes.size(), &count), "read"))
        return;
      std::vector<std::uint64_t> registered, forgotten, confirmed;
      for (std::size_t i = 0; i < count; ++i) {
        const outrigger_change& change = changes[i];
        const std::uint64_t id = change.executor_id;
        executors_[id] = change;
        // A real executor registers with its driver by itself; here running is enough.
        if (change.state == OUTRIGGER_EXECUTOR_RUNNING && known_.insert(id).second) registered.push_back(id);
        if (is_final(change) && known_.erase(id) == 1) forgotten.push_back(id);
        if (is_final(change) && ended_.insert(id).second) progress_.ended(change);
        if (change.state == OUTRIGGER_EXECUTOR_WANTED) post_rendered(change);
        if ((change.flags & OUTRIGGER_CHANGE_DELETE_PROPOSED) != 0 && !known_.contains(id))
          confirmed.push_back(id);
        if ((change.flags & OUTRIGGER_CHANGE_GONE) != 0) executors_.erase(id);
      }
      if (count == 0) return;
      if (!registered.empty() || !forgotten.empty())
        check(outrigger_post_known(session_.get(), registered.data(), registered.size(), forgotten.data(),
                                   forgotten.size(), nullptr),
              "known");
      if (!confirmed.empty())
        check(outrigger_post_confirm_delete(session_.get(), confirmed.data(), confirmed.size(), nullptr),
              "confirm");
      // Only now may the agent forget the final states among them.
      check(outrigger_post_ack(session_.get(), changes[count - 1].sequence), "ack");
    }
  }

  void read_results() {
    outrigger_result results[64];
    std::size_t count = 0;
    if (!check(outrigger_poll_results(session_.get(), results, std::size(results), &count), "results"))
      return;
    for (std::size_t i = 0; i < count; ++i)
      if (results[i].verdict != OUTRIGGER_VERDICT_ACCEPTED) progress_.refused(results[i]);
  }

  void render_what_is_wanted() {
    profiles_.resize(64);
    std::size_t count = 0;
    if (!check(outrigger_read_profiles(session_.get(), profiles_.data(), profiles_.size(), &count),
               "profiles"))
      count = 0;
    profiles_.resize(count);
    for (const auto& status : profiles_)
      for (std::uint32_t digits = 1; digits <= 10; ++digits)
        if ((status.template_wanted >> digits & 1) != 0) post_template(status.profile, digits);
  }

  void post_template(std::uint32_t profile, std::uint32_t digits) {
    if (!templates_.insert({profile, digits}).second) return;  // it was refused: once is enough
    std::string pods[2];
    outrigger_sample samples[2]{};
    for (std::uint32_t i = 0; i < 2; ++i) {
      samples[i].executor_id = sample_id(digits, i + 1);
      pods[i] = render_pod(options_.application, resource_profile(profile), samples[i].executor_id);
      samples[i].pod = {pods[i].data(), pods[i].size()};
    }
    outrigger_template wanted{};
    wanted.struct_size = sizeof wanted;
    wanted.profile = profile;
    wanted.revision = 1;
    wanted.id_digits = digits;
    wanted.samples = samples;
    wanted.sample_count = 2;
    check(outrigger_post_template(session_.get(), &wanted, nullptr), "template");
  }

  void post_rendered(const outrigger_change& change) {
    const std::string pod =
        render_pod(options_.application, resource_profile(change.profile), change.executor_id);
    outrigger_sample sample{};
    sample.executor_id = change.executor_id;
    sample.pod = {pod.data(), pod.size()};
    check(outrigger_post_rendered(session_.get(), change.profile, &sample, nullptr), "rendered");
  }

  void read_commands() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (!quit_ && poll(&input, 1, 0) == 1) {
      char bytes[4096];
      const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
      if (got <= 0) {
        quit_ = true;
        return;
      }
      typed_.append(bytes, static_cast<std::size_t>(got));
      for (std::size_t end = typed_.find('\n'); end != std::string::npos; end = typed_.find('\n')) {
        command(typed_.substr(0, end));
        typed_.erase(0, end + 1);
      }
    }
  }

  void command(const std::string& text) {
    std::istringstream words(text);
    std::string verb, which;
    std::uint64_t first = 0;
    std::uint32_t executors = 0;
    words >> verb;
    if (verb == "target" && words >> first >> executors) {
      check(outrigger_post_target(session_.get(), static_cast<std::uint32_t>(first), executors, nullptr),
            "target");
    } else if (verb == "scale" && words >> first >> executors) {
      scale(static_cast<std::uint32_t>(first), executors);
    } else if (verb == "delete" && words >> first) {
      check(outrigger_post_delete(session_.get(), &first, 1, nullptr), "delete");
    } else if (verb == "known" && words >> which && which == "all") {
      const std::vector<std::uint64_t> ids(known_.begin(), known_.end());
      check(outrigger_post_known_full(session_.get(), ids.data(), ids.size(), nullptr), "known");
    } else if (verb == "status") {
      std::vector<outrigger_change> all;
      for (const auto& [id, change] : executors_) all.push_back(change);
      outrigger_control_status control{};
      control.struct_size = sizeof control;
      check(outrigger_read_control(session_.get(), &control), "control");
      progress_.status(read_state(), control, all);
    } else if (verb == "drain") {
      check(outrigger_post_drain(session_.get(), nullptr), "drain");
    } else if (verb == "quit") {
      quit_ = true;
    } else if (!verb.empty()) {
      progress_.note("not a command: " + text + " (see --help)");
    }
  }

  void scale(std::uint32_t profile, std::uint32_t executors) {
    check(outrigger_post_target(session_.get(), profile, executors, nullptr), "target");
    std::vector<std::uint64_t> ours;
    for (const auto& [id, change] : executors_)
      if (change.profile == profile && change.state == OUTRIGGER_EXECUTOR_RUNNING) ours.push_back(id);
    if (ours.size() <= executors) return;
    ours.erase(ours.begin(), ours.begin() + executors);  // the oldest stay
    for (const auto id : ours) known_.erase(id);
    check(outrigger_post_known(session_.get(), nullptr, 0, ours.data(), ours.size(), nullptr), "known");
    check(outrigger_post_delete(session_.get(), ours.data(), ours.size(), nullptr), "delete");
  }

  void show() {
    progress_.session(read_state());
    Counts counts;
    for (const auto& [id, change] : executors_) {
      counts.creating += change.state == OUTRIGGER_EXECUTOR_CREATING;
      counts.pending += change.state == OUTRIGGER_EXECUTOR_PENDING;
      counts.running += change.state == OUTRIGGER_EXECUTOR_RUNNING;
      counts.terminating += change.state == OUTRIGGER_EXECUTOR_TERMINATING;
    }
    counts.known = static_cast<std::uint32_t>(known_.size());
    counts.ended = ended_.size();
    progress_.counts(counts, profiles_);
  }

  outrigger_state read_state() {
    outrigger_state state{};
    state.struct_size = sizeof state;
    outrigger_read_state(session_.get(), &state);
    return state;
  }

  bool check(outrigger_code code, const char* what) {
    if (code == OUTRIGGER_OK) return true;
    char text[256] = "";
    outrigger_last_error(session_.get(), text, sizeof text);
    progress_.note(std::string(what) + ": " + outrigger_code_name(code) + ": " + text);
    return false;
  }

  Options options_;
  Progress progress_;
  std::unique_ptr<outrigger_session, CloseSession> session_;
  std::map<std::uint64_t, outrigger_change> executors_;  // that exist
  std::set<std::uint64_t> known_, ended_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> templates_;  // posted: profile, digits
  std::vector<outrigger_profile_status> profiles_;
  std::string typed_;
  bool quit_ = false;
};

}  // namespace
}  // namespace outrigger::example

int main(int argc, char** argv) {
  outrigger::example::Options options;
  if (const auto end = outrigger::example::parse(argc, argv, options)) return *end;
  return outrigger::example::Driver(options).run();
}
