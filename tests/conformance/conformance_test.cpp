// Every recorded exchange of a real kube-apiserver, asked of ours.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/conformance/cases.h"
#include "tests/conformance/normal.h"

namespace outrigger::conformance {
namespace {

using nlohmann::json;
using support::Transcript;

void compare_heads(const Transcript& recorded, const Answer& answer) {
  EXPECT_EQ(answer.code, recorded.head.code);
  for (const char* name :
       {"content-type", "cache-control", "retry-after", "warning", "x-content-type-options"}) {
    EXPECT_EQ(answer.header(name), recorded.head.header(name)) << name;
  }
  for (const char* name : {"audit-id", "date"}) EXPECT_TRUE(answer.has(name)) << name;
}

json first_line_of_messages(json value) {
  for (auto& [key, member] : value.items()) {
    if (key == "message") member = member.get<std::string>().substr(0, member.get<std::string>().find('\n'));
    if (member.is_structured()) member = first_line_of_messages(member);
  }
  return value;
}

// Bookmarks and synthetic events tell versions; which ones is the store's business.
std::vector<std::string> lines_of(const std::string& body) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('\n', at), body.size());
    if (end > at) lines.push_back(body.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

void compare_stream(World& world, const Case& c, const Transcript& recorded, const Question& question) {
  Client client(world.port());
  const Answer head = client.open(question);
  compare_heads(recorded, head);
  EXPECT_EQ(head.header("transfer-encoding"), "chunked");
  if (c.during) c.during(world);
  for (const std::string& line : lines_of(recorded.body)) {
    const auto chunk = client.next_chunk();
    ASSERT_TRUE(chunk.has_value()) << "the stream ended before " << line.substr(0, 80);
    EXPECT_EQ(chunk->find('\n'), chunk->size() - 1) << "one event, one chunk, one line";
    EXPECT_EQ(normal_body(*chunk), normal_body(line))
        << json::diff(normal_body(line), normal_body(*chunk)).dump(1);
  }
  if (!c.ends) return;
  EXPECT_FALSE(client.next_chunk().has_value());
  EXPECT_EQ(client.complete(), recorded.name != "watch-server-killed");
}

void compare_answer(World& world, const Case& c, const Transcript& recorded, const Question& question) {
  const Answer answer = Client(world.port()).ask(question);
  compare_heads(recorded, answer);
  EXPECT_TRUE(answer.complete);
  if (recorded.head.code >= 400) {
    EXPECT_TRUE(answer.has("content-length")) << "short answers have a length";
  }
  json ours = normal_body(answer.body);
  json theirs = normal_body(recorded.body);
  if (c.message_prefix) {
    ours = first_line_of_messages(ours);
    theirs = first_line_of_messages(theirs);
  }
  EXPECT_EQ(ours, theirs) << json::diff(theirs, ours).dump(1);
}

class Conformance : public testing::TestWithParam<std::string> {};

TEST_P(Conformance, answers_as_recorded) {
  const auto found = cases().find(GetParam());
  ASSERT_NE(found, cases().end()) << GetParam() << ".http has no entry in tests/conformance/cases.cpp";
  const Case& c = found->second;
  if (!c.out_of_scope.empty()) {
    RecordProperty("out_of_scope", c.out_of_scope);
    return;  // listed with its reason; README.md repeats the list
  }
  const Transcript recorded = support::load_transcript(GetParam());
  World world(c.config);
  const Question question = world.question(recorded, c.before ? c.before(world) : Replacements{});
  ASSERT_FALSE(HasFatalFailure());
  const bool stream = recorded.target.find("watch=1") != std::string::npos && recorded.head.code == 200;
  stream ? compare_stream(world, c, recorded, question) : compare_answer(world, c, recorded, question);
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Transcripts, Conformance, testing::ValuesIn(support::transcript_names()), test_name);

TEST(ConformanceTable, has_no_entry_without_its_recording) {
  const auto names = support::transcript_names();
  for (const auto& [name, c] : cases())
    EXPECT_TRUE(std::count(names.begin(), names.end(), name) == 1) << name;
  EXPECT_GT(names.size(), 50u);
}

}  // namespace
}  // namespace outrigger::conformance
