// Each checker against histories written by hand: one that it must flag, one that it must pass.
#include "tests/sim/written_history.h"

namespace vippy::sim {
namespace {

TEST_F(CheckersTest, OneOwnerFlagsTwoOwnersAfterTheBound) {
  judge(one_owner());
  gets(1);
  peace();
  now += 101ms;
  expect_flagged("10.0.100.1/16 is on a b");
}

TEST_F(CheckersTest, OneOwnerFlagsAnAddressThatIsNowhereAndALateLoss) {
  judge(one_owner());
  loses(0);
  peace();
  now += 101ms;
  expect_flagged("is nowhere");
  judge(one_owner());
  peace();
  now += 200ms;
  loses(0);
  gets(0);
  expect_flagged("is nowhere");
}

TEST_F(CheckersTest, OneOwnerFlagsANeighbourThatSendsToAnother) {
  judge(one_owner());
  peace();
  see(seen::Cached{0, kVip.address, 2});
  now += 101ms;
  expect_flagged("host 1 sends what is for 10.0.100.1 to c, but it is on a");
}

TEST_F(CheckersTest, OneOwnerPassesWhatComesRightInTheBound) {
  judge(one_owner());
  gets(1);
  peace();
  now += 99ms;
  loses(1);
  now += 1s;
  expect_passed();
}

TEST_F(CheckersTest, OverlapFlagsTwoThatHearEachOtherForLongerThanAHandOver) {
  judge(overlap());
  gets(1);
  now += rules.hand_over() + 1us;
  expect_flagged("is on a and b, which hear each other");
}

TEST_F(CheckersTest, OverlapPassesAHandOverAndASplitAndAFrozenDaemonAndProtocolOne) {
  judge(overlap());
  gets(1);
  now += rules.hand_over();
  loses(0);
  see(seen::Hears{2, 1, false});
  gets(2);
  now += 1s;
  see(seen::Daemon{2, DaemonState::frozen});
  see(seen::Hears{2, 1, true});
  now += 1s;
  expect_passed();
  rules.protocol = 1;
  judge(overlap());
  gets(1);
  now += 1s;
  expect_passed();
}

TEST_F(CheckersTest, OverlapWaitsUntilAMachineThatIsCutOffIsMissed) {
  judge(overlap());
  see(seen::Hears{2, 0, false});
  see(seen::Hears{2, 1, false});
  gets(1);
  now += rules.stale;
  loses(1);
  expect_passed();
  judge(overlap());
  see(seen::Hears{2, 0, false});
  gets(1);
  now += rules.stale;
  expect_flagged("is on a and b, which hear each other");
}

TEST_F(CheckersTest, ForeignFlagsTheRemovalOfAnAddressThatWasNotOurs) {
  judge(foreign());
  see(seen::Address{0, kOwn, false, false, By::daemon});
  expect_flagged("10.0.0.1/16 of a was not ours and was removed by the daemon");
}

TEST_F(CheckersTest, ForeignFlagsWhatIsLeftBehind) {
  judge(foreign());
  see(seen::Address{1, *core::parse_prefix("10.0.7.7/16"), true});
  peace();
  now += 1s;
  expect_flagged("10.0.7.7/16 is left behind on b");
}

TEST_F(CheckersTest, ForeignPassesWhatSomebodyElseRemoves) {
  judge(foreign());
  see(seen::Address{0, kOwn, false, false, By::somebody});
  loses(0);
  gets(0);
  peace();
  now += 1s;
  expect_passed();
}

TEST_F(CheckersTest, ConfigFlagsADifferenceThatNobodySays) {
  judge(config());
  see(seen::File{1, version(1, "10.0.100.2")});
  see(seen::Daemon{1, DaemonState::off});
  see(seen::Daemon{1, DaemonState::running});
  see(seen::Said{1, event::Started{"b", 1, 1}});
  now += 1s;
  expect_flagged("a and b run version 1 with different contents, and neither says so");
}

TEST_F(CheckersTest, ConfigFlagsAVersionThatGoesBackAndOneThatDoesNotArrive) {
  judge(config());
  see(seen::Said{1, event::ConfigReloaded{5}});
  see(seen::Said{1, event::ConfigReloaded{4}});
  expect_flagged("b went from version 5 back to 4");
  judge(config());
  see(seen::Peace{version(2), 100ms});
  see(seen::Said{0, event::ConfigReloaded{2}});
  see(seen::Said{1, event::ConfigAdopted{"a", 1, 2}});
  now += 101ms;
  expect_flagged("c runs version 1, the cluster has 2");
}

TEST_F(CheckersTest, ConfigPassesADifferenceThatIsSaidAndAVersionThatSpreads) {
  judge(config());
  see(seen::File{1, version(1, "10.0.100.2")});
  see(seen::Daemon{1, DaemonState::off});
  see(seen::Daemon{1, DaemonState::running});
  see(seen::Said{1, event::Started{"b", 1, 1}});
  see(seen::Said{0, event::PeerDiffers{"b", 1}});
  see(seen::Said{2, event::PeerDiffers{"b", 1}});
  now += 1s;
  see(seen::File{0, version(2)});
  see(seen::Said{0, event::ConfigReloaded{2}});
  see(seen::Said{1, event::ConfigAdopted{"a", 1, 2}});
  see(seen::Said{2, event::ConfigAdopted{"a", 1, 2}});
  see(seen::Peace{version(2), 100ms});
  now += 1s;
  expect_passed();
}

TEST_F(CheckersTest, TakeOverFlagsANewOwnerThatSpeaksTooLate) {
  judge(take_over());
  off(0);
  now += rules.take_over() + 1us;
  see(seen::Spoke{1, kVip.address});
  expect_flagged("10.0.100.1 was lost with a, and nobody has spoken for it since");
}

TEST_F(CheckersTest, TakeOverDoesNotTakeTheLostOnesOwnFrame) {
  judge(take_over());
  cause(CauseKind::freeze, 0);
  see(seen::Spoke{0, kVip.address});
  now += 1s;
  expect_flagged("was lost with a");
}

TEST_F(CheckersTest, TakeOverPassesATimelyOneAndWhatIsHardForOtherReasons) {
  judge(take_over());
  off(0);
  now += rules.take_over();
  see(seen::Spoke{1, kVip.address});
  now += 1s;
  expect_passed();
  judge(take_over());
  off(0);
  cause(CauseKind::cut, 1);
  now += 1s;
  expect_passed();
}

TEST_F(CheckersTest, TakeOverMeasuresFromTheLossToTheNewOwnersFirstFrame) {
  judge(take_over());
  cause(CauseKind::freeze, 0);
  now += 7ms;
  see(seen::Spoke{0, kVip.address});
  now += 5ms;
  see(seen::Spoke{1, kVip.address});
  now += 1ms;
  see(seen::Spoke{1, kVip.address});
  expect_passed();
  ASSERT_EQ(jury->take_overs().size(), 1U);
  EXPECT_EQ(jury->take_overs().front().cause, CauseKind::freeze);
  EXPECT_EQ(jury->take_overs().front().took, 12ms);
}

TEST_F(CheckersTest, NoGapFlagsAMomentWithoutAHolder) {
  judge(no_gap());
  cause(CauseKind::stop, 0);
  now += 1ms;
  loses(0);
  gets(1);
  expect_flagged("nobody has 10.0.100.1/16, in a planned move");
}

TEST_F(CheckersTest, NoGapFlagsANeighbourThatSendsToWhoHasLetGo) {
  judge(no_gap());
  cause(CauseKind::drain, 0);
  gets(1);
  now += 1ms;
  loses(0);
  expect_flagged("host 1 sends what is for 10.0.100.1 to a, which does not have it");
}

TEST_F(CheckersTest, NoGapPassesMakeBeforeBreakAndACrashAndTheEndOfTheLastNode) {
  judge(no_gap());
  cause(CauseKind::stop, 0);
  gets(1);
  see(seen::Cached{0, kVip.address, 1});
  now += 1ms;
  loses(0);
  expect_passed();
  judge(no_gap());
  off(0);
  loses(0);
  expect_passed();
  judge(no_gap());
  for (std::size_t i = 0; i < 3; ++i) cause(CauseKind::stop, i);
  loses(0);
  expect_passed();
}

TEST_F(CheckersTest, NoGapPassesWhatANewVersionOnAMachineThatStartsLeavesOut) {
  judge(no_gap());
  off(2);
  see(seen::File{2, version(2, "10.0.100.2")});
  see(seen::File{0, version(3)});
  now += 1s;
  cause(CauseKind::start, 2);
  loses(0);
  expect_passed();
}

TEST_F(CheckersTest, NoGapFlagsWhatOnlyAnOldFileLeavesOut) {
  judge(no_gap());
  off(2);
  see(seen::File{2, version(1, "10.0.100.2")});
  see(seen::File{0, version(1)});
  now += 1s;
  cause(CauseKind::start, 2);
  loses(0);
  expect_flagged("nobody has 10.0.100.1/16, in a planned move");
}

TEST_F(CheckersTest, ReasonsPassesALeaveThatTheGuardSaid) {
  judge(reasons());
  see(seen::GuardActs{0, GuardDeed::speaks, 31ms});
  now += 1ms;
  moved(2, "a", "c", MoveReason::owner_left);
  expect_passed();
}

TEST_F(CheckersTest, MovementFlagsAMoveBetweenTwoThatAreWell) {
  judge(movement());
  moved(2, "a", "b", MoveReason::better_returned);
  expect_flagged("c says that 10.0.100.1 moves from a to b");
}

TEST_F(CheckersTest, MovementPassesMovesToAndFromWhoWasHit) {
  judge(movement());
  cause(CauseKind::start, 1);
  moved(2, "a", "b", MoveReason::preferred_returned);
  now += 1s;
  off(0);
  moved(2, "a", "b", MoveReason::owner_silent);
  moved(2, "_", "b", MoveReason::nobody_had_it);
  expect_passed();
}

TEST_F(CheckersTest, LatenessFlagsTheDeathOfAPeerThatSpoke) {
  judge(lateness());
  see(seen::Said{0, event::PeerSilent{"b", 31ms}});
  expect_flagged("a says that b is silent, and it was not");
}

TEST_F(CheckersTest, LatenessFlagsAWordBeforeLettingGo) {
  judge(lateness());
  now += 1s;
  see(seen::Daemon{0, DaemonState::frozen});
  now += 31ms;
  see(seen::Daemon{0, DaemonState::running});
  see(seen::FirstWord{0, 31ms});
  expect_flagged("a did nothing for longer than stale and speaks while it has 10.0.100.1/16");
}

TEST_F(CheckersTest, LatenessPassesATrueDeathAndAShortSilenceAndLettingGo) {
  judge(lateness());
  see(seen::Hears{1, 0, false});
  see(seen::Said{0, event::PeerSilent{"b", 31ms}});
  see(seen::FirstWord{0, 29ms});
  loses(0);
  see(seen::FirstWord{0, 31ms});
  expect_passed();
  judge(lateness());
  now += 1s;
  for (std::size_t i = 0; i < 3; ++i) see(seen::Daemon{i, DaemonState::frozen});
  now += 31ms;
  for (std::size_t i = 0; i < 3; ++i) see(seen::Daemon{i, DaemonState::running});
  see(seen::FirstWord{0, 31ms});
  expect_passed();
}

TEST_F(CheckersTest, ConvergenceFlagsANeighbourThatIsLeftBehind) {
  judge(convergence());
  loses(0);
  gets(1);
  now += rules.quick() + 1us;
  expect_flagged("host 1 still sends what is for 10.0.100.1 to the wrong machine");
}

TEST_F(CheckersTest, ConvergencePassesATimelyOneAndWaitsForRepetitionsAfterTrouble) {
  judge(convergence());
  loses(0);
  gets(1);
  now += rules.quick();
  see(seen::Cached{0, kVip.address, 1});
  now += 1s;
  see(seen::Trouble{true});
  loses(1);
  gets(2);
  see(seen::Trouble{false});
  now += rules.converge();
  see(seen::Cached{0, kVip.address, 2});
  now += 1s;
  expect_passed();
}

TEST_F(CheckersTest, ConvergenceFlagsEvenAfterTroubleInTheEnd) {
  judge(convergence());
  see(seen::Trouble{true});
  loses(0);
  gets(2);
  see(seen::Trouble{false});
  now += rules.converge() + rules.settle() + 1us;
  expect_flagged("host 1 still sends");
}

TEST_F(CheckersTest, ConflictsFlagsALoserWithTheLastWord) {
  judge(conflicts());
  gets(1);
  see(seen::Spoke{1, kVip.address});
  loses(1);
  now += rules.last_word() + 1us;
  expect_flagged("10.0.100.1 is on a, and b had the last word about it");
}

TEST_F(CheckersTest, ConflictsPassesAWinnerThatSpeaksAgain) {
  judge(conflicts());
  gets(1);
  see(seen::Spoke{1, kVip.address});
  loses(1);
  now += rules.last_word();
  see(seen::Spoke{0, kVip.address});
  now += 1s;
  expect_passed();
}

TEST_F(CheckersTest, ReasonsFlagsEachReasonThatCannotBe) {
  const auto expect_wrong = [&](const std::string& from, const std::string& to, MoveReason reason,
                                const std::string& words) {
    judge(reasons());
    moved(2, from, to, reason);
    expect_flagged(words);
  };
  expect_wrong("a", "b", MoveReason::owner_silent, "that one was heard all the time");
  expect_wrong("a", "b", MoveReason::owner_left, "that one did not leave");
  expect_wrong("a", "c", MoveReason::preferred_returned, "the preferred node is another");
  expect_wrong("a", "b", MoveReason::better_returned, "that one is preferred");
  expect_wrong("a", "b", MoveReason::configuration, "its configuration is the old one");
  expect_wrong("a", "b", MoveReason::nobody_had_it, "there was an owner");
  expect_wrong("a", "b", MoveReason::nobody_active, "there is a new owner");
  judge(reasons());
  off(0);
  moved(2, "a", "b", MoveReason::owner_silent);
  moved(2, "b", "c", MoveReason::start);
  expect_flagged("it has decided before");
}

TEST_F(CheckersTest, ReasonsPassesEachReasonWithItsCause) {
  judge(reasons());
  moved(2, "_", "a", MoveReason::start);
  off(0);
  moved(2, "a", "c", MoveReason::owner_silent);
  moved(2, "c", "b", MoveReason::preferred_returned);
  see(seen::Said{1, event::SelfInactive{"health"}});
  moved(2, "b", "c", MoveReason::owner_left);
  see(seen::Said{2, event::ConfigReloaded{2}});
  moved(2, "c", "a", MoveReason::configuration);
  moved(2, "a", "_", MoveReason::nobody_active);
  moved(2, "_", "a", MoveReason::nobody_had_it);
  expect_passed();
}

TEST_F(CheckersTest, OutsidersFlagsTheFirstDifferenceOnly) {
  EXPECT_EQ(outsiders({"1", "2"}, {"1", "3"}), "with outsiders: 2; without: 3");
  EXPECT_EQ(outsiders({"1"}, {"1", "3"}), "with outsiders: nothing; without: 3");
  EXPECT_EQ(outsiders({"1", "2"}, {"1", "2"}), "");
}

TEST_F(CheckersTest, DecisionsAreWhatChangesAndNotWhatIsSaidAboutOutsiders) {
  Decisions decisions;
  decisions.see({Instant(2s), seen::Address{0, kVip, true}});
  decisions.see({Instant(2s), seen::Said{0, event::Unbelieved{"10.0.66.6", "x", true}}});
  decisions.see({Instant(3s), seen::Said{1, event::PeerActive{"c"}}});
  EXPECT_EQ(decisions.made, (std::vector<std::string>{"1000.000000 1 gets 10.0.100.1/16",
                                                      "2000.000000 2 says c is active"}));
}

}  // namespace
}  // namespace vippy::sim
