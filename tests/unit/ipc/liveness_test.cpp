#include "ipc/liveness.h"

#include <gtest/gtest.h>

#include <linux/futex.h>

using namespace outrigger::ipc;

TEST(Liveness, C13_the_word_says_alive_while_it_is_held_and_not_after) {
  Word32 word;
  EXPECT_FALSE(is_alive(word.load_acquire()));
  {
    auto holder = LivenessHolder::hold(word);
    ASSERT_TRUE(holder.ok()) << holder.failure().text;
    EXPECT_TRUE(is_alive(word.load_acquire()));
    EXPECT_TRUE(word.load_acquire() & FUTEX_WAITERS) << "or the kernel would wake nobody";
  }
  EXPECT_FALSE(is_alive(word.load_acquire()));
}

TEST(Liveness, C13_a_word_marked_by_the_kernel_is_dead_whoever_held_it) {
  EXPECT_FALSE(is_alive(0));
  EXPECT_FALSE(is_alive(FUTEX_OWNER_DIED | FUTEX_WAITERS));
  EXPECT_FALSE(is_alive(FUTEX_OWNER_DIED | 1234));
  EXPECT_FALSE(is_alive(FUTEX_WAITERS));
  EXPECT_TRUE(is_alive(FUTEX_WAITERS | 1234));
}

TEST(Liveness, C13_two_words_can_be_held_by_one_process) {
  Word32 a, b;
  auto first = LivenessHolder::hold(a);
  {
    auto second = LivenessHolder::hold(b);
    EXPECT_TRUE(is_alive(a.load_acquire()));
    EXPECT_TRUE(is_alive(b.load_acquire()));
  }
  EXPECT_TRUE(is_alive(a.load_acquire()));
  EXPECT_FALSE(is_alive(b.load_acquire()));
}
