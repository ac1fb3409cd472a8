// The world itself: kernels, the wire, and the seams that checkers and guards use.
#include "tests/sim/world.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/core/stepped_node.h"
#include "tests/sim/checkers/all.h"

namespace vippy::sim {
namespace {

using namespace std::chrono_literals;

const core::Prefix kVip = *core::parse_prefix("10.0.100.1/16");

core::Config config_of(const World& world) {
  std::vector<std::string> nodes;
  for (const auto& machine : world.machines()) nodes.push_back(machine.name);
  auto config = core::small_config(1, nodes, {{"n1", "10.0.100.1/16"}});
  config.notify = {core::NotifyEntry{}};
  config.notify_refresh = 2s;
  return config;
}

// A platform alone, with a wire that takes everything and loses nothing.
class KernelTest : public testing::Test, public Wire {
 protected:
  void multicast(std::size_t, std::span<const std::uint8_t>) override {}
  void frame(std::size_t, std::span<const std::uint8_t>) override {}
  void later(Duration after, std::function<void()> what) override {
    queue.emplace(now + after, std::move(what));
  }
  Duration address_delay(std::size_t) override { return 100us; }
  Duration notification_lag(std::size_t) override { return lag; }
  bool refuses_address(std::size_t) override { return false; }
  void address_changed(std::size_t, const core::Prefix&, bool, bool, By) override { ++changes; }

  void run() {
    while (!queue.empty()) {
      const auto next = queue.begin();
      now = std::max(now, next->first);
      const auto what = std::move(next->second);
      queue.erase(next);
      what();
    }
  }
  // What came since the last time: "ack 1 0", "seen fd00::1/64 up".
  std::vector<std::string> came() {
    run();
    std::vector<std::string> out;
    std::array<platform::Event, 64> events;
    const auto count = platform.wait(now, events);
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto* outcome = std::get_if<platform::Outcome>(&events[i])) {
        out.push_back("ack " + std::to_string(outcome->id) + " " +
                      std::to_string(outcome->os_error));
      } else if (const auto* seen = std::get_if<platform::AddressChanged>(&events[i])) {
        out.push_back(core::format(seen->prefix) + (seen->exists ? " up" : " down"));
      }
    }
    return out;
  }

  Instant now{1s};
  Duration lag{};
  int changes = 0;
  std::multimap<Instant, std::function<void()>> queue;
  Kernel kernel;
  SimPlatform platform{0, kernel, *this, now, 1};
};

TEST_F(KernelTest, AnIpv6AddressIsThereOnceAndAnIpv4AddressOnceForEachLength) {
  std::ignore = came();
  const auto add = [&](platform::RequestId id, const char* prefix) {
    platform.perform(platform::AddAddress{id, kEth0, *core::parse_prefix(prefix), {}, false});
    return came();
  };
  using Words = std::vector<std::string>;
  const auto there = std::to_string(EEXIST);
  EXPECT_EQ(add(1, "fd00::1/64"), (Words{"ack 1 0", "fd00::1/64 up"}));
  EXPECT_EQ(add(2, "fd00::1/48"), (Words{"ack 2 " + there}));
  EXPECT_EQ(add(3, "10.0.0.1/16"), (Words{"ack 3 0", "10.0.0.1/16 up"}));
  EXPECT_EQ(add(4, "10.0.0.1/24"), (Words{"ack 4 0", "10.0.0.1/24 up"}));
  EXPECT_EQ(add(5, "10.0.0.1/24"), (Words{"ack 5 " + there}));
  EXPECT_EQ(changes, 3);
}

TEST_F(KernelTest, NotificationsMayComeBeforeOrAfterTheAnswersButInTheirOwnOrder) {
  std::ignore = came();
  lag = 300us;
  platform.perform(platform::AddAddress{1, kEth0, kVip, {}, false});
  lag = 10us;
  platform.perform(platform::RemoveAddress{2, kEth0, kVip});
  EXPECT_EQ(came(), (std::vector<std::string>{"ack 1 0", "ack 2 0", "10.0.100.1/16 up",
                                              "10.0.100.1/16 down"}));
  platform.perform(platform::AddAddress{3, kEth0, kVip, {}, false});
  EXPECT_EQ(came(), (std::vector<std::string>{"10.0.100.1/16 up", "ack 3 0"}));
}

