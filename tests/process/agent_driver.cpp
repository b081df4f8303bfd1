// A driver for the process tests, over the C ABI alone: holds one target, registers what runs, takes its surplus back,
// checks that no record it reads is torn, and prints its view when asked. Each start is a new driver incarnation with a
// nonce of its own and ids from 1 again (S8), as when a driver's container starts anew.
//
//   process_agent_driver RUN_DIR APPLICATION TARGET       standard input: target N, view TAG, drain, quit
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "outrigger/shim.h"
#include "shim/examples/pod_renderer.h"

namespace {

using outrigger::example::render_pod;
using outrigger::example::resource_profile;
using outrigger::example::sample_id;

constexpr std::uint64_t fresh_ms = 10'000;
constexpr std::uint32_t digits_most = 5;

bool is_final(const outrigger_change& c) {
  return c.state == OUTRIGGER_EXECUTOR_CREATE_FAILED || c.state == OUTRIGGER_EXECUTOR_SUCCEEDED ||
         c.state == OUTRIGGER_EXECUTOR_FAILED || c.state == OUTRIGGER_EXECUTOR_DELETED;
}

class Driver {
 public:
  Driver(std::string run_directory, std::string application, std::uint32_t target)
      : run_directory_(std::move(run_directory)), application_(std::move(application)), target_(target) {}

  int run() {
    if (!open()) return 1;
    while (!quit_) {
      outrigger_wait(session_, 20);  // short, because standard input is looked at in between
      read_changes();
      drop_results();
      render_templates();
      take_surplus_back();
      read_input();
    }
    outrigger_close(session_);
    return 0;
  }

 private:
  bool open() {
    outrigger_options wanted{};
    wanted.struct_size = sizeof wanted;
    wanted.run_directory = run_directory_.c_str();
    wanted.application_id = application_.c_str();
    wanted.client_version = "process-test";
    char error[256] = "";
    if (outrigger_open(&wanted, &session_, error, sizeof error) != OUTRIGGER_OK) return broken(error);
    outrigger_policy policy;
    outrigger_policy_defaults(&policy);
    policy.idle_timeout_ms = 0;    // a surplus that is still pending is proposed at once
    policy.driver_grace_ms = 200;  // a driver that is dead for longer loses its executors
    check(outrigger_post_policy(session_, &policy, nullptr), "policy");
    for (std::uint32_t digits = 1; digits <= digits_most; ++digits) post_template(digits);
    post_target();
    return true;
  }

  void post_target() { check(outrigger_post_target(session_, 0, target_, nullptr), "target"); }

  void post_template(std::uint32_t digits) {
    if (!templates_.insert(digits).second) return;
    std::string pods[2];
    outrigger_sample samples[2]{};
    for (std::uint32_t i = 0; i < 2; ++i) {
      samples[i].executor_id = sample_id(digits, i + 1);
      pods[i] = render_pod(application_, resource_profile(0), samples[i].executor_id);
      samples[i].pod = {pods[i].data(), pods[i].size()};
    }
    outrigger_template wanted{};
    wanted.struct_size = sizeof wanted;
    wanted.revision = 1;
    wanted.id_digits = digits;
    wanted.samples = samples;
    wanted.sample_count = std::size(samples);
    check(outrigger_post_template(session_, &wanted, nullptr), "template");
  }

  void render_templates() {
    outrigger_profile_status profiles[16];
    std::size_t count = 0;
    if (!check(outrigger_read_profiles(session_, profiles, std::size(profiles), &count), "profiles")) return;
    for (std::size_t i = 0; i < count; ++i)
      for (std::uint32_t digits = 1; digits <= 10; ++digits)
        if ((profiles[i].template_wanted >> digits & 1) != 0) post_template(digits);
  }

  void read_changes() {
    outrigger_change changes[128];
    for (std::size_t count = 1; count != 0;) {
      if (!check(outrigger_read_changes(session_, changes, std::size(changes), &count), "read")) return;
      std::vector<std::uint64_t> registered, forgotten, confirmed;
      for (std::size_t i = 0; i < count; ++i) {
        const outrigger_change& c = changes[i];
        look_for_tears(c);
        const std::uint64_t id = c.executor_id;
        if (c.state == OUTRIGGER_EXECUTOR_RUNNING && known_.insert(id).second) registered.push_back(id);
        if (is_final(c) && known_.erase(id) == 1) forgotten.push_back(id);
        if ((c.flags & OUTRIGGER_CHANGE_DELETE_PROPOSED) != 0 && !known_.contains(id))
          confirmed.push_back(id);
        if (c.state == OUTRIGGER_EXECUTOR_RUNNING)
          running_.insert(id);
        else
          running_.erase(id);
        if ((c.flags & OUTRIGGER_CHANGE_GONE) != 0) deleted_.erase(id);
      }
      if (count == 0) return;
      if (!registered.empty() || !forgotten.empty())
        check(outrigger_post_known(session_, registered.data(), registered.size(), forgotten.data(),
                                   forgotten.size(), nullptr),
              "known");
      if (!confirmed.empty())
        check(outrigger_post_confirm_delete(session_, confirmed.data(), confirmed.size(), nullptr),
              "confirm");
      check(outrigger_post_ack(session_, changes[count - 1].sequence), "ack");
    }
  }

