#include "agent/core/session.h"

#include <gtest/gtest.h>

namespace outrigger::core {
namespace {

Session attached(const char* application = "app") {
  Session session(application);
  session.driver_attached(Epoch{1});
  return session;
}
Hello hello(const char* nonce = "nonce0001", const char* application = "app") {
  return {nonce, "test", application};
}
Session ready() {
  Session session = attached();
  EXPECT_TRUE(session.admit(hello()).ok());
  EXPECT_TRUE(session.admit(ResyncBegin{}).ok());
  EXPECT_TRUE(session.admit(ResyncEnd{}).ok());
  return session;
}

TEST(Session, hello_comes_first_and_once) {
  Session session = attached();
  for (const CommandBody& body :
       {CommandBody(ResyncBegin{}), CommandBody(SetTarget{}), CommandBody(Ack{}), CommandBody(Drain{})})
    EXPECT_EQ(session.admit(body).verdict, Verdict::refused_order);
  EXPECT_TRUE(session.admit(hello()).ok());
  EXPECT_EQ(session.admit(hello()).verdict, Verdict::refused_order);
}

TEST(Session, C22_a_hello_for_another_application_is_refused) {
  Session session = attached("mine");
  const Admission no = session.admit(hello("nonce0001", "theirs"));
  EXPECT_EQ(no.verdict, Verdict::refused_identity);
  EXPECT_NE(no.detail.find("mine"), std::string::npos);
  EXPECT_EQ(session.admit(hello("nonce0001", "")).verdict, Verdict::refused_identity);
  EXPECT_TRUE(session.admit(hello("nonce0001", "mine")).ok());
}

TEST(Session, S27_after_a_drain_a_learned_application_may_be_followed_by_another) {
  Session session = attached("");
  EXPECT_TRUE(session.admit(hello("nonce0001", "first")).ok());
  session.driver_gone();
  session.driver_attached(Epoch{2});
  EXPECT_EQ(session.admit(hello("nonce0002", "second")).verdict, Verdict::refused_identity)
      << "the first has pods";
  session.driver_gone();
  session.begin_drain(false);
  session.drained();
  session.driver_attached(Epoch{3});
  EXPECT_TRUE(session.admit(hello("nonce0002", "second")).ok());
  EXPECT_TRUE(session.application_changed());
  EXPECT_EQ(session.application_id(), "second");
  session.driver_gone();
  session.driver_attached(Epoch{4});
  EXPECT_TRUE(session.admit(hello("nonce0002", "second")).ok());
  EXPECT_FALSE(session.application_changed()) << "it came back";
}

TEST(Session, C22_a_given_application_is_never_followed_by_another) {
  Session session = attached("mine");
  EXPECT_TRUE(session.admit(hello("nonce0001", "mine")).ok());
  session.driver_gone();
  session.begin_drain(false);
  session.drained();
  session.driver_attached(Epoch{2});
  EXPECT_EQ(session.admit(hello("nonce0002", "other")).verdict, Verdict::refused_identity);
}

TEST(Session, a_nonce_is_8_to_32_letters_and_digits) {
  EXPECT_FALSE(valid_nonce("1234567"));
  EXPECT_TRUE(valid_nonce("12345678"));
  EXPECT_TRUE(valid_nonce(std::string(32, 'a')));
  EXPECT_FALSE(valid_nonce(std::string(33, 'a')));
  EXPECT_FALSE(valid_nonce("1234567A"));
  EXPECT_FALSE(valid_nonce("12345-78"));
  Session session = attached();
  EXPECT_EQ(session.admit(hello("no")).verdict, Verdict::refused_malformed);
}

TEST(Session, C21_resync_follows_hello_and_ready_follows_resync_end) {
  Session session = attached();
  EXPECT_EQ(session.state(), SessionState::attached);
  session.admit(hello());
  EXPECT_EQ(session.admit(SetTarget{}).verdict, Verdict::refused_order);
  EXPECT_EQ(session.admit(ResyncEnd{}).verdict, Verdict::refused_order);
  EXPECT_TRUE(session.admit(ResyncBegin{}).ok());
  EXPECT_EQ(session.state(), SessionState::resyncing);
  EXPECT_TRUE(session.admit(SetTarget{}).ok());
  EXPECT_TRUE(session.admit(ResyncEnd{}).ok());
  EXPECT_EQ(session.state(), SessionState::ready);
  EXPECT_EQ(session.admit(ResyncEnd{}).verdict, Verdict::refused_order);
  EXPECT_TRUE(session.admit(ResyncBegin{}).ok());
  EXPECT_EQ(session.state(), SessionState::resyncing);
}

TEST(Session, C21_a_reconnect_begins_at_hello_again) {
  Session session = ready();
  session.driver_gone();
  EXPECT_EQ(session.state(), SessionState::orphaned);
  EXPECT_EQ(session.admit(Ack{}).verdict, Verdict::refused_order);
  session.driver_attached(Epoch{2});
  EXPECT_EQ(session.admit(SetTarget{}).verdict, Verdict::refused_order);
  EXPECT_TRUE(session.admit(hello()).ok());
  EXPECT_FALSE(session.nonce_changed());
}

TEST(Session, after_drain_nothing_but_ack_drain_and_detach_is_taken) {
  Session session = ready();
  EXPECT_TRUE(session.admit(Drain{}).ok());
  EXPECT_EQ(session.state(), SessionState::draining);
  EXPECT_EQ(session.admit(SetTarget{}).verdict, Verdict::refused_order);
  EXPECT_EQ(session.admit(ResyncBegin{}).verdict, Verdict::refused_order);
  EXPECT_TRUE(session.admit(Drain{}).ok());
  EXPECT_TRUE(session.admit(Ack{}).ok());
  session.drained();
  EXPECT_EQ(session.state(), SessionState::drained);
  EXPECT_TRUE(session.admit(Detach{}).ok());
  EXPECT_EQ(session.admit(Ack{}).verdict, Verdict::refused_order);
}

TEST(Session, a_detached_driver_is_not_missed) {
  Session session = ready();
  session.admit(Detach{});
  session.driver_gone();
  EXPECT_EQ(session.state(), SessionState::no_driver);
}

TEST(Session, S27_another_incarnation_begins_a_new_life_after_a_drain) {
  Session session = ready();
  session.admit(Drain{});
  session.drained();
  session.driver_gone();
  session.driver_attached(Epoch{2});
  EXPECT_TRUE(session.admit(hello("nonce0002")).ok());
  EXPECT_TRUE(session.nonce_changed());
  EXPECT_EQ(session.state(), SessionState::attached);
}

TEST(Session, an_agent_that_shuts_down_takes_no_new_driver) {
  Session session = attached();
  session.begin_drain(true);
  EXPECT_EQ(session.admit(hello()).verdict, Verdict::refused_order);
}

}  // namespace
}  // namespace outrigger::core
