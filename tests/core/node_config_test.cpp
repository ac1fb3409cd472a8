#include "tests/core/stepped_node.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

using Groups = std::vector<std::pair<std::string, std::string>>;
const Groups kGroups = {{"a", "10.0.0.9/24"}, {"b", "10.0.0.8/24"}};
const Config kPair = small_config(1, {"a", "b"}, kGroups);

class NodeConfigTest : public NodeTestBase {
 protected:
  void serve() {
    start(kPair);
    run_with("b", kPair, 1500ms);
    ASSERT_EQ(owner(0), "a");
    forget();
  }
  void reload(const Config& config) {
    step(ConfigLoaded{config});
    tick();
  }
};

TEST_F(NodeConfigTest, AHigherVersionIsTakenAtOnceAndUntouchedGroupsDoNotMove) {
  serve();
  const auto moved = status().groups[0].since;
  auto groups = kGroups;
  groups.insert(groups.begin(), {"a", "10.0.0.7/24"});
  const auto fresh = small_config(2, {"b", "a"}, groups);
  reload(fresh);
  EXPECT_EQ(status().shared->version, 2U);
  EXPECT_TRUE(status().is_active);
  EXPECT_EQ(owner(0), "a");
  EXPECT_EQ(owner(1), "a");
  EXPECT_EQ(owner(2), "b");
  EXPECT_EQ(count<RemoveAddress>(), 0U);
  ASSERT_EQ(count<AddAddress>(), 1U);
  EXPECT_EQ(format(last<AddAddress>().prefix), "10.0.0.7/24");
  ASSERT_EQ(logged<event::GroupMoved>().size(), 1U);
  EXPECT_EQ(logged<event::GroupMoved>()[0].reason, MoveReason::configuration);
  EXPECT_EQ(status().groups[1].since, moved);
  EXPECT_EQ(last<SendAnnouncement>().announcement.shared->version, 2U);
}

TEST_F(NodeConfigTest, ALowerVersionChangesWhatIsLocalButNotWhatTheClusterRuns) {
  serve();
  auto old = small_config(0, {"a"}, {{"", "10.0.0.1/24"}});
  old.interval = 50ms;
  reload(old);
  EXPECT_EQ(status().shared->version, 1U);
  EXPECT_EQ(logged<event::ConfigFileOld>().size(), 1U);
  EXPECT_EQ(node.config().interval, 50ms);
  EXPECT_EQ(count<AddAddress>() + count<RemoveAddress>(), 0U);
}

TEST_F(NodeConfigTest, TheSameVersionWithOtherContentsIsRefusedAndChangesNothing) {
  serve();
  auto other = small_config(1, {"a", "b"}, {{"a", "10.0.0.9/24"}});
  other.interval = 50ms;
  reload(other);
  EXPECT_EQ(logged<event::ConfigReloadRefused>().size(), 1U);
  EXPECT_EQ(node.config().interval, 100ms);
  EXPECT_EQ(status().groups.size(), 2U);
}

TEST_F(NodeConfigTest, ANodeAloneMayChangeItsGroupsWithoutAVersion) {
  start(small_config(1, {"a"}, {{"", "10.0.0.9/24"}}));
  run(2s);
  reload(small_config(1, {"a"}, {{"", "10.0.0.7/24"}}));
  EXPECT_EQ(format(last<AddAddress>().prefix), "10.0.0.7/24");
  EXPECT_EQ(format(last<RemoveAddress>().prefix), "10.0.0.9/24");
}

TEST_F(NodeConfigTest, TheSameFileAgainTouchesNothing) {
  serve();
  reload(kPair);
  EXPECT_EQ(count<AddAddress>() + count<RemoveAddress>() + count<OpenChat>() +
                count<UseInjector>(),
            0U);
  EXPECT_EQ(count<OpenManagement>(), 1U) << "its file may be gone";
  EXPECT_TRUE(logged<event::GroupMoved>().empty());
  EXPECT_TRUE(status().is_active);
}

TEST_F(NodeConfigTest, ABadFileIsRefusedAndTheOldOneStays) {
  serve();
  step(ConfigRefused{1, "3:1: error: vips"});
  tick();
  EXPECT_EQ(logged<event::ConfigReloadRefused>().at(0).why, "3:1: error: vips");
  EXPECT_EQ(owner(0), "a");
}

TEST_F(NodeConfigTest, OnlyWhatChangedIsOpenedAgainAndFailingToIsSaidButNotTheEnd) {
  serve();
  auto fresh = kPair;
  fresh.chat_port = 5008;
  fresh.management = "/run/other";
  fresh.inject = Inject::pcap;
  reload(fresh);
  EXPECT_EQ(last<OpenChat>().port, 5008);
  EXPECT_EQ(last<OpenManagement>().path, "/run/other");
  EXPECT_EQ(last<UseInjector>().inject, Inject::pcap);
  answer(last<OpenChat>().id, FailureKind::no_interface);
  answer(last<OpenManagement>().id, FailureKind::in_use);
  answer(last<UseInjector>().id, FailureKind::other);
  EXPECT_EQ(logged<event::OpenFailed>().size(), 3U);
  EXPECT_EQ(count<Exit>(), 0U);
}

