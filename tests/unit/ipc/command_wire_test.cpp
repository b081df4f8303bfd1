#include "ipc/command_wire.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

using namespace outrigger::ipc;
using namespace outrigger::ipc::wire;

namespace {

Body round_trip(const Body& body) {
  auto encoded = encode(body);
  if (!encoded) throw std::runtime_error(encoded.failure().text);
  auto decoded = decode(encoded.value().kind, encoded.value().fixed, encoded.value().payload);
  if (!decoded) throw std::runtime_error(decoded.failure().text);
  return decoded.take();
}

std::string refusal(const Body& body) {
  const auto encoded = encode(body);
  return encoded.ok() ? "" : encoded.failure().text;
}

Sample sample(std::uint64_t id, std::size_t bytes = 10) {
  return {id, std::string(bytes, 'j'), {}};
}

std::string text(std::size_t min, std::size_t max) {
  const auto size = *rc::gen::inRange(min, max + 1);
  return *rc::gen::container<std::string>(size, rc::gen::arbitrary<char>());
}

}  // namespace

TEST(CommandWire, C16_every_kind_survives_its_encoding) {
  EXPECT_EQ(kinds, 14);
  const std::vector<Body> bodies = {
      Hello{"nonce-12", "spark-4.3.0", "spark-1234"},
      ResyncBegin{},
      ResyncEnd{},
      GrantIds{1001, 1000},
      Policy{1, 2, 3, 4, 5, 6, 7, false, 8, 9, true, true, 10},
      PostTemplate{2, 3, 4, {{1111, "{\"a\":1}", {"{}", "[]"}}, {2222, "{\"a\":2}", {}}}},
      PostRendered{7, {3, "{}", {"claim"}}},
      SetTarget{1, 500},
      KnownDelta{true, {1, 2, 3}, {4}},
      ConfirmDelete{{5, 6}},
      DeleteExecutors{{7}},
      Ack{99},
      Drain{},
      Detach{}};
  ASSERT_EQ(bodies.size(), kinds);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_EQ(bodies[i].index(), i);
    EXPECT_EQ(round_trip(bodies[i]), bodies[i]) << kind_name(static_cast<std::uint16_t>(i + 1));
  }
}

TEST(CommandWire, C16_templates_and_lists_of_any_content_survive) {
  EXPECT_TRUE(rc::check([] {
    PostTemplate t{1, 2, *rc::gen::inRange<std::uint8_t>(1, 11), {}};
    const int samples = *rc::gen::inRange(2, 9);
    for (int i = 0; i < samples; ++i) {
      Sample s{*rc::gen::arbitrary<std::uint64_t>(), text(1, 40), {}};
      const int extras = *rc::gen::inRange(0, 17);
      for (int e = 0; e < extras; ++e) s.extra_json.push_back(text(1, 20));
      t.samples.push_back(s);
    }
    RC_ASSERT(round_trip(t) == Body{t});
    const auto ids = *rc::gen::arbitrary<std::vector<std::uint64_t>>();
    RC_ASSERT(round_trip(KnownDelta{false, ids, ids}) == Body(KnownDelta{false, ids, ids}));
  }));
}

TEST(CommandWire, S14_a_policy_of_an_older_driver_reuses_no_claims_and_what_is_no_flag_is_refused) {
  Encoded old = encode(Policy{}).value();
  const auto read = [&] { return decode(old.kind, old.fixed, old.payload); };
  EXPECT_EQ(std::get<Policy>(read().value()), Policy{});
  EXPECT_FALSE(Policy{}.reuse_claims);
  for (const std::size_t word : {10u, 11u}) {
    old.fixed[word] = 2;
    EXPECT_FALSE(read().ok()) << word;
    old.fixed[word] = 1;
    EXPECT_TRUE(read().ok()) << word;
  }
  old.fixed[12] = 0xFFFFFFFF;
  EXPECT_TRUE(read().ok());
  old.fixed[12] += 1;
  EXPECT_FALSE(read().ok());
}

