#include "core/hearing.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

const std::vector<std::string> kNodes = {"a", "b", "c"};

// Two nodes that pass each other's announcements by hand.
struct Talker {
  Talker(const std::string& name, SessionId session) {
    hearing.begin(name, session);
    hearing.configure(kNodes);
  }
  struct Said {
    Sender sender;
    Beat beat;
  };
  Said speak() {
    Said out{hearing.next_sender(), {}};
    // The last three count as fresh.
    hearing.set_fresh(out.sender.sequence > 3 ? out.sender.sequence - 3 : 0);
    hearing.echo_into(out.beat);
    return out;
  }
  Verdict hear(const Said& said) {
    return hearing.hear(*hearing.find(said.sender.node), said.sender, said.beat);
  }
  Hearing hearing;
};

constexpr std::size_t kA = 0;
constexpr std::size_t kB = 1;

void greet(Talker& a, Talker& b) {
  b.hear(a.speak());
  a.hear(b.speak());
  ASSERT_EQ(b.hear(a.speak()), Verdict::believed);
  ASSERT_EQ(a.hear(b.speak()), Verdict::believed);
}

TEST(HearingTest, TwoNodesBelieveEachOtherAfterThreeAnnouncements) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  EXPECT_EQ(b.hear(a.speak()), Verdict::unproven);
  EXPECT_EQ(a.hear(b.speak()), Verdict::believed);  // it echoes a
  EXPECT_EQ(b.hear(a.speak()), Verdict::believed);
  EXPECT_NE(a.hearing.latest(kB), nullptr);
  EXPECT_NE(b.hearing.latest(kA), nullptr);
}

TEST(HearingTest, ARestartIsBelievedThroughTheCandidateSlot) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  greet(a, b);
  Talker again("a", 0xaaaa0002);
  EXPECT_EQ(b.hear(again.speak()), Verdict::unproven);
  const auto reply = b.speak();
  EXPECT_EQ(reply.beat.candidates.size(), 1U);
  EXPECT_EQ(again.hear(reply), Verdict::believed);
  EXPECT_EQ(b.hear(again.speak()), Verdict::believed);
  // What the earlier run said is worth nothing from now on.
  EXPECT_EQ(b.hear(a.speak()), Verdict::replayed);
}

TEST(HearingTest, AnotherHostUnderOurNameIsToldFromARecording) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  greet(a, b);
  const auto recorded = a.speak();
  Talker again("a", 0xaaaa0002);
  EXPECT_FALSE(again.hearing.hear_namesake(recorded.sender, recorded.beat));
  // Both run, and nobody else is there: each echoes the other.
  const auto said = again.speak();
  EXPECT_TRUE(a.hearing.hear_namesake(said.sender, said.beat));
  const auto reply = a.speak();
  EXPECT_TRUE(again.hearing.hear_namesake(reply.sender, reply.beat));
}

TEST(HearingTest, OnlyTheLatestAnnouncementIsRepeated) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  greet(a, b);
  const auto before = a.speak();
  const auto latest = a.speak();
  ASSERT_EQ(b.hear(before), Verdict::believed);
  ASSERT_EQ(b.hear(latest), Verdict::believed);
  EXPECT_TRUE(b.hearing.repeats_latest(kA, latest.sender));
  EXPECT_FALSE(b.hearing.repeats_latest(kA, before.sender));
  b.hearing.fell_silent(kA);
  EXPECT_FALSE(b.hearing.repeats_latest(kA, latest.sender));
}

TEST(HearingTest, EverythingThatWasRecordedIsRefusedLater) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  std::vector<Talker::Said> recorded;
  for (int i = 0; i < 10; ++i) {
    recorded.push_back(a.speak());
    b.hear(recorded.back());
    recorded.push_back(b.speak());
    a.hear(recorded.back());
  }
  Talker restarted("b", 0xbbbb0002);
  for (const auto& said : recorded) {
    if (said.sender.node == node_id("a")) {
      EXPECT_EQ(b.hear(said), Verdict::replayed);
      EXPECT_EQ(restarted.hear(said), Verdict::unproven);
    } else {
      EXPECT_EQ(a.hear(said), Verdict::replayed);
    }
  }
}

TEST(HearingTest, APeerThatNoLongerHearsUsIsKnown) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  greet(a, b);
  a.hearing.fell_silent(kB);  // nothing of b comes to a any more
  EXPECT_EQ(b.hear(a.speak()), Verdict::deaf);
}

TEST(HearingTest, WhatEchoesUsFromLongAgoIsARecordingThoughItWasNeverHeard) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  greet(a, b);
  const auto lost = a.speak();
  for (int i = 0; i < 5; ++i) static_cast<void>(b.speak());
  EXPECT_EQ(b.hear(lost), Verdict::deaf);
}

TEST(HearingTest, TwoThatHaveLostEachOtherFindEachOtherAgainWhateverTheyEcho) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  greet(a, b);
  for (int i = 0; i < 9; ++i) {
    static_cast<void>(a.speak());
    static_cast<void>(b.speak());
  }
  // Both still echo what they heard before the split.
  EXPECT_EQ(b.hear(a.speak()), Verdict::deaf);
  EXPECT_EQ(a.hear(b.speak()), Verdict::believed);
  EXPECT_EQ(b.hear(a.speak()), Verdict::believed);
}

// What a peer heard while it took us for deaf it echoes, and does not go by.
TEST(HearingTest, APeerHeedsWhatWasSaidSinceItsReturn) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  greet(a, b);
  b.hearing.fell_silent(kA);
  const auto claim = b.speak();
  a.hear(claim);
  b.hear(a.speak());
  ASSERT_NE(b.hearing.latest(kA), nullptr);
  EXPECT_FALSE(b.hearing.has_heeded(kA, claim.sender.sequence));
  a.hear(b.speak());
  b.hear(a.speak());
  EXPECT_TRUE(b.hearing.has_heeded(kA, claim.sender.sequence));
}

TEST(HearingTest, SilenceForgetsWhatWasAnnounced) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  greet(a, b);
  ASSERT_NE(a.hearing.latest(kB), nullptr);
  a.hearing.fell_silent(kB);
  EXPECT_EQ(a.hearing.latest(kB), nullptr);
}

TEST(HearingTest, NodesThatStayKeepTheirSessions) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  greet(a, b);
  a.hearing.configure({"c", "b", "a"});
  const auto said = b.speak();
  EXPECT_EQ(a.hear(said), Verdict::believed);
  EXPECT_FALSE(a.hearing.find(node_id("d")));
  EXPECT_TRUE(a.hearing.is_self(node_id("a")));
}

TEST(HearingTest, OtherMessagesCountOnlyInAProvenSession) {
  Talker a("a", 0xaaaa0001);
  Talker b("b", 0xbbbb0001);
  const auto early = b.hearing.next_sender();
  EXPECT_EQ(a.hearing.hear_other(kB, early), Verdict::unproven);
  greet(a, b);
  const auto later = b.hearing.next_sender();
  EXPECT_EQ(a.hearing.hear_other(kB, later), Verdict::believed);
  EXPECT_EQ(a.hearing.hear_other(kB, later), Verdict::replayed);
}

}  // namespace
}  // namespace vippy::core
