#include "core/sessions.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vippy::core {
namespace {

const OwnVoice kOwn{.session = 0x1122334455667788, .sequence = 1000, .fresh_since = 995};
const Echo kFresh = echo_of(kOwn.session, 998);
const Echo kNothing{};

std::vector<Echo> candidates_of(const PeerSession& peer) {
  std::vector<Echo> out;
  peer.append_candidates(out);
  return out;
}

TEST(SessionsTest, BelievesASessionOnceItEchoesUs) {
  PeerSession peer;
  EXPECT_EQ(peer.judge({1, 7, 1}, kNothing, kOwn), Verdict::unproven);
  EXPECT_EQ(peer.echo(), echo_of(7, 1));  // so that the peer can prove itself
  EXPECT_EQ(peer.judge({1, 7, 2}, kFresh, kOwn), Verdict::believed);
  // From now on it need not hear us to be heard.
  EXPECT_EQ(peer.judge({1, 7, 3}, kNothing, kOwn), Verdict::believed);
}

TEST(SessionsTest, BelievesNothingTwice) {
  PeerSession peer;
  EXPECT_EQ(peer.judge({1, 7, 5}, kFresh, kOwn), Verdict::believed);
  EXPECT_EQ(peer.judge({1, 7, 5}, kFresh, kOwn), Verdict::replayed);
  EXPECT_EQ(peer.judge({1, 7, 4}, kFresh, kOwn), Verdict::replayed);
  EXPECT_EQ(peer.judge({1, 7, 6}, kFresh, kOwn), Verdict::believed);
}

TEST(SessionsTest, ARestartedPeerIsBelievedAfterOneEcho) {
  PeerSession peer;
  ASSERT_EQ(peer.judge({1, 7, 500}, kFresh, kOwn), Verdict::believed);
  EXPECT_EQ(peer.judge({1, 8, 1}, kNothing, kOwn), Verdict::unproven);
  EXPECT_EQ(peer.echo(), echo_of(7, 500));
  EXPECT_EQ(candidates_of(peer), std::vector<Echo>{echo_of(8, 1)});
  EXPECT_EQ(peer.judge({1, 8, 2}, kFresh, kOwn), Verdict::believed);
  EXPECT_EQ(peer.echo(), echo_of(8, 2));
  EXPECT_TRUE(candidates_of(peer).empty());
}

TEST(SessionsTest, RecordingsOfOldSessionsDoNotDisplaceARealOne) {
  PeerSession peer;
  ASSERT_EQ(peer.judge({1, 7, 500}, kFresh, kOwn), Verdict::believed);
  EXPECT_EQ(peer.judge({1, 8, 1}, kNothing, kOwn), Verdict::unproven);
  for (std::uint64_t i = 0; i < 30; ++i) {
    EXPECT_EQ(peer.judge({1, 100 + i % 3, i}, kNothing, kOwn), Verdict::unproven);
  }
  const auto candidates = candidates_of(peer);
  EXPECT_NE(std::find(candidates.begin(), candidates.end(), echo_of(8, 1)), candidates.end());
  EXPECT_EQ(candidates.size(), 4U);
}

// However the recordings and the real one come in: it is echoed within a few of our messages.
TEST(SessionsTest, ManyRecordedSessionsDoNotKeepARealOneOut) {
  for (const std::uint64_t recorded : {5U, 40U, 200U}) {
    OwnVoice own{.session = kOwn.session, .sequence = 1000, .fresh_since = 995};
    PeerSession peer;
    std::uint64_t said = 0;
    bool is_echoed = false;
    for (; !is_echoed && said < recorded; ++own.sequence, ++own.fresh_since) {
      for (int flood = 0; flood < 3; ++flood) {
        for (std::uint64_t i = 0; i < recorded; ++i) {
          EXPECT_EQ(peer.judge({1, 100 + i, 50 + i}, kNothing, own), Verdict::unproven);
        }
      }
      EXPECT_EQ(peer.judge({1, 7, ++said}, kNothing, own), Verdict::unproven);
      auto echoes = candidates_of(peer);
      echoes.push_back(peer.echo());
      is_echoed = std::find(echoes.begin(), echoes.end(), echo_of(7, said)) != echoes.end();
    }
    EXPECT_TRUE(is_echoed) << recorded << " recordings";
  }
}

// The network delays a message of the session before: it seems to be the new one.
TEST(SessionsTest, ASessionThatWasReplacedByALateMessageComesBack) {
  PeerSession peer;
  ASSERT_EQ(peer.judge({1, 8, 1}, kFresh, kOwn), Verdict::believed);
  ASSERT_EQ(peer.judge({1, 7, 500}, kFresh, kOwn), Verdict::believed);
  const OwnVoice later{.session = kOwn.session, .sequence = 1001, .fresh_since = 996};
  EXPECT_EQ(peer.judge({1, 8, 2}, echo_of(kOwn.session, 1000), later), Verdict::replayed);
  EXPECT_EQ(peer.judge({1, 8, 3}, echo_of(kOwn.session, 1001), later), Verdict::believed);
  // And the late ones that follow change nothing any more.
  EXPECT_EQ(peer.judge({1, 7, 501}, echo_of(kOwn.session, 1000), later), Verdict::replayed);
  EXPECT_EQ(peer.echo(), echo_of(8, 3));
}

TEST(SessionsTest, ASessionThatWasFollowedByAnotherIsNotBelievedForItsLastMessages) {
  PeerSession peer;
  ASSERT_EQ(peer.judge({1, 7, 500}, kFresh, kOwn), Verdict::believed);
  ASSERT_EQ(peer.judge({1, 8, 1}, kFresh, kOwn), Verdict::believed);
  // Recorded a moment ago and still fresh.
  EXPECT_EQ(peer.judge({1, 7, 501}, kFresh, kOwn), Verdict::replayed);
  EXPECT_EQ(peer.echo(), echo_of(8, 1));
}

TEST(SessionsTest, WhileASessionIsHeardOneFromElsewhereIsRefused) {
  const auto here = *parse_ip("10.0.0.2");
  const auto there = *parse_ip("10.0.0.7");
  PeerSession peer;
  ASSERT_EQ(peer.judge({1, 7, 500}, kFresh, kOwn, here), Verdict::believed);
  EXPECT_EQ(peer.judge({1, 8, 1}, kFresh, kOwn, there), Verdict::namesake);
  EXPECT_EQ(peer.judge({1, 7, 501}, kFresh, kOwn, here), Verdict::believed);
  EXPECT_EQ(peer.source(), here);
  EXPECT_EQ(candidates_of(peer), std::vector<Echo>{echo_of(8, 1)});  // so that it hears of it
  peer.fell_silent();
  EXPECT_EQ(peer.judge({1, 8, 2}, kFresh, kOwn, there), Verdict::believed);
  EXPECT_EQ(peer.source(), there);
  // The first is the one from elsewhere now.
  const OwnVoice later{.session = kOwn.session, .sequence = 1001, .fresh_since = 996};
  EXPECT_EQ(peer.judge({1, 7, 502}, echo_of(kOwn.session, 1001), later, here),
            Verdict::namesake);
}

TEST(SessionsTest, ARestartIsBelievedAtOnceFromEachAddressOfTheSessionBefore) {
  const auto first = *parse_ip("10.0.0.2");
  const auto second = *parse_ip("10.1.0.2");
  PeerSession peer;
  ASSERT_EQ(peer.judge({1, 7, 500}, kFresh, kOwn, first), Verdict::believed);
  peer.add_source(second);
  ASSERT_EQ(peer.judge({1, 7, 501}, kFresh, kOwn, first), Verdict::believed);
  EXPECT_EQ(peer.judge({1, 8, 1}, kFresh, kOwn, second), Verdict::believed);
  EXPECT_EQ(peer.judge({1, 9, 1}, kFresh, kOwn, first), Verdict::namesake);
}

TEST(SessionsTest, ASessionThatNeverHeardUsAgainKeepsNobodyOut) {
  PeerSession peer;
  ASSERT_EQ(peer.judge({1, 7, 5}, kFresh, kOwn, *parse_ip("10.0.0.2")), Verdict::believed);
  peer.fell_silent();
  ASSERT_EQ(peer.judge({1, 7, 6}, kNothing, kOwn, *parse_ip("10.0.0.2")), Verdict::believed);
  EXPECT_EQ(peer.judge({1, 8, 1}, kFresh, kOwn, *parse_ip("10.0.0.7")), Verdict::believed);
}

TEST(SessionsTest, RecordingsFromBeforeOurStartProveNothing) {
  PeerSession peer;
  const Echo of_an_earlier_start = echo_of(kOwn.session + 1, kOwn.sequence);
  for (std::uint64_t sequence = 1; sequence < 100; ++sequence) {
    EXPECT_EQ(peer.judge({1, 7, sequence}, of_an_earlier_start, kOwn), Verdict::unproven);
  }
  EXPECT_FALSE(peer.is_proven());
}

TEST(SessionsTest, OldEchoesOfThisStartProveNothing) {
  PeerSession peer;
  EXPECT_EQ(peer.judge({1, 7, 1}, echo_of(kOwn.session, 994), kOwn), Verdict::unproven);
  EXPECT_EQ(peer.judge({1, 7, 2}, echo_of(kOwn.session, 995), kOwn), Verdict::believed);
}

TEST(SessionsTest, EchoesOfTheFutureProveNothing) {
  EXPECT_TRUE(is_fresh(echo_of(kOwn.session, 1000), kOwn));
  EXPECT_FALSE(is_fresh(echo_of(kOwn.session, 1001), kOwn));
  EXPECT_FALSE(is_fresh(echo_of(kOwn.session, 994), kOwn));
}

TEST(SessionsTest, FreshnessSurvivesTheWrapOfTheLowHalf) {
  const OwnVoice own{.session = 9, .sequence = 0x1'0000'0002, .fresh_since = 0xffff'fffd};
  EXPECT_TRUE(is_fresh(echo_of(9, 0xffff'ffff), own));
  EXPECT_FALSE(is_fresh(echo_of(9, 0xffff'fffc), own));
}

TEST(SessionsTest, ASilentPeerIsNotEchoed) {
  PeerSession peer;
  ASSERT_EQ(peer.judge({1, 7, 5}, kFresh, kOwn), Verdict::believed);
  peer.fell_silent();
  EXPECT_EQ(peer.echo(), Echo{});
  ASSERT_EQ(peer.judge({1, 7, 6}, kNothing, kOwn), Verdict::believed);
  EXPECT_EQ(peer.echo(), echo_of(7, 6));
}

}  // namespace
}  // namespace vippy::core
