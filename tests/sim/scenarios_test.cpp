// Small stories with a known end, each told by hand.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/core/stepped_node.h"
#include "tests/sim/order.h"
#include "tests/sim/world.h"

namespace vippy::sim {
namespace {

using namespace std::chrono_literals;

// interval 100 ms, stale 300 ms, mature 1 s; n1 prefers .1, n2 prefers .2, ...
class ScenariosTest : public testing::Test {
 protected:
  void begin(std::size_t machines, std::size_t hosts = 2) {
    world = std::make_unique<World>(1, machines, hosts);
    config = version(1);
    world->configure(config);
    for (std::size_t i = 0; i < machines; ++i) world->start(i);
    world->run_for(3s);
    expect_order();
  }

  core::Config version(std::uint64_t number, std::size_t extra = 0) {
    std::vector<std::string> nodes;
    std::vector<std::pair<std::string, std::string>> groups;
    for (std::size_t i = 0; i < world->machines().size() + extra; ++i) {
      const auto& name = world->machines()[i % world->machines().size()].name;
      if (i < world->machines().size()) nodes.push_back(name);
      groups.emplace_back(name, fmt::format("10.0.100.{}/16", i + 1));
    }
    auto out = core::small_config(number, nodes, groups);
    out.notify = {core::NotifyEntry{}};
    out.notify_refresh = refresh;
    return out;
  }

  static core::Prefix vip(std::size_t number) {
    return *core::parse_prefix(fmt::format("10.0.100.{}/16", number));
  }
  bool has(std::size_t machine, std::size_t number) {
    return world->machines()[machine].kernel.addresses.contains(vip(number));
  }
  std::uint64_t moves(std::size_t machine) {
    return world->machines()[machine].daemon->status().counters.state_changes;
  }
  void expect_order() {
    Violations found;
    check_one_owner(*world, *config.shared, found);
    check_neighbours_point_to_owner(*world, *config.shared, found);
    check_views_agree(*world, found);
    check_nothing_left_behind(*world, *config.shared, found);
    EXPECT_TRUE(found.empty()) << found.front() << "\n" << world->trace();
  }
  // The time during which nobody that runs a daemon had the address, in steps of 100 us.
  Duration without(std::size_t number, Duration duration) {
    Duration missing{};
    for (Duration passed{}; passed < duration; passed += 100us) {
      world->run_for(100us);
      bool is_there = false;
      for (std::size_t i = 0; i < world->machines().size(); ++i) {
        is_there = is_there || (has(i, number) && world->machines()[i].daemon);
      }
      if (!is_there) missing += 100us;
    }
    return missing;
  }

