#include "core/membership.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;
using Change = Membership::Change;

constexpr MembershipTuning kTuning{3s, 5s, 1s};
constexpr Instant kStart{100s};

class MembershipTest : public testing::Test {
 protected:
  MembershipTest() { members.configure({"a", "b", "c"}, "a", kTuning); }

  std::vector<std::size_t> expire(Instant now) {
    std::vector<std::size_t> silent;
    members.expire(now, silent);
    return silent;
  }

  Membership members;
};

TEST_F(MembershipTest, PeersAreBornSilentAndInactiveAndNobodyIsReportedForIt) {
  EXPECT_EQ(members.self(), 0U);
  EXPECT_EQ(members.size(), 3U);
  EXPECT_TRUE(members.is_silent(1));
  EXPECT_FALSE(members.any_active());
  EXPECT_EQ(members.next_expiry(), Instant::max());
  EXPECT_TRUE(expire(kStart + 1h).empty());
  EXPECT_EQ(members.heard_last(1), std::nullopt);
}

TEST_F(MembershipTest, AtMostStaleOldIsStillActiveAndOneNanosecondMoreIsNot) {
  members.heard(1, true, 1, kStart);
  EXPECT_EQ(members.next_expiry(), kStart + 3s + 1ns);
  EXPECT_TRUE(expire(kStart + 3s).empty());
  EXPECT_TRUE(members.is_active(1));
  EXPECT_EQ(expire(kStart + 3s + 1ns), std::vector<std::size_t>{1});
  EXPECT_FALSE(members.is_active(1));
  EXPECT_TRUE(members.is_silent(1));
}

TEST_F(MembershipTest, EachSilenceIsReportedOnce) {
  members.heard(1, true, 1, kStart);
  EXPECT_EQ(expire(kStart + 4s).size(), 1U);
  EXPECT_TRUE(expire(kStart + 9s).empty());
  members.heard(1, true, 1, kStart + 10s);
  EXPECT_EQ(expire(kStart + 20s).size(), 1U);
}

TEST_F(MembershipTest, APeerThatSaidThatItIsInactiveFallsSilentWithoutAReport) {
  members.heard(1, false, 1, kStart);
  EXPECT_TRUE(expire(kStart + 4s).empty());
  EXPECT_TRUE(members.is_silent(1));
}

TEST_F(MembershipTest, TellsReturnFromSilenceFromBecomingActiveAndFromLeaving) {
  EXPECT_EQ(members.heard(1, true, 1, kStart), Change::returned_active);
  EXPECT_EQ(members.heard(1, true, 1, kStart), Change::none);
  EXPECT_EQ(members.heard(1, false, 1, kStart), Change::left);
  EXPECT_EQ(members.heard(1, false, 1, kStart), Change::none);
  EXPECT_EQ(members.heard(1, true, 1, kStart), Change::became_active);
}

TEST_F(MembershipTest, APeerThatWasLostReturnsEvenWhenItIsInactiveAtFirst) {
  members.heard(1, true, 1, kStart);
  expire(kStart + 4s);
  EXPECT_EQ(members.heard(1, false, 1, kStart + 5s), Change::none);
  EXPECT_EQ(members.heard(1, true, 1, kStart + 6s), Change::returned_active);
  EXPECT_EQ(members.heard(1, false, 1, kStart + 7s), Change::left);
  expire(kStart + 11s);
  EXPECT_EQ(members.heard(1, false, 1, kStart + 12s), Change::none);
  EXPECT_EQ(members.heard(1, true, 1, kStart + 13s), Change::became_active);
}

TEST_F(MembershipTest, AnOlderReceiptTimeDoesNotMakeAPeerOlder) {
  members.heard(1, true, 1, kStart);
  members.heard(1, true, 1, kStart - 1s);
  EXPECT_EQ(members.heard_last(1), kStart);
}

TEST_F(MembershipTest, PeersThatStayKeepWhatIsKnownOfThemWhereverTheyStandNow) {
  members.heard(2, true, 1, kStart);
  members.configure({"c", "d", "a"}, "a", kTuning);
  EXPECT_EQ(members.self(), 2U);
  EXPECT_TRUE(members.is_active(0));
  EXPECT_EQ(members.heard_last(0), kStart);
  EXPECT_FALSE(members.is_active(1));
  EXPECT_EQ(members.find("b"), std::nullopt);
}

TEST_F(MembershipTest, WhoIsNotAmongTheNodesHasNoSelf) {
  members.configure({"b"}, "a", kTuning);
  EXPECT_EQ(members.self(), std::nullopt);
}

TEST_F(MembershipTest, OnesOwnEntryIsNeverJudged) {
  members.configure({"a"}, "a", kTuning);
  EXPECT_TRUE(members.all_heard_since(kStart));
  EXPECT_EQ(members.next_expiry(), Instant::max());
  EXPECT_TRUE(expire(kStart + 1h).empty());
  // A node that was a peer and is ourselves now starts afresh.
  members.configure({"a", "b"}, "b", kTuning);
  members.heard(0, true, 1, kStart);
  members.configure({"a", "b"}, "a", kTuning);
  EXPECT_FALSE(members.is_active(0));
}

TEST_F(MembershipTest, ANodeThatTurnsInactiveWithARisingVersionCountsAsActiveForAWhile) {
  members.heard(1, true, 1, kStart);
  EXPECT_EQ(members.heard(1, false, 2, kStart), Change::none);
  for (auto at = kStart; at < kStart + 7s; at += 1s) {
    EXPECT_EQ(members.heard(1, false, 2, at), Change::none);
    EXPECT_TRUE(members.is_active(1));
  }
  EXPECT_EQ(members.heard(1, false, 2, kStart + 7s), Change::left);  // mature + 2 intervals
}

