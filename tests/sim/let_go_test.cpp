// P3's checker against histories written by hand.
#include "tests/sim/written_history.h"

namespace vippy::sim {
namespace {

TEST_F(CheckersTest, LetGoFlagsADeadMachineThatKeepsItsAddress) {
  judge(let_go());
  off(0);
  now += rules.farewell() + 1us;
  expect_flagged("a still has 10.0.100.1/16, and its daemon is dead");
}

TEST_F(CheckersTest, LetGoFlagsAFrozenMachineToo) {
  judge(let_go());
  see(seen::Daemon{0, DaemonState::frozen});
  now += rules.let_go() + 1us;
  expect_flagged("a still has 10.0.100.1/16, and its daemon is frozen");
}

TEST_F(CheckersTest, LetGoFlagsADaemonThatHangsAndIsNotEnded) {
  judge(let_go());
  see(seen::Daemon{0, DaemonState::frozen});
  now += rules.stale;
  see(seen::Address{0, kVip, false, true, By::guard});
  now += rules.farewell() + rules.guard_kill + 1us;
  expect_flagged("a still hangs, and its guard has not ended it");
}

TEST_F(CheckersTest, LetGoFlagsWhatIsDoneToADaemonThatKeepsItsPace) {
  const auto expect_untouched = [&](GuardDeed deed, Duration silent_for, const char* words) {
    judge(let_go());
    see(seen::GuardActs{0, deed, silent_for});
    expect_flagged(words);
  };
  expect_untouched(GuardDeed::speaks, rules.stale,
                   "the guard of a says that it leaves, which got round 30.000 ms before");
  expect_untouched(GuardDeed::lets_go, 1ms, "the guard of a takes the addresses of a daemon away");
  expect_untouched(GuardDeed::kills, rules.stale + rules.guard_kill,
                   "the guard of a kills a daemon");
}

TEST_F(CheckersTest, LetGoPassesAGuardThatActsInTimeAndForeignAddresses) {
  judge(let_go());
  see(seen::Daemon{0, DaemonState::frozen});
  now += rules.stale + 1ns;
  see(seen::GuardActs{0, GuardDeed::speaks, rules.stale + 1ns});
  now += rules.farewell() - 1ns;
  see(seen::GuardActs{0, GuardDeed::lets_go, rules.let_go()});
  see(seen::Address{0, kVip, false, true, By::guard});
  now += rules.guard_kill;
  see(seen::GuardActs{0, GuardDeed::kills, rules.let_go() + rules.guard_kill});
  see(seen::Daemon{0, DaemonState::off});
  see(seen::GuardActs{0, GuardDeed::speaks, std::nullopt});
  now += 1s;
  expect_passed();
}

TEST_F(CheckersTest, LetGoWaitsForAGuardThatIsAwakeAndBlamesNoneThatIsGone) {
  judge(let_go());
  see(seen::Guard{0, DaemonState::frozen});
  off(0);
  now += 1s;
  see(seen::Guard{0, DaemonState::running});
  now += rules.farewell();
  see(seen::Address{0, kVip, false, true, By::guard});
  see(seen::Guard{1, DaemonState::off});
  gets(1);
  off(1);
  now += 1s;
  expect_passed();
}

TEST_F(CheckersTest, LetGoCountsFromTheGuardsOwnWaking) {
  judge(let_go());
  see(seen::Guard{0, DaemonState::frozen});
  off(0);
  now += 1s;
  see(seen::Guard{0, DaemonState::running});
  now += rules.farewell() + 1us;
  expect_flagged("a still has 10.0.100.1/16, and its daemon is dead");
}

}  // namespace
}  // namespace vippy::sim
