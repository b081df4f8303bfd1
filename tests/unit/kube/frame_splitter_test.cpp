#include "agent/kube/frame_splitter.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstring>
#include <string>

#include "tests/unit/kube/streams.h"

namespace outrigger::kube::testing {
namespace {

using Next = FrameSplitter::Next;

// The judge of a presumed line, as the decoder is one: brackets outside strings balance at its very end, and only there.
bool is_one_document(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return i + 1 == text.size();
  }
  return false;
}

struct Split {
  std::vector<std::string> frames;
  Next end = Next::more;
  std::size_t pending = 0;
  std::size_t rejected = 0;
};

Split split(std::string_view text, const std::vector<std::size_t>& cuts,
            std::size_t limit = core::limits::frame_bytes) {
  Split out;
  FrameSplitter splitter(limit);
  std::size_t from = 0;
  for (std::size_t piece = 0; piece <= cuts.size(); ++piece) {
    const std::size_t to = piece < cuts.size() ? std::min(cuts[piece], text.size()) : text.size();
    const std::string copy(text.substr(from, to - from));
    from = to;
    splitter.feed(copy);
    FrameSplitter::Frame frame;
    Next next;
    while ((next = splitter.next(frame)) == Next::frame) {
      const std::string_view bytes = frame.json.bytes();
      if (frame.presumed && !is_one_document(bytes)) {
        splitter.reject();
        ++out.rejected;
        continue;
      }
      // The padding must be readable; the sanitizers watch.
      char padding[json_padding];
      std::memcpy(padding, bytes.data() + bytes.size(), json_padding);
      out.frames.emplace_back(bytes);
    }
    if (next != Next::more) {
      out.end = next;
      return out;
    }
  }
  out.pending = splitter.pending();
  return out;
}

using Frames = std::vector<std::string>;

TEST(FrameSplitter, a_line_is_a_frame_without_its_end) {
  EXPECT_EQ(split("{\"a\":1}\n{\"b\":2}\r\n", {}).frames, (Frames{"{\"a\":1}", "{\"b\":2}"}));
}

TEST(FrameSplitter, white_space_and_empty_lines_between_frames_are_nothing) {
  EXPECT_EQ(split(" \n\n\t{\"a\":1} \r\n\n  {\"b\":2}\n \n", {}).frames, (Frames{"{\"a\":1}", "{\"b\":2}"}));
}

TEST(FrameSplitter, a_pretty_printed_document_is_one_frame) {
  const std::string pretty = "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}";
  EXPECT_EQ(split(pretty + "\n" + pretty + "\n", {}).frames, (Frames{pretty, pretty}));
}

TEST(FrameSplitter, documents_need_no_line_end_between_them) {
  const Split found = split("{\"a\":{}}{\"b\":\"}{\"}{\"c\":[{}]}", {});
  EXPECT_EQ(found.frames, (Frames{"{\"a\":{}}", "{\"b\":\"}{\"}", "{\"c\":[{}]}"}));
  EXPECT_EQ(found.pending, 0u);
}

TEST(FrameSplitter, two_documents_on_one_line_are_two_frames_once_the_line_is_rejected) {
  const Split found = split("{\"a\":1}{\"b\":2}\n{\"c\":3}\n", {});
  EXPECT_EQ(found.frames, (Frames{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"}));
  EXPECT_GE(found.rejected, 1u);
}

TEST(FrameSplitter, a_line_that_only_looks_complete_is_joined_once_it_is_rejected) {
  const std::string tricky = "{\"a\":{}\n,\"b\":1}";
  EXPECT_EQ(split(tricky + "\n{\"c\":3}\n", {}).frames, (Frames{tricky, "{\"c\":3}"}));
}

TEST(FrameSplitter, a_complete_frame_does_not_wait_for_its_line_end) {
  FrameSplitter splitter;
  FrameSplitter::Frame frame;
  splitter.feed("{\"a\":1}");
  ASSERT_EQ(splitter.next(frame), Next::frame);
  EXPECT_EQ(frame.json.bytes(), "{\"a\":1}");
  EXPECT_EQ(splitter.next(frame), Next::more);
  splitter.feed("\n{\"b\":2}\n");
  ASSERT_EQ(splitter.next(frame), Next::frame);
  EXPECT_TRUE(frame.presumed) << "the line end behind the first frame restores the fast path";
}

TEST(FrameSplitter, a_complete_frame_before_an_unfinished_one_comes_out_with_the_next_bytes_or_at_the_end) {
  FrameSplitter splitter;
  FrameSplitter::Frame frame;
  splitter.feed("{\"a\":1}{\"b\":");
  EXPECT_EQ(splitter.next(frame), Next::more) << "a line as far as anyone knows";
  splitter.finish();
  ASSERT_EQ(splitter.next(frame), Next::frame);
  EXPECT_EQ(frame.json.bytes(), "{\"a\":1}");
  EXPECT_EQ(splitter.next(frame), Next::more);
  EXPECT_EQ(splitter.pending(), 5u);
  splitter.reset();
  splitter.feed("{\"a\":1}{\"b\":");
  EXPECT_EQ(splitter.next(frame), Next::more);
  splitter.feed("2}");
  ASSERT_EQ(splitter.next(frame), Next::frame);
  EXPECT_EQ(frame.json.bytes(), "{\"a\":1}");
  ASSERT_EQ(splitter.next(frame), Next::frame);
  EXPECT_EQ(frame.json.bytes(), "{\"b\":2}");
}

TEST(FrameSplitter, a_frame_that_lies_whole_in_the_chunk_is_not_copied) {
  const std::string chunk = "{\"a\":1}\n" + std::string(200, ' ');
  FrameSplitter splitter;
  FrameSplitter::Frame frame;
  splitter.feed(chunk);
  ASSERT_EQ(splitter.next(frame), Next::frame);
  EXPECT_EQ(frame.json.bytes().data(), chunk.data());
}

TEST(FrameSplitter, a_frame_without_padding_behind_it_in_the_chunk_is_copied) {
  const std::string chunk = "{\"a\":1}\n" + std::string(json_padding - 2, ' ');
  FrameSplitter splitter;
  FrameSplitter::Frame frame;
  splitter.feed(chunk);
  ASSERT_EQ(splitter.next(frame), Next::frame);
  EXPECT_NE(frame.json.bytes().data(), chunk.data());
  EXPECT_EQ(frame.json.bytes(), "{\"a\":1}");
}

TEST(FrameSplitter, a_frame_of_the_bound_passes_and_one_byte_more_does_not) {
  for (const std::size_t step : {std::size_t{0}, std::size_t{100'000}}) {
    std::string frame = "{\"a\":\"" + std::string(core::limits::frame_bytes - 8, 'x') + "\"}";
    ASSERT_EQ(frame.size(), core::limits::frame_bytes);
    const auto cuts = step == 0 ? std::vector<std::size_t>{} : every(step, frame.size());
    EXPECT_EQ(split(frame + "\n", cuts).frames.size(), 1u);
    EXPECT_EQ(split(frame + "\r\n", cuts).frames.size(), 1u);
    frame.insert(6, "x");
    const Split over = split(frame + "\n", cuts);
    EXPECT_EQ(over.end, Next::too_long);
    EXPECT_TRUE(over.frames.empty());
  }
}

TEST(FrameSplitter, a_frame_without_end_is_refused_at_the_bound) {
  EXPECT_EQ(split("{\"a\":\"" + std::string(100, 'x'), every(7, 106), 64).end, Next::too_long);
  EXPECT_EQ(split("{\n" + std::string(100, ' '), every(7, 102), 64).end, Next::too_long);
}

TEST(FrameSplitter, many_small_documents_on_one_long_line_are_no_long_frame) {
  std::string line;
  for (int i = 0; i < 50; ++i) line += "{\"a\":1}";
  EXPECT_EQ(split(line + "\n", {}, 64).frames.size(), 50u);
}

TEST(FrameSplitter, anything_but_an_object_is_garbage) {
  for (const char* bad : {"[1]\n", "null\n", "x", "}\n", "\"a\"\n", "{\"a\":1}\nx"})
    EXPECT_EQ(split(bad, {}).end, Next::garbage) << bad;
}

TEST(FrameSplitter, a_cut_stream_leaves_its_unfinished_bytes_pending) {
  EXPECT_EQ(split("{\"a\":1}\n{\"b\":", {3}).pending, 5u);
  EXPECT_EQ(split("{\"a\":1}\n  \n", {}).pending, 0u);
}

TEST(FrameSplitter, reset_forgets_an_unfinished_frame) {
  FrameSplitter splitter;
  FrameSplitter::Frame frame;
  splitter.feed("{\"a\":");
  EXPECT_EQ(splitter.next(frame), Next::more);
  splitter.reset();
  EXPECT_EQ(splitter.pending(), 0u);
  splitter.feed("{\"b\":2}\n");
  ASSERT_EQ(splitter.next(frame), Next::frame);
  EXPECT_EQ(frame.json.bytes(), "{\"b\":2}");
}

// --- any split gives the same frames ---

std::string rendered(int value, int style) {
  const std::string number = std::to_string(value);
  switch (style % 5) {
    case 0:
      return "{\"a\":" + number + "}\n";
    case 1:
      return "{\n \"a\": {\"b\": [" + number + ", {}]\n}\n}\n";
    case 2:
      return "{\"a\":\"}\\\"{\\\\\"}";
    case 3:
      return "  {\"a\":{}\n,\"b\":[]}\r\n";
    default:
      return "{\"s\":\"\\\\\\\"\\u007d\xC3\xA9" + std::string(static_cast<std::size_t>(value % 300), 'x') +
             "\"}\n";
  }
}

TEST(FrameSplitter, property_any_split_gives_the_same_frames) {
  EXPECT_TRUE(rc::check("any split of any mix of styles", [] {
    const auto styles = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000));
    std::string text;
    for (const int style : styles) text += rendered(style, style);
    auto cuts =
        *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, text.size() + 1));
    std::sort(cuts.begin(), cuts.end());
    const Split whole = split(text, {});
    const Split pieces = split(text, cuts);
    RC_ASSERT(whole.frames.size() == styles.size());
    RC_ASSERT(whole.frames == pieces.frames);
    RC_ASSERT(pieces.pending == 0u);
  }));
}

TEST(FrameSplitter, every_single_cut_and_every_step_of_a_real_stream_gives_the_same_frames) {
  const std::string body = watch_body("watch-unschedulable") + watch_body("watch-rv-1-410");
  const Split whole = split(body, {});
  ASSERT_EQ(whole.frames.size(), 3u);
  EXPECT_EQ(whole.rejected, 0u);
  for (std::size_t cut = 0; cut <= body.size(); ++cut)
    ASSERT_EQ(split(body, {cut}).frames, whole.frames) << cut;
  for (std::size_t step = 1; step < 300; ++step)
    ASSERT_EQ(split(body, every(step, body.size())).frames, whole.frames) << step;
}

}  // namespace
}  // namespace outrigger::kube::testing