  // Words that were written together must be read together: what never changes of a pod does not change, what derives
  // from the id agrees with it, and every number is one that exists.
  void look_for_tears(const outrigger_change& c) {
    const std::string name = c.name, uid = c.uid;
    const std::string expected = application_ + "-exec-" + std::to_string(c.executor_id);
    if (c.executor_id == 0 || c.profile != 0) torn(c, "no executor of ours");
    if (!name.empty() && name != expected) torn(c, "the name " + name);
    if (c.state > OUTRIGGER_EXECUTOR_WANTED || c.phase > OUTRIGGER_PHASE_FAILED ||
        c.exit_class > OUTRIGGER_EXIT_STARTUP_ENV || c.create_error > OUTRIGGER_API_POLICY)
      torn(c, "a number that does not exist");
    if (uid.empty()) return;
    const auto [it, fresh] = pods_.try_emplace(uid, c);
    const outrigger_change& first = it->second;
    if (fresh) return;
    if (first.executor_id != c.executor_id) torn(c, "the uid of " + std::to_string(first.executor_id));
    if (first.created_at_ms != c.created_at_ms) torn(c, "another creation time");
    if (first.ip[0] != 0 && c.ip[0] != 0 && std::string(first.ip) != c.ip) torn(c, "another address");
    it->second = c;
  }
  void torn(const outrigger_change& c, const std::string& what) {
    std::fprintf(stderr, "torn: executor %llu sequence %llu state %s uid %s: %s\n",
                 static_cast<unsigned long long>(c.executor_id), static_cast<unsigned long long>(c.sequence),
                 outrigger_executor_state_name(c.state), c.uid, what.c_str());
  }

  // As dynamic allocation does with idle executors: the newest go.
  void take_surplus_back() {
    std::vector<std::uint64_t> ids;
    std::size_t left = 0;
    for (const auto id : running_) left += !deleted_.contains(id);
    for (auto it = running_.rbegin(); it != running_.rend() && left > target_; ++it) {
      if (deleted_.contains(*it)) continue;
      ids.push_back(*it);
      --left;
    }
    if (ids.empty()) return;
    for (const auto id : ids) known_.erase(id), deleted_.insert(id);
    check(outrigger_post_known(session_, nullptr, 0, ids.data(), ids.size(), nullptr), "known");
    check(outrigger_post_delete(session_, ids.data(), ids.size(), nullptr), "delete");
  }

  // The test looks at the state of things; a refused command shows there or is told here.
  void drop_results() {
    outrigger_result results[64];
    std::size_t count = 1;
    while (count != 0) {
      if (!check(outrigger_poll_results(session_, results, std::size(results), &count), "results")) return;
      for (std::size_t i = 0; i < count; ++i)
        if (results[i].verdict != OUTRIGGER_VERDICT_ACCEPTED &&
            results[i].verdict != OUTRIGGER_VERDICT_SUPERSEDED)
          std::fprintf(stderr, "refused: %s: %s\n", outrigger_verdict_name(results[i].verdict),
                       results[i].detail);
    }
  }

  void read_input() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (!quit_ && poll(&input, 1, 0) == 1) {
      char bytes[1024];
      const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
      if (got <= 0) quit_ = true;
      if (got > 0) typed_.append(bytes, static_cast<std::size_t>(got));
      for (auto end = typed_.find('\n'); end != std::string::npos; end = typed_.find('\n')) {
        command(typed_.substr(0, end));
        typed_.erase(0, end + 1);
      }
    }
  }

  void command(const std::string& text) {
    std::istringstream words(text);
    std::string verb, tag;
    words >> verb;
    if (verb == "target" && words >> target_) post_target();
    if (verb == "view" && words >> tag) print_view(tag);
    if (verb == "drain") check(outrigger_post_drain(session_, nullptr), "drain");
    if (verb == "quit") quit_ = true;
  }

  // One line: view TAG NONCE fresh | not fresh: why | ID STATE UID ...
  void print_view(const std::string& tag) {
    char nonce[OUTRIGGER_NONCE_BYTES] = "";
    outrigger_read_nonce(session_, nonce, sizeof nonce);
    std::vector<outrigger_change> all(4096);
    std::size_t count = 0;
    std::string line = "view " + tag + " " + nonce;
    if (outrigger_read_snapshot(session_, fresh_ms, all.data(), all.size(), &count) != OUTRIGGER_OK) {
      char why[256] = "";
      outrigger_last_error(session_, why, sizeof why);
      std::printf("%s stale %s\n", line.c_str(), why);
    } else {
      line += " fresh";
      for (std::size_t i = 0; i < count; ++i)
        if ((all[i].flags & OUTRIGGER_CHANGE_GONE) == 0)
          line += " " + std::to_string(all[i].executor_id) + " " +
                  outrigger_executor_state_name(all[i].state) + " " + (all[i].uid[0] != 0 ? all[i].uid : "-");
      std::printf("%s\n", line.c_str());
    }
    std::fflush(stdout);
  }

  bool check(outrigger_code code, const char* what) {
    if (code == OUTRIGGER_OK) return true;
    char text[256] = "";
    outrigger_last_error(session_, text, sizeof text);
    return broken(std::string(what) + ": " + outrigger_code_name(code) + ": " + text);
  }
  static bool broken(const std::string& what) {
    std::fprintf(stderr, "broken: %s\n", what.c_str());
    return false;
  }

  std::string run_directory_, application_, typed_;
  std::uint32_t target_;
  outrigger_session* session_ = nullptr;
  std::set<std::uint64_t> known_, running_, deleted_;
  std::set<std::uint32_t> templates_;
  std::map<std::string, outrigger_change> pods_;  // by uid: what was read last
  bool quit_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: process_agent_driver RUN_DIR APPLICATION TARGET\n");
    return 2;
  }
  return Driver(argv[1], argv[2], static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10))).run();
}