TEST_F(MembershipTest, TheGraceOfAChangingNodeEndsWhenItSpeaksAsActiveOrFallsSilent) {
  members.heard(1, true, 1, kStart);
  members.heard(1, false, 2, kStart);
  members.heard(1, true, 2, kStart + 1s);
  EXPECT_EQ(members.heard(1, false, 2, kStart + 2s), Change::left);
  members.heard(2, true, 1, kStart);
  members.heard(2, false, 2, kStart);
  EXPECT_EQ(expire(kStart + 3s + 1ns), std::vector<std::size_t>{2});
  EXPECT_EQ(members.heard(2, false, 2, kStart + 4s), Change::none);
  EXPECT_FALSE(members.is_active(2));
}

TEST_F(MembershipTest, EverybodyElseMustHaveBeenHeardAfterTheMoment) {
  members.heard(1, true, 1, kStart + 1ns);
  EXPECT_FALSE(members.all_heard_since(kStart));
  members.heard(2, false, 1, kStart);
  EXPECT_FALSE(members.all_heard_since(kStart));
  members.heard(2, false, 1, kStart + 1ns);
  EXPECT_TRUE(members.all_heard_since(kStart));
}

TEST_F(MembershipTest, WhoeverIsExcusedHasStaleFromThen) {
  members.heard(1, true, 1, kStart);
  members.heard(2, true, 1, kStart);
  expire(kStart + 3s + 1ns);
  members.heard(1, true, 1, kStart + 10s);
  members.excuse(5s, kStart + 12s);
  EXPECT_TRUE(members.is_active(1));
  EXPECT_FALSE(members.is_active(2));  // was silent before
  EXPECT_EQ(members.next_expiry(), kStart + 15s + 1ns);
  EXPECT_TRUE(expire(kStart + 15s).empty());
  EXPECT_EQ(expire(kStart + 15s + 1ns), std::vector<std::size_t>{1});
}

TEST_F(MembershipTest, WhatWeOversleptTheOthersAreGivenToo) {
  members.heard(1, true, 1, kStart);
  members.excuse(700ms, kStart + 2s);
  EXPECT_EQ(members.next_expiry(), kStart + 3s + 700ms + 1ns);
  members.heard(1, true, 1, kStart + 2s);
  EXPECT_EQ(members.next_expiry(), kStart + 5s + 1ns);
  members.excuse(3s, kStart + 6s);
  EXPECT_EQ(members.next_expiry(), kStart + 9s + 1ns);
}

TEST_F(MembershipTest, AShortLatenessDoesNotTakeBackWhatALongOneGave) {
  members.heard(1, true, 1, kStart);
  members.excuse(50s, kStart + 51s);
  ASSERT_EQ(members.next_expiry(), kStart + 54s + 1ns);
  members.excuse(600ms, kStart + 52s + 600ms);
  EXPECT_EQ(members.next_expiry(), kStart + 54s + 600ms + 1ns);
}

// Its own pauses are no time in which it could have heard anybody, but between them it could.
TEST_F(MembershipTest, ADeadPeerIsMissedByANodeThatIsLateAgainAndAgain) {
  members.heard(1, true, 1, kStart);
  auto now = kStart;
  std::size_t pauses = 0;
  std::vector<std::size_t> silent;
  while (silent.empty() && ++pauses < 100) {
    now += 4s;
    members.excuse(3s, now);
    members.expire(now, silent);
    now += 1s;
    members.expire(now, silent);
  }
  EXPECT_EQ(silent, std::vector<std::size_t>{1});
  EXPECT_LE(pauses, 6U);  // awake for twice `stale`
}

TEST_F(MembershipTest, APeerThatPausedExcusesUsForItsPause) {
  members.heard(1, true, 1, kStart);
  members.heard(1, true, 1, kStart + 2500ms);
  EXPECT_FALSE(members.any_ran_on(kStart));
  members.heard(1, true, 1, kStart + 3499ms);
  EXPECT_FALSE(members.any_ran_on(kStart));
  members.heard(1, true, 1, kStart + 3500ms);
  EXPECT_TRUE(members.any_ran_on(kStart));
}

TEST_F(MembershipTest, APeerRanOnWhenItSpokeForStaleLessAnIntervalWithoutAPause) {
  for (auto at = kStart; at <= kStart + 10s; at += 1s) members.heard(1, true, 1, at);
  EXPECT_TRUE(members.any_ran_on(kStart));
  EXPECT_TRUE(members.any_ran_on(kStart + 8s));
  EXPECT_FALSE(members.any_ran_on(kStart + 8s + 1ns));
  members.heard(1, true, 1, kStart + 13s + 1ns);
  EXPECT_FALSE(members.any_ran_on(kStart));
  members.heard(1, true, 1, kStart + 14s + 1ns);
  members.heard(1, true, 1, kStart + 15s + 1ns);
  EXPECT_TRUE(members.any_ran_on(kStart));
}

TEST_F(MembershipTest, TheNextExpiryIsTheEarliestOfAll) {
  members.heard(1, true, 1, kStart + 1s);
  members.heard(2, true, 1, kStart);
  EXPECT_EQ(members.next_expiry(), kStart + 3s + 1ns);
  expire(kStart + 3s + 1ns);
  EXPECT_EQ(members.next_expiry(), kStart + 4s + 1ns);
}

TEST_F(MembershipTest, AnOutdatedPeerIsNewsOnceUntilItSpeaksProperlyAgain) {
  EXPECT_TRUE(members.note_outdated(1));
  EXPECT_FALSE(members.note_outdated(1));
  members.heard(1, true, 1, kStart);
  EXPECT_TRUE(members.note_outdated(1));
}

}  // namespace
}  // namespace vippy::core