  std::unique_ptr<World> world;
  core::Config config;
  Duration refresh = 2s;
};

TEST_F(ScenariosTest, ACleanStopLeavesAnAddressWithoutAnOwnerForLessThanTwoMilliseconds) {
  begin(3);
  // Protocol 1 does not number what it says: not in the same instant as an announcement.
  world->run_for(37ms);
  world->stop(0);
  EXPECT_LE(without(1, 1s), 2ms);
  EXPECT_FALSE(world->machines()[0].daemon);
  EXPECT_FALSE(has(0, 1));
  expect_order();
}

TEST_F(ScenariosTest, ACrashLeavesItWithoutAnOwnerForStaleAndAnIntervalAtMost) {
  begin(3);
  world->kill(0);
  EXPECT_LE(without(1, 2s), 401ms);
  EXPECT_TRUE(has(0, 1));  // nobody took it from the dead daemon's kernel
}

TEST_F(ScenariosTest, ThePreferredNodeThatReturnsGetsItsAddressBackWithoutAGap) {
  begin(2);
  world->stop(0);
  world->run_for(2s);
  ASSERT_TRUE(has(1, 1));
  world->start(0);
  EXPECT_LE(without(1, 3s), 2ms);
  EXPECT_TRUE(has(0, 1));
  expect_order();
}

TEST_F(ScenariosTest, AfterASplitHealsThereIsOneOwnerAndEveryCachePointsAtIt) {
  refresh = 0s;  // it must not need the next refresh
  begin(2, 4);
  auto& segment = world->segment();
  for (const PortIndex port : {1U, 4U, 5U}) segment.put_on_side(port, 1);  // n2 and two hosts
  world->run_for(20s);  // all rounds of the announcements are over
  EXPECT_TRUE(has(0, 1) && has(1, 1) && has(0, 2) && has(1, 2));
  segment.heal();
  world->run_for(600ms);  // stale and three intervals
  expect_order();
}

TEST_F(ScenariosTest, ACrashAndAQuickRestartEndAsTheyBeganAndLeftoversAreTakenCareOf) {
  begin(2);
  world->kill(0);
  world->run_for(50ms);
  world->start(0);
  world->run_for(5s);
  EXPECT_TRUE(has(0, 1));
  EXPECT_FALSE(has(1, 1));
  expect_order();
}

TEST_F(ScenariosTest, ACrashOfALoneNodeAndARestartAdoptsWhatWasLeft) {
  begin(1);
  world->kill(0);
  world->run_for(5s);
  world->start(0);
  EXPECT_TRUE(has(0, 1));
  world->run_for(3s);
  EXPECT_TRUE(has(0, 1));
  EXPECT_NE(world->trace().find("left over from an earlier run: adopted"), std::string::npos);
  expect_order();
}

TEST_F(ScenariosTest, AFrozenNodeThatResumesGivesUpWhatOthersTookAndThenGetsItBack) {
  begin(2);
  world->freeze(0, true);
  world->run_for(2s);
  EXPECT_TRUE(has(1, 1));
  world->freeze(0, false);
  world->run_for(20ms);
  EXPECT_NE(world->trace().find("n1    this node itself was silent"), std::string::npos);
  EXPECT_NE(world->trace().find("n1    10.0.100.1 is down"), std::string::npos) << world->trace();
  world->run_for(3s);
  EXPECT_TRUE(has(0, 1));
  expect_order();
}

TEST_F(ScenariosTest, AVersionOnOneNodeReachesAllAndUntouchedAddressesDoNotBlink) {
  begin(3);
  std::vector<std::uint64_t> before;
  for (std::size_t i = 0; i < 3; ++i) before.push_back(moves(i));
  config = version(2, 2);
  world->machines()[1].config = config;
  world->reload(1);
  EXPECT_EQ(without(1, 500ms), 0ms);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(world->machines()[i].daemon->status().shared->version, 2U);
    EXPECT_EQ(moves(i), before[i] + 1);
  }
  expect_order();
}

TEST_F(ScenariosTest, ANodeThatStartsWithAnOldFileFollowsTheOthers) {
  begin(2);
  const auto old = config;
  world->stop(1);
  world->run_for(1s);
  config = version(2, 1);
  world->machines()[0].config = config;
  world->reload(0);
  world->run_for(1s);
  world->machines()[1].config = old;
  world->start(1);
  world->run_for(3s);
  EXPECT_EQ(world->machines()[1].daemon->status().shared->version, 2U);
  expect_order();
}

TEST_F(ScenariosTest, ANewcomerWithTheSameVersionAndOtherContentsCostsNobodyAnAddressThatIsUp) {
  begin(3);
  world->stop(2);
  world->run_for(1s);
  auto other = version(1, 1);  // one group more
  world->machines()[2].config = other;
  world->start(2);
  EXPECT_EQ(without(1, 5s), 0ms);
  EXPECT_FALSE(has(2, 1) || has(2, 2) || has(2, 3) || has(2, 4)) << world->trace();
  EXPECT_NE(world->trace().find("has other vips or nodes under the same version"),
            std::string::npos);
}

TEST_F(ScenariosTest, AnInterfaceThatGoesDownMovesItsAddressesAndBackAgainWithIt) {
  begin(2);
  world->set_link(0, false);
  world->run_for(450ms);
  EXPECT_TRUE(has(1, 1));
  EXPECT_FALSE(has(0, 1));
  world->set_link(0, true);
  world->run_for(2s);
  EXPECT_TRUE(has(0, 1));
  expect_order();
}

TEST_F(ScenariosTest, WhenAllLinksAreDownNobodySwings) {
  begin(3);
  for (std::size_t i = 0; i < 3; ++i) world->set_link(i, false);
  world->run_for(5s);
  const auto before = moves(0) + moves(1) + moves(2);
  world->run_for(60s);
  EXPECT_EQ(moves(0) + moves(1) + moves(2), before) << world->trace();
  for (std::size_t i = 0; i < 3; ++i) world->set_link(i, true);
  world->run_for(3s);
  expect_order();
}

TEST_F(ScenariosTest, AKernelThatRefusesAddressesForAWhileGetsThemWhenItIsReady) {
  begin(2);
  world->stop(0);
  world->refuse_percent = 100;
  world->run_for(4s);
  EXPECT_FALSE(has(1, 1));
  EXPECT_EQ(world->machines()[1].daemon->status().troubles.size(), 2U) << "and it is alone";
  world->refuse_percent = 0;
  world->run_for(5s);  // the longest wait between two attempts
  EXPECT_TRUE(has(1, 1));
  EXPECT_EQ(world->machines()[1].daemon->status().troubles.size(), 1U);
  expect_order();
}

TEST_F(ScenariosTest, AnAddressThatSomebodyRemovesIsBackWithinAMillisecond) {
  begin(2);
  world->remove_address(0, vip(1));
  EXPECT_LE(without(1, 100ms), 1ms);
  expect_order();
}

TEST_F(ScenariosTest, QuietTimesStayQuiet) {
  begin(4);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < 4; ++i) before += moves(i);
  world->run_for(10min);
  for (std::size_t i = 0; i < 4; ++i) before -= moves(i);
  EXPECT_EQ(before, 0U) << world->trace();
  expect_order();
}

}  // namespace
}  // namespace vippy::sim