TEST_F(NodeConfigTest, WhatCouldNotBeOpenedIsTriedAgainWithTheNextReload) {
  serve();
  auto fresh = kPair;
  fresh.chat_port = 5008;
  reload(fresh);
  answer(last<OpenChat>().id, FailureKind::no_interface);
  reload(fresh);
  EXPECT_EQ(count<OpenChat>(), 2U);
  answer(last<OpenChat>().id);
  reload(fresh);
  EXPECT_EQ(count<OpenChat>(), 2U);
}

TEST_F(NodeConfigTest, AShorterIntervalCountsFromTheReload) {
  auto slow = kPair;
  slow.interval = 10s;
  slow.stale = 30s;
  start(slow);
  run(1s);
  now += 5s;
  auto fast = kPair;
  reload(fast);
  EXPECT_LE(node.next_deadline(), now + 100ms);
  EXPECT_EQ(status().counters.late, 0U);  // nobody is late for the past
}

TEST_F(NodeConfigTest, NotifyIsTakenFromTheReload) {
  serve();
  auto fresh = small_config(2, {"a", "b"}, {{"a", "10.0.0.9/24"}, {"a", "10.0.0.8/24"}});
  fresh.notify = {NotifyEntry{NotifyNetwork{"eth0", *parse_prefix("10.0.0.40/30")}}};
  reload(fresh);
  comply();
  tick();
  EXPECT_EQ(last<Advertise>().form, AdvertiseForm::ask_everyone);
  EXPECT_EQ(format(last<Advertise>().host), "10.0.0.42");
}

TEST_F(NodeConfigTest, AHigherVersionOfAPeerIsAdoptedWithOurInterfaces) {
  serve();
  auto theirs = *small_config(5, {"a", "b"}, kGroups).shared;
  theirs.groups.push_back({"a", {test::vip("10.0.0.7/24", "net7")}});
  theirs.groups[0].vips[0].interface = "net7";
  auto fresh = kPair;
  fresh.shared = std::make_shared<Shared>(theirs);
  hear("b", fresh);
  tick();
  EXPECT_EQ(status().shared->version, 5U);
  EXPECT_EQ(status().shared->groups[0].vips[0].interface, "eth0");
  EXPECT_EQ(status().shared->groups[2].vips[0].interface, "eth0");
  EXPECT_EQ(status().counters.configurations_adopted, 1U);
  EXPECT_EQ(logged<event::ConfigAdopted>().at(0).before, 1U);
  EXPECT_TRUE(status().is_active);
  EXPECT_EQ(count<RemoveAddress>(), 0U);
  ASSERT_EQ(count<AddAddress>(), 1U);
}

TEST_F(NodeConfigTest, AConfigurationThatCannotBeLivedByIsNotAdoptedAndSaidOnce) {
  serve();
  const auto twice = small_config(2, {"a", "b", "b"}, kGroups);
  hear("b", twice);
  hear("b", twice);
  tick();
  EXPECT_EQ(status().shared->version, 1U);
  EXPECT_EQ(logged<event::ConfigNotAdopted>().size(), 1U);
  EXPECT_EQ(status().counters.ignored_differing, 2U);
}

TEST_F(NodeConfigTest, AnAddressWithoutAnInterfaceHereIsSaidOnceAndTheNodeStepsBack) {
  serve();
  auto groups = kGroups;
  auto theirs = *small_config(2, {"a", "b"}, groups).shared;
  theirs.groups.push_back({std::nullopt, {test::vip("fd77::9/64", "net7")}});
  auto fresh = kPair;
  fresh.shared = std::make_shared<Shared>(theirs);
  // "eth0" is the only interface that VIPs use here, so that is where it goes ...
  hear("b", fresh);
  tick();
  EXPECT_EQ(status().shared->groups[2].vips[0].interface, "eth0");
  EXPECT_TRUE(status().is_active);
  // ... but an interface that is not there cannot carry anything.
  auto elsewhere = fresh;
  theirs.version = 3;
  theirs.groups[2].vips[0].interface = "net7";
  elsewhere.shared = std::make_shared<Shared>(theirs);
  reload(elsewhere);
  EXPECT_EQ(logged<event::VipHasNoInterface>().at(0).vip, "fd77::9");
  EXPECT_FALSE(status().is_active);
  reload(elsewhere);
  EXPECT_EQ(logged<event::VipHasNoInterface>().size(), 1U);
}

