// What a driver posts and the agent refuses: told through the C ABI with path and reason, nothing created, and the
// same session goes on with something better. `agentctl template check` says the same without an agent.
#include <memory>

#include "agent/core/limits.h"
#include "outrigger/shim.h"
#include "shim/examples/pod_renderer.h"
#include "tests/process/refusal.h"

namespace outrigger::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Close {
  void operator()(outrigger_session* session) const { outrigger_close(session); }
};

std::string pod_of(std::uint64_t id) {
  return example::render_pod(application, example::resource_profile(0), id);
}
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error(from);
  return text.replace(at, from.size(), to);
}

class RefusedTemplate : public RefusalTest {
 protected:
  void SetUp() override {
    server_.emplace(ApiServer::Options{.folder = folder_.path("server")});
    agent_ = Process(agent_launch(options(server_->kubeconfig())));
    wait_open(agent_);
    outrigger_options wanted{};
    wanted.struct_size = sizeof wanted;
    wanted.run_directory = run_dir_.c_str();
    wanted.application_id = application;
    outrigger_session* session = nullptr;
    char text[256] = "";
    ASSERT_EQ(outrigger_open(&wanted, &session, text, sizeof text), OUTRIGGER_OK) << text;
    session_.reset(session);
    ASSERT_EQ(outrigger_post_target(session, 0, 1, nullptr), OUTRIGGER_OK);
  }

  outrigger_code post(std::uint32_t revision, const std::string& first, const std::string& second,
                      std::uint64_t& command) {
    outrigger_sample samples[2]{};
    samples[0].executor_id = 1;
    samples[0].pod = {first.data(), first.size()};
    samples[1].executor_id = 2;
    samples[1].pod = {second.data(), second.size()};
    outrigger_template wanted{};
    wanted.struct_size = sizeof wanted;
    wanted.revision = revision;
    wanted.id_digits = 1;
    wanted.samples = samples;
    wanted.sample_count = 2;
    return outrigger_post_template(session_.get(), &wanted, &command);
  }
  outrigger_result result_of(std::uint64_t command) {
    outrigger_result found{};
    wait_until("the result of the template",
               [&] {
                 turn();
                 std::size_t count = 0;
                 outrigger_result results[16];
                 outrigger_poll_results(session_.get(), results, 16, &count);
                 for (std::size_t i = 0; i < count; ++i)
                   if (results[i].command == command) found = results[i];
                 return found.command == command;
               },
               {&agent_});
    return found;
  }
  outrigger_result result_of(std::uint32_t revision, const std::string& first, const std::string& second) {
    std::uint64_t command = 0;
    EXPECT_EQ(post(revision, first, second, command), OUTRIGGER_OK);
    return result_of(command);
  }
  // Waits a little and answers: after a template that does not derive from the id each pod is asked for (S3).
  void turn() {
    outrigger_wait(session_.get(), 50);
    outrigger_change changes[16];
    std::size_t count = 0;
    outrigger_read_changes(session_.get(), changes, 16, &count);
    for (std::size_t i = 0; i < count; ++i) {
      if (changes[i].state != OUTRIGGER_EXECUTOR_WANTED) continue;
      const auto pod = pod_of(changes[i].executor_id);
      outrigger_sample sample{};
      sample.executor_id = changes[i].executor_id;
      sample.pod = {pod.data(), pod.size()};
      EXPECT_EQ(outrigger_post_rendered(session_.get(), 0, &sample, nullptr), OUTRIGGER_OK);
    }
  }
  // Nothing was created so far; then the target is met as soon as the template is a good one.
  void expect_only_a_good_one_is_created(std::uint32_t revision) {
    EXPECT_THAT(server_->record(), HasSubstr("\"posts\":{\"count\":0"));
    EXPECT_EQ(result_of(revision, pod_of(1), pod_of(2)).verdict,
              static_cast<std::uint32_t>(OUTRIGGER_VERDICT_ACCEPTED));
    wait_until("one executor runs",
               [&] {
                 turn();
                 std::size_t count = 0;
                 outrigger_profile_status status[4];
                 outrigger_read_profiles(session_.get(), status, 4, &count);
                 return count == 1 && status[0].running == 1;
               },
               {&agent_});
  }

  std::optional<ApiServer> server_;
  Process agent_;
  std::unique_ptr<outrigger_session, Close> session_;
};

TEST_F(RefusedTemplate, one_that_does_not_derive_from_the_id_is_refused_with_the_json_path) {
  const auto odd = replaced(pod_of(2), "\"/var/data/spark-local\"", "\"/var/data/spark-8f3a\"");
  const auto result = result_of(1, pod_of(1), odd);
  EXPECT_EQ(result.verdict, static_cast<std::uint32_t>(OUTRIGGER_VERDICT_TEMPLATE));
  EXPECT_THAT(result.detail, HasSubstr("$.spec.containers[0].env"));
  expect_only_a_good_one_is_created(2);
}

TEST_F(RefusedTemplate, one_that_breaks_the_policy_is_refused_with_path_and_rule) {
  const auto greedy = [](std::uint64_t id) {
    return replaced(pod_of(id), "\"restartPolicy\"", "\"hostNetwork\": true, \"restartPolicy\"");
  };
  const auto result = result_of(1, greedy(1), greedy(2));
  EXPECT_EQ(result.verdict, static_cast<std::uint32_t>(OUTRIGGER_VERDICT_POLICY));
  EXPECT_THAT(result.detail, AllOf(HasSubstr("$.spec.hostNetwork"), HasSubstr("true")));
  expect_only_a_good_one_is_created(2);
}

TEST_F(RefusedTemplate, one_over_the_bound_is_refused_with_the_bound) {
  const auto heavy = [](std::uint64_t id) {
    return replaced(pod_of(id), "\"example\"", "\"" + std::string(core::limits::template_bytes, 'x') + "\"");
  };
  std::uint64_t command = 0;
  const auto code = post(1, heavy(1), heavy(2), command);
  std::string detail;
  if (code == OUTRIGGER_OK) {
    const auto result = result_of(command);
    EXPECT_EQ(result.verdict, static_cast<std::uint32_t>(OUTRIGGER_VERDICT_LIMIT));
    detail = result.detail;
  } else {
    EXPECT_EQ(code, OUTRIGGER_ERROR_LIMIT);
    char text[256] = "";
    outrigger_last_error(session_.get(), text, sizeof text);
    detail = text;
  }
  EXPECT_THAT(detail, HasSubstr("bytes"));
  expect_only_a_good_one_is_created(2);
}

TEST_F(RefusedTemplate, agentctl_finds_the_same_path_without_an_agent) {
  const auto a = folder_.write("a.json", pod_of(1111));
  const auto b = folder_.write(
      "b.json", replaced(pod_of(2222), "\"/var/data/spark-local\"", "\"/var/data/spark-8f3a\""));
  Process check(Launch{"agentctl", {"template", "check", a, "1111", b, "2222"}, {}, false});
  EXPECT_EQ(check.wait().code, 1);
  EXPECT_THAT(check.err(), AllOf(HasSubstr("not a template"), HasSubstr("$.spec.containers[0].env")));
  const auto heavy = folder_.write("heavy.json", std::string(core::limits::template_bytes + 1, ' '));
  Process over(Launch{"agentctl", {"template", "check", a, "1111", heavy, "2222"}, {}, false});
  EXPECT_EQ(over.wait().code, 1);
  EXPECT_THAT(over.err(), AllOf(HasSubstr(heavy), HasSubstr(std::to_string(core::limits::template_bytes))));
}

}  // namespace
}  // namespace outrigger::test