// Three nodes with guards; n1 has the address. stale is 300 ms, guard-kill a second.
class GuardedTest : public testing::Test {
 protected:
  GuardedTest() {
    const auto config = config_of(world);
    auto rules = rules_of(config);
    rules.has_guard = world.has_guards = true;
    jury = std::make_unique<Jury>(rules, all_checkers());
    world.show_to(*jury);
    world.configure(config);
    for (std::size_t i = 0; i < 3; ++i) world.start(i);
    world.run_for(3s);
  }
  ~GuardedTest() override {
    jury->end(world.now());
    if (is_bitten) return;
    for (const auto& it : jury->violations()) ADD_FAILURE() << it.checker << ": " << it.text;
  }
  bool holds(std::size_t machine) const { return world.machines()[machine].holds(kVip); }
  std::size_t count(const std::string& words) const {
    std::size_t out = 0;
    for (auto at = world.trace().find(words); at != std::string::npos; ++out) {
      at = world.trace().find(words, at + 1);
    }
    return out;
  }

  World world{1, 3, 1};
  std::unique_ptr<Jury> jury;
  bool is_bitten = false;  // violations were wanted
};

TEST_F(GuardedTest, AShortSilenceIsNoHang) {
  world.freeze(0, true);
  world.run_for(200ms);
  world.freeze(0, false);
  world.run_for(1s);
  EXPECT_TRUE(holds(0));
  EXPECT_EQ(count("the guard of n1"), 0U);
}

TEST_F(GuardedTest, AHungDaemonIsFencedAndComesBackWithoutARestart) {
  world.freeze(0, true);
  world.run_for(310ms);
  EXPECT_FALSE(holds(0));
  EXPECT_EQ(count("the guard of n1 says that it leaves"), 3U);
  world.run_for(500ms);
  EXPECT_TRUE(holds(1) || holds(2));
  world.freeze(0, false);
  world.run_for(3s);
  EXPECT_TRUE(holds(0)) << "it is preferred";
  EXPECT_EQ(world.machines()[0].daemon->status().counters.fenced, 1U);
}

TEST_F(GuardedTest, ADaemonThatHangsForTooLongIsKilledAndStaysOff) {
  world.freeze(0, true);
  world.run_for(1299ms);
  EXPECT_EQ(world.machines()[0].state(), DaemonState::frozen);
  world.run_for(10ms);
  EXPECT_EQ(world.machines()[0].state(), DaemonState::off);
  world.freeze(0, false);
  world.run_for(1s);
  EXPECT_FALSE(holds(0));
  EXPECT_EQ(world.machines()[0].guard_state(), DaemonState::off) << "it has nothing left to do";
}

TEST_F(GuardedTest, ADeadDaemonIsOffItsAddressesAfterTheHandOver) {
  world.kill(0);
  world.run_for(2ms);
  EXPECT_TRUE(holds(0));
  world.run_for(2ms);
  EXPECT_FALSE(holds(0));
  EXPECT_TRUE(holds(1) || holds(2));
}

TEST_F(GuardedTest, AGuardThatDiesIsStartedAgainAndNothingMoves) {
  world.kill_guard(0);
  EXPECT_EQ(world.machines()[0].guard_state(), DaemonState::off);
  world.run_for(200ms);
  EXPECT_EQ(world.machines()[0].guard_state(), DaemonState::running);
  world.run_for(2s);
  EXPECT_TRUE(holds(0));
  EXPECT_EQ(count("the guard ended unexpectedly: another one is started"), 1U);
}

TEST_F(GuardedTest, WithoutAGuardADeadDaemonLeavesItsAddresses) {
  world.kill_guard(0);
  world.kill(0);
  world.run_for(1s);
  EXPECT_TRUE(holds(0));
}

TEST_F(GuardedTest, AMachineThatWasSuspendedDecidesForItself) {
  for (std::size_t i = 0; i < 3; ++i) {
    world.freeze_guard(i, true);
    world.freeze(i, true);
  }
  world.run_for(10s);
  for (std::size_t i = 0; i < 3; ++i) world.freeze_guard(i, false);
  world.run_for(10ms);
  for (std::size_t i = 0; i < 3; ++i) world.freeze(i, false);
  world.run_for(3s);
  EXPECT_EQ(count("says that it leaves"), 0U);
  EXPECT_TRUE(holds(0));
}

TEST_F(GuardedTest, AGuardThatWakesBesideTheNextDaemonIsEndedByTheNextGuard) {
  world.freeze_guard(0, true);
  world.kill(0);
  world.start(0);
  world.run_for(50ms);
  EXPECT_EQ(world.machines()[0].guards.size(), 2U);
  world.run_for(100ms);
  EXPECT_EQ(world.machines()[0].guards.size(), 1U);
  EXPECT_EQ(world.machines()[0].guard_state(), DaemonState::running);
  EXPECT_EQ(count("guarded by process"), 4U);
}

TEST_F(GuardedTest, AGuardThatIsLateIsNoticed) {
  world.freeze(0, true);
  world.run_for(300ms);
  // It stops without anybody being told.
  world.machines()[0].guards.front()->set_frozen(true);
  world.run_for(2s);
  ASSERT_EQ(jury->violations().size(), 1U);
  EXPECT_NE(jury->violations()[0].text.find("its daemon is frozen"), std::string::npos);
  is_bitten = true;
}

