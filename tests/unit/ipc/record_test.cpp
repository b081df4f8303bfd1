#include "ipc/record.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "ipc/limits.h"

using namespace outrigger::ipc;

namespace {
template <class T>
T any() {
  return *rc::gen::arbitrary<T>();
}
}  // namespace

TEST(Record, C5_a_pod_survives_packing) {
  EXPECT_TRUE(rc::check([] {
    PodRecord p;
    p.executor_id = any<std::uint64_t>();
    p.profile = any<std::uint32_t>();
    p.state = any<std::uint8_t>();
    p.phase = any<std::uint8_t>();
    p.container_state = any<std::uint8_t>();
    p.exit_code = any<std::int32_t>();
    p.exit_class = any<std::uint8_t>();
    p.create_error = any<std::uint8_t>();
    p.flags = any<std::uint16_t>();
    p.uid = {any<std::uint64_t>(), any<std::uint64_t>()};
    for (auto& byte : p.ip) byte = any<std::uint8_t>();
    p.resource_version = any<std::uint64_t>();
    p.created_at_ms = any<std::int64_t>();
    p.scheduled_at_ms = any<std::int64_t>();
    p.started_at_ms = any<std::int64_t>();
    p.finished_at_ms = any<std::int64_t>();
    p.deletion_at_ms = any<std::int64_t>();
    p.owner_command = any<std::uint64_t>();
    const Record r = pack(p);
    RC_ASSERT(r.kind() == RecordKind::pod);
    RC_ASSERT(r.executor_id() == p.executor_id);
    RC_ASSERT(unpack_pod(r) == p);
  }));
}

TEST(Record, C5_a_profile_and_a_control_record_survive_packing) {
  EXPECT_TRUE(rc::check([] {
    ProfileRecord p;
    p.profile = any<std::uint32_t>();
    p.wait = any<std::uint8_t>();
    p.last_error = any<std::uint8_t>();
    p.target = any<std::uint32_t>();
    p.creating = any<std::uint32_t>();
    p.pending = any<std::uint32_t>();
    p.running = any<std::uint32_t>();
    p.terminating = any<std::uint32_t>();
    p.template_revision = any<std::uint32_t>();
    p.template_digits = any<std::uint16_t>();
    p.template_wanted = any<std::uint16_t>();
    p.retry_at_ns = any<std::int64_t>();
    p.created_total = any<std::uint64_t>();
    p.create_failed_total = any<std::uint64_t>();
    RC_ASSERT(pack(p).kind() == RecordKind::profile);
    RC_ASSERT(pack(p).executor_id() == 0u);
    RC_ASSERT(unpack_profile(pack(p)) == p);
    ControlRecord c;
    c.session = any<std::uint8_t>();
    c.last_error = any<std::uint8_t>();
    c.synced = any<bool>();
    c.stale = any<bool>();
    c.resource_version = any<std::uint64_t>();
    c.ids_wanted = any<std::uint32_t>();
    c.drain_left = any<std::uint32_t>();
    RC_ASSERT(pack(c).kind() == RecordKind::control);
    RC_ASSERT(unpack_control(pack(c)) == c);
  }));
}

TEST(Record, C5_the_words_are_where_the_byte_map_says) {
  PodRecord p;
  p.executor_id = 9;
  p.profile = 0x01020304;
  p.state = 5;
  p.phase = 6;
  p.container_state = 7;
  p.exit_code = -2;
  p.exit_class = 8;
  p.create_error = 10;
  p.flags = 0x0B0C;
  const Record r = pack(p);
  EXPECT_EQ(r.words[2], 9u);
  EXPECT_EQ(r.words[3], 0x0706050101020304u);
  EXPECT_EQ(r.words[4], 0x0B0C0A08FFFFFFFEu);
}

TEST(ColdText, C5_short_texts_come_back_whole) {
  const ColdText text{std::string(limits::name_bytes, 'n'), std::string(60, 'o'), "ImagePullBackOff", "why",
                      false};
  EXPECT_EQ(unpack_cold(pack(text)), text);
}

TEST(ColdText, C5_longer_texts_are_cut_and_say_so) {
  const ColdText text{std::string(254, 'n'), std::string(128, 'o'), std::string(64, 'r'),
                      std::string(46, 'm'), false};
  const ColdText back = unpack_cold(pack(text));
  EXPECT_TRUE(back.cut);
  EXPECT_EQ(back.name.size(), limits::name_bytes);
  EXPECT_EQ(back.node.size(), limits::node_bytes);
  EXPECT_EQ(back.reason.size(), limits::reason_bytes);
  EXPECT_EQ(back.message.size(), 45u);
}

TEST(ColdText, C5_a_text_is_never_cut_inside_a_character) {
  ColdText text;
  for (int i = 0; i < 300; ++i) text.message += "\xC3\xA9";
  text.name = "x";
  const ColdText back = unpack_cold(pack(text));
  EXPECT_EQ(back.message.size() % 2, 0u);
  EXPECT_EQ(back.message.size(), limits::cold_bytes - 2);
}

TEST(ColdText, any_words_unpack_to_texts_inside_the_record) {
  EXPECT_TRUE(rc::check([] {
    ColdWords words;
    for (auto& word : words) word = any<std::uint64_t>();
    const ColdText text = unpack_cold(words);
    RC_ASSERT(text.name.size() + text.node.size() + text.reason.size() + text.message.size() <=
              limits::cold_bytes);
  }));
}
