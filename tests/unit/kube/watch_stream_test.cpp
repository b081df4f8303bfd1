#include "agent/kube/watch_stream.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "tests/unit/kube/streams.h"

namespace outrigger::kube::testing {
namespace {

TEST(WatchStream, any_split_of_a_real_stream_gives_the_same_events) {
  for (const char* name :
       {"watch-pod-lifecycle", "watch-eviction-api", "watchlist-initial-events", "watch-rv-1-410"}) {
    const std::string body = watch_body(name);
    const Decoded whole = decode(body);
    ASSERT_EQ(whole.error, "") << name;
    ASSERT_FALSE(whole.frames.empty()) << name;
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{7}, std::size_t{63}, std::size_t{64}, std::size_t{65},
          std::size_t{1000}, std::size_t{1400}, std::size_t{16384}}) {
      const Decoded pieces = decode(body, every(step, body.size()));
      EXPECT_EQ(pieces.error, "") << name << " " << step;
      EXPECT_TRUE(same(whole.frames, pieces.frames)) << name << " " << step;
      EXPECT_EQ(pieces.pending, 0u);
    }
  }
}

TEST(WatchStream, property_any_split_gives_the_same_events) {
  const std::string body = watch_body("watch-exit-137-oomkilled");
  const Decoded whole = decode(body);
  EXPECT_TRUE(rc::check("any split", [&] {
    auto cuts =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, body.size() + 1));
    std::sort(cuts.begin(), cuts.end());
    RC_ASSERT(same(whole.frames, decode(body, cuts).frames));
  }));
}

TEST(WatchStream, a_stream_cut_anywhere_gives_the_events_before_the_cut_and_no_other) {
  const std::string body = watch_body("watch-unschedulable");
  const Decoded whole = decode(body);
  const std::size_t first = body.find('\n');
  for (std::size_t size = 0; size <= body.size(); ++size) {
    const Decoded cut = decode(std::string_view(body).substr(0, size), every(100, size));
    ASSERT_EQ(cut.error, "") << size;
    const std::size_t expected = size < first ? 0 : size < body.size() - 1 ? 1 : 2;
    ASSERT_EQ(cut.frames.size(), expected) << size;
    for (std::size_t i = 0; i < expected; ++i) ASSERT_TRUE(same(cut.frames[i], whole.frames[i]));
  }
}

TEST(WatchStream, events_need_no_line_end_and_may_be_pretty_printed) {
  const std::string a = pod_event("ADDED", "a", "1"), b = pod_event("MODIFIED", "b", "2"),
                    c = pod_event("DELETED", "c", "3");
  EXPECT_EQ(letters(decode(a + b + c).frames), "AMD");
  EXPECT_EQ(letters(decode(a + b + "\n" + c + "\n").frames), "AMD");
  std::string pretty = a;
  for (std::size_t at = pretty.find(','); at != std::string::npos; at = pretty.find(',', at + 4))
    pretty.replace(at, 1, ",\n  ");
  EXPECT_EQ(letters(decode(pretty + "\n" + b + "\n" + pretty).frames), "AMA");
  // Ends like a document at the first line, and is none.
  const std::string tricky = R"({"x":{})"
                             "\n," +
                             a.substr(1);
  EXPECT_EQ(letters(decode(tricky + "\n" + b + "\n").frames), "AM");
  EXPECT_EQ(letters(decode(tricky + "\n" + b + "\n", every(1, 500)).frames), "AM");
}

TEST(WatchStream, a_bad_event_ends_the_stream_and_the_events_before_it_stand) {
  const Decoded found = decode(pod_event("ADDED", "a", "1") + "\n" +
                               R"({"type":"ADDED","object":{"metadata":{"name":1}}})" + "\n");
  EXPECT_EQ(letters(found.frames), "A");
  EXPECT_EQ(found.error, "watch event: metadata.name is not a string");
}

TEST(WatchStream, an_event_over_the_bound_is_named_with_the_bound) {
  const std::string event = pod_event("ADDED", "a", "1");
  EXPECT_EQ(letters(decode(event + "\n", {}, event.size()).frames), "A");
  const Decoded over = decode(event + "\n", {}, event.size() - 1);
  EXPECT_EQ(over.error, "watch event over the bound of " + std::to_string(event.size() - 1) + " bytes");
}

TEST(WatchStream, text_that_is_no_event_is_refused) {
  EXPECT_EQ(decode("<html>").error, "watch event does not begin with '{'");
}

}  // namespace
}  // namespace outrigger::kube::testing