// Three nodes run; what the world then does is handed to one checker of protocol 2.
class BittenTest : public testing::Test {
 protected:
  void begin(std::unique_ptr<Checker> checker) {
    const auto config = config_of(world);
    auto rules = rules_of(config);
    rules.protocol = 2;
    Checkers checkers;
    checkers.push_back(std::move(checker));
    jury = std::make_unique<Jury>(rules, std::move(checkers));
    world.show_to(*jury);
    world.configure(config);
    for (std::size_t i = 0; i < 3; ++i) world.start(i);
    world.run_for(6s);
  }
  std::size_t found() {
    jury->end(world.now());
    return jury->violations().size();
  }
  World world{1, 3, 1};
  std::unique_ptr<Jury> jury;
};

TEST_F(BittenTest, ANodeThatCopiesAnAddressIsAnOverlap) {
  begin(overlap());
  world.machines()[1].kernel.addresses[kVip] = true;
  world.address_changed(1, kVip, true, true, By::somebody);
  world.run_for(1s);
  EXPECT_EQ(found(), 1U);
}

TEST_F(BittenTest, TheBreakBeforeMakeOfProtocolOneIsAGap) {
  begin(no_gap());
  world.stop(0);
  world.run_for(1s);
  EXPECT_GE(found(), 1U);
}

TEST_F(BittenTest, ACrashWithoutATakeOverIsNoticed) {
  begin(take_over());
  world.kill(0);
  // The others lose their kernels: every address is refused.
  world.refuse_percent = 100;
  world.run_for(1s);
  EXPECT_EQ(found(), 1U);
}

TEST_F(BittenTest, AHostThatIsTaughtALieIsNotConverged) {
  begin(convergence());
  world.run_for(500ms);  // between two repetitions
  world.hosts()[0].learn(kVip.address, world.machines()[2].kernel.mac);
  world.see(seen::Cached{0, kVip.address, 2});
  world.run_for(1s);
  EXPECT_EQ(found(), 1U);
}

TEST(WorldTest, AReplayedAnnouncementOfADeadNodeIsADecisionInProtocolOne) {
  // Protocol 1 cannot tell: this is what the comparison of protocol 2 has to find.
  const auto run = [](bool replay) {
    World world(1, 2, 1);
    world.keeps_recordings = true;
    Decisions decisions;
    world.show_to(decisions);
    world.configure(config_of(world));
    world.start(0);
    world.start(1);
    world.run_for(3s);
    world.kill(0);
    world.run_for(1s);
    for (const auto& old : world.recorded()) {
      if (replay && old.source == *core::parse_ip("10.0.0.1")) {
        world.inject(1, old.bytes, old.source);
      }
    }
    world.run_for(1s);
    return decisions.made;
  };
  EXPECT_EQ(outsiders(run(false), run(false)), "");
  EXPECT_NE(outsiders(run(true), run(false)), "");
}

TEST(WorldTest, OneDirectionCanBeCutAndIsSeen) {
  World world(1, 2, 1);
  const auto config = config_of(world);
  Jury jury(rules_of(config), {});
  world.show_to(jury);
  world.configure(config);
  world.start(0);
  world.start(1);
  world.run_for(2s);
  EXPECT_TRUE(jury.picture().hear_each_other(0, 1));
  EXPECT_FALSE(jury.picture().is_troubled());
  world.cut(0, 1, true);
  world.run_for(1s);
  EXPECT_FALSE(jury.picture().hears(0, 1));
  EXPECT_TRUE(jury.picture().hears(1, 0));
  EXPECT_TRUE(jury.picture().is_troubled());
  world.heal();
  world.run_for(1s);
  EXPECT_TRUE(jury.picture().hear_each_other(0, 1));
}

TEST(WorldTest, AMachineWithoutPowerKeepsNothingOfOurs) {
  World world(1, 2, 1);
  world.configure(config_of(world));
  world.start(0);
  world.start(1);
  world.run_for(3s);
  ASSERT_TRUE(world.machines()[0].holds(kVip));
  world.power_off(0);
  EXPECT_FALSE(world.machines()[0].kernel.addresses.contains(kVip));
  EXPECT_EQ(world.machines()[0].kernel.addresses.size(), 1U);  // its own
  world.run_for(1s);
  EXPECT_TRUE(world.machines()[1].holds(kVip));
  world.start(0);
  world.run_for(3s);
  EXPECT_TRUE(world.machines()[0].holds(kVip));
}

}  // namespace
}  // namespace vippy::sim