TEST(CommandWire, C16_every_bound_holds_at_it_and_not_past_it) {
  EXPECT_EQ(refusal(Hello{std::string(8, 'n'), std::string(64, 'v'), std::string(253, 'a')}), "");
  EXPECT_EQ(refusal(Hello{std::string(32, 'n'), "", ""}), "");
  EXPECT_NE(refusal(Hello{std::string(7, 'n'), "", ""}), "");
  EXPECT_NE(refusal(Hello{std::string(33, 'n'), "", ""}), "");
  EXPECT_NE(refusal(Hello{std::string(8, 'n'), std::string(65, 'v'), ""}), "");
  EXPECT_NE(refusal(Hello{std::string(8, 'n'), "", std::string(254, 'a')}), "");
  EXPECT_EQ(refusal(GrantIds{1, limits::id_block}), "");
  EXPECT_NE(refusal(GrantIds{1, limits::id_block + 1}), "");
  EXPECT_NE(refusal(GrantIds{1, 0}), "");
  EXPECT_NE(refusal(GrantIds{0, 1}), "");
  EXPECT_NE(refusal(GrantIds{~std::uint64_t{0} - 5, 10}), "") << "ids would wrap around";
  EXPECT_EQ(refusal(SetTarget{0, limits::target_executors}), "");
  EXPECT_NE(refusal(SetTarget{0, limits::target_executors + 1}), "");
  EXPECT_EQ(refusal(KnownDelta{true, std::vector<std::uint64_t>(limits::id_list), {}}), "");
  EXPECT_NE(refusal(KnownDelta{true, std::vector<std::uint64_t>(limits::id_list + 1), {}}), "");
  EXPECT_EQ(refusal(PostTemplate{0, 1, 10, {sample(1), sample(2)}}), "");
  EXPECT_NE(refusal(PostTemplate{0, 1, 11, {sample(1), sample(2)}}), "");
  EXPECT_NE(refusal(PostTemplate{0, 1, 0, {sample(1), sample(2)}}), "");
  EXPECT_NE(refusal(PostTemplate{0, 1, 1, {sample(1)}}), "");
  EXPECT_EQ(refusal(PostTemplate{0, 1, 1, std::vector<Sample>(8, sample(1))}), "");
  EXPECT_NE(refusal(PostTemplate{0, 1, 1, std::vector<Sample>(9, sample(1))}), "");
  EXPECT_EQ(refusal(PostRendered{0, sample(1, limits::pod_json_bytes)}), "");
  EXPECT_NE(refusal(PostRendered{0, sample(1, limits::pod_json_bytes + 1)}), "");
  EXPECT_NE(refusal(PostRendered{0, sample(1, 0)}), "");
  EXPECT_EQ(refusal(PostRendered{0, {1, "p", std::vector<std::string>(limits::template_extras, "e")}}), "");
  EXPECT_NE(refusal(PostRendered{0, {1, "p", std::vector<std::string>(limits::template_extras + 1, "e")}}),
            "");
  EXPECT_EQ(refusal(PostTemplate{0, 1, 1, std::vector<Sample>(5, sample(1, limits::pod_json_bytes))}), "");
  EXPECT_NE(refusal(PostTemplate{0, 1, 1, std::vector<Sample>(6, sample(1, limits::pod_json_bytes))}), "")
      << "over command_payload_bytes";
}

TEST(CommandWire, C16_a_refusal_names_the_kind_the_field_and_the_bound) {
  EXPECT_EQ(refusal(SetTarget{0, 200'001}), "target: executors is 200001 (allowed: 0 to 200000)");
  EXPECT_EQ(refusal(Hello{"short", "", ""}), "hello: nonce has 5 (allowed: 8 to 32)");
}

TEST(CommandWire, C16_what_the_encoder_refuses_the_decoder_refuses_too) {
  Fixed fixed{};
  fixed[1] = limits::target_executors;
  EXPECT_TRUE(decode(8, fixed, {}).ok());
  fixed[1] = limits::target_executors + 1;
  EXPECT_EQ(decode(8, fixed, {}).reason(), Reason::invalid);
  fixed[1] = 1;
  fixed[2] = 1;
  EXPECT_NE(decode(8, fixed, {}).failure().text.find("reserved"), std::string::npos);
  EXPECT_FALSE(decode(0, {}, {}).ok());
  EXPECT_FALSE(decode(kinds + 1, {}, {}).ok());
}

TEST(CommandWire, C16_a_length_past_the_payload_or_bytes_left_over_are_malformed) {
  auto encoded = encode(ConfirmDelete{{5, 6}}).take();
  auto payload = encoded.payload;
  payload[0] = 3;
  EXPECT_FALSE(decode(encoded.kind, encoded.fixed, payload).ok());
  payload[0] = ~std::uint64_t{0};
  EXPECT_FALSE(decode(encoded.kind, encoded.fixed, payload).ok());
  payload[0] = 1;
  EXPECT_FALSE(decode(encoded.kind, encoded.fixed, payload).ok());
  EXPECT_FALSE(decode(encoded.kind, encoded.fixed, {}).ok());
}

TEST(CommandWire, C16_any_words_decode_to_a_value_or_a_refusal) {
  EXPECT_TRUE(rc::check([] {
    Fixed fixed{};
    for (auto& word : fixed)
      word = *rc::gen::element<std::uint64_t>(0, 0, 0, 1, 2, 10, 1'000, ~std::uint64_t{0});
    std::vector<std::uint64_t> payload(*rc::gen::inRange<std::size_t>(0, 40));
    for (auto& word : payload) word = *rc::gen::element<std::uint64_t>(0, 1, 2, 3, 8, 100, ~std::uint64_t{0});
    const auto kind = *rc::gen::inRange<std::uint16_t>(0, 17);
    auto decoded = decode(kind, fixed, payload);
    if (decoded.ok()) {
      const auto again = encode(decoded.value());
      RC_ASSERT(again.ok());
      RC_ASSERT(again.value().kind == kind);
    }
  }));
}

TEST(CommandWire, C16_the_hash_sees_one_changed_bit_and_a_changed_length) {
  EXPECT_TRUE(rc::check([](std::vector<std::uint64_t> words) {
    const auto before = payload_hash(words);
    words.push_back(0);
    RC_ASSERT(payload_hash(words) != before);
    const auto longer = payload_hash(words);
    words[*rc::gen::inRange<std::size_t>(0, words.size())] ^= std::uint64_t{1} << *rc::gen::inRange(0, 64);
    RC_ASSERT(payload_hash(words) != longer);
  }));
}