// Otherwise the others would take us for a node of the reference that matures again, and nobody
// would have our groups for `mature`.
TEST_F(NodeConfigTest, TheNewVersionIsAnnouncedBeforeWhatItTurnsUsTo) {
  serve();
  auto groups = kGroups;
  groups.emplace_back("", "192.168.7.1/24");
  auto adopted = small_config(2, {"a", "b"}, groups);
  const_cast<Shared&>(*adopted.shared).groups.back().vips.front().interface = "far0";
  step(LinkSeen{3, "eth1", Mac{{2, 0, 0, 0, 0, 3}}, true, true, true, false});
  hear("b", adopted);
  tick();
  std::vector<std::pair<std::uint64_t, bool>> said;
  for (const auto& action : actions) {
    if (const auto* send = std::get_if<SendAnnouncement>(&action)) {
      said.emplace_back(send->announcement.shared->version, send->announcement.is_active);
    }
  }
  ASSERT_FALSE(said.empty());
  EXPECT_EQ(said.front(), std::pair(std::uint64_t{2}, true));
}

TEST_F(NodeConfigTest, AnAdoptedAddressIsPlacedWhenItsSubnetComesLater) {
  auto two = kPair;
  auto mixed = std::make_shared<Shared>(*kPair.shared);
  mixed->groups.back().vips.front() = test::vip("10.1.0.8/24", "eth1");
  two.shared = mixed;
  start(two);
  step(LinkSeen{3, "eth1", Mac{{2, 0, 0, 0, 0, 3}}, true, true, true, false});
  run_with("b", two, 1500ms);
  auto adopted = two;
  auto shared = std::make_shared<Shared>(*mixed);
  shared->version = 2;
  shared->groups.push_back({"a", {test::vip("192.168.7.1/24", "theirs")}});
  adopted.shared = shared;
  hear("b", adopted);
  tick();
  EXPECT_EQ(status().shared->groups.back().vips.front().interface, "");
  step(AddressSeen{3, *parse_prefix("192.168.7.200/24"), true, false});
  tick();
  EXPECT_EQ(status().shared->groups.back().vips.front().interface, "eth1");
}

TEST_F(NodeConfigTest, ANodeThatIsNotAmongTheNodesSaysSoAndOwnsNothing) {
  start(small_config(1, {"b", "c"}, kGroups));
  run(5s);
  EXPECT_EQ(logged<event::NotANode>().size(), 1U);
  EXPECT_EQ(status().inactive_reason, "not one of the nodes");
  EXPECT_EQ(count<AddAddress>(), 0U);
}

TEST_F(NodeConfigTest, BeingTakenFromTheNodesGivesUpEverything) {
  serve();
  reload(small_config(2, {"b"}, kGroups));
  EXPECT_EQ(logged<event::NotANode>().size(), 1U);
  EXPECT_EQ(count<RemoveAddress>(), 1U);
  EXPECT_FALSE(status().is_active);
}

TEST_F(NodeConfigTest, TheSameVersionWithOtherContentsCostsNobodyAnAddressThatIsUp) {
  serve();
  const auto other = small_config(1, {"a", "b"}, {{"b", "10.0.0.9/24"}});
  run_with("b", other, 2s);
  EXPECT_EQ(owner(0), "a");
  EXPECT_EQ(owner(1), "a");  // b is silent, as far as this configuration goes
  EXPECT_EQ(count<RemoveAddress>(), 0U);
  EXPECT_EQ(logged<event::PeerDiffers>().size(), 1U);
}

TEST_F(NodeConfigTest, ANewcomerThatDiffersStaysOutOfItAsLongAsTheOthersServe) {
  const auto other = small_config(1, {"a", "b"}, {{"b", "10.0.0.9/24"}});
  start(kPair);
  run_with("b", other, 10s);
  EXPECT_EQ(count<AddAddress>(), 0U);
  EXPECT_EQ(status().inactive_reason, "others run this version with different contents");
  run(500ms);  // they are gone
  EXPECT_TRUE(status().is_active);
  EXPECT_GE(count<AddAddress>(), 1U);
}

TEST_F(NodeConfigTest, ANewcomerThatDiffersDoesNotWaitForOnesThatDoNotServe) {
  const auto other = small_config(1, {"a", "b"}, {{"b", "10.0.0.9/24"}});
  start(kPair);
  run_with("b", other, 1500ms, false);
  EXPECT_TRUE(status().is_active);
}

TEST_F(NodeConfigTest, PluginsThatAreNotRunAreSaid) {
  auto config = kPair;
  config.plugins = {"p.js", "q.js"};
  start(config);
  EXPECT_EQ(logged<event::PluginsNotRun>().at(0).count, 2U);
}

}  // namespace
}  // namespace vippy::core
