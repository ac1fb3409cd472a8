// Addresses and neighbours of platform.h on both loops, against a real kernel.
#include <fcntl.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "platform/linux/address_requests.h"
#include "platform/linux/clock_linux.h"
#include "platform/linux/descriptor.h"
#include "tests/platform/session.h"
#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

using support::Netns;
using support::run;

class AddressesTest : public ::testing::TestWithParam<LoopChoice> {
 protected:
  AddressesTest() {
    run("ip link add va type veth peer name vb");
    run("ip link set vb up");
    run("ip link set va up");
  }
  Netns netns_ = Netns::fresh();
};

// What `ip` says about an interface, as one text.
std::string shown(const std::string& command) {
  std::string out;
  auto* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) {
    out += buffer.data();
  }
  ::pclose(pipe);
  return out;
}

void set_promotion(bool is_on) {
  support::write_file("/proc/sys/net/ipv4/conf/va/promote_secondaries", is_on ? "1" : "0");
}

std::string promotion() {
  return support::read_file("/proc/sys/net/ipv4/conf/va/promote_secondaries").substr(0, 1);
}

TEST_P(AddressesTest, AddsAndRemovesWithTagAndBroadcast) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  EXPECT_EQ(session.outcome(session.add("va", "10.7.0.5/24")), 0);
  ASSERT_TRUE(session.until([&] { return session.has_address("va", "10.7.0.5/24"); }));
  EXPECT_TRUE(session.is_tagged("va", "10.7.0.5/24"));
  EXPECT_TRUE(session.platform().capabilities().address_tags);
  const auto text = shown("ip addr show dev va");
  EXPECT_NE(text.find("10.7.0.5/24 brd 10.7.0.255 scope global"), std::string::npos) << text;
  EXPECT_EQ(session.outcome(session.remove("va", "10.7.0.5/24")), 0);
  EXPECT_TRUE(session.until([&] { return !session.has_address("va", "10.7.0.5/24"); }));
}

TEST_P(AddressesTest, Ipv6AddressesAnswerAtOnce) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  EXPECT_EQ(session.outcome(session.add("va", "fd00:7::5/64")), 0);
  const auto text = shown("ip -6 addr show dev va");
  const auto at = text.find("fd00:7::5/64");
  ASSERT_NE(at, std::string::npos);
  const auto line = text.substr(at, text.find('\n', at) - at);
  EXPECT_EQ(line.find("tentative"), std::string::npos) << line;
  EXPECT_NE(line.find("nodad"), std::string::npos) << line;
  EXPECT_TRUE(session.until([&] { return session.is_tagged("va", "fd00:7::5/64"); }));
  EXPECT_EQ(session.outcome(session.remove("va", "fd00:7::5/64")), 0);
  EXPECT_EQ(shown("ip -6 route show dev va").find("fd00:7::/64"), std::string::npos);
}

TEST_P(AddressesTest, Ipv6RoutesOfOthersAreNotTouched) {
  run("ip addr add fd00:7::1/64 dev va noprefixroute nodad");
  run("ip route add fd00:7::/64 dev va proto ra metric 1024");
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  const auto before = shown("ip -6 route show dev va");
  EXPECT_EQ(session.outcome(session.add("va", "fd00:7::5/64")), 0);
  EXPECT_EQ(session.outcome(session.add("va", "fd00:7::6/64")), 0);
  EXPECT_EQ(shown("ip -6 route show dev va"), before);
  EXPECT_EQ(session.outcome(session.remove("va", "fd00:7::5/64")), 0);
  EXPECT_EQ(session.outcome(session.remove("va", "fd00:7::6/64")), 0);
  EXPECT_EQ(shown("ip -6 route show dev va"), before);
}

TEST_P(AddressesTest, FailuresAreOutcomesWithTheirErrno) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  for (const std::string prefix : {"10.7.0.5/24", "fd00:7::5/64"}) {
    EXPECT_EQ(session.outcome(session.add("va", prefix)), 0);
    EXPECT_EQ(session.outcome(session.add("va", prefix)), EEXIST) << prefix;
    EXPECT_EQ(session.outcome(session.remove("va", prefix)), 0);
    EXPECT_EQ(session.outcome(session.remove("va", prefix)), EADDRNOTAVAIL) << prefix;
    EXPECT_EQ(session.outcome(session.add("no such link", prefix)), ENODEV) << prefix;
    EXPECT_EQ(session.outcome(session.remove("no such link", prefix)), ENODEV) << prefix;
  }
}

TEST_P(AddressesTest, ThousandsAreAnsweredOnceEachWhileTheWorkGoesOn) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  constexpr unsigned kCount = 2000;
  std::vector<std::string> prefixes;
  for (unsigned i = 0; i < kCount; ++i) {
    const auto address = core::add(*core::parse_ip("10.7.0.1"), i);
    prefixes.push_back(core::format(address) + "/16");
  }
  std::vector<RequestId> ids;
  for (const auto& prefix : prefixes) ids.push_back(session.add("va", prefix));
  session.pump(core::Duration{});
  session.pump(core::Duration{});
  EXPECT_GT(session.outcomes.size(), 0U);
  EXPECT_LT(session.outcomes.size(), kCount) << "the first answers come before the last request";
  for (const auto id : ids) ASSERT_EQ(session.outcome(id), 0);
  ASSERT_TRUE(session.until([&] { return session.has_address("va", prefixes.back()); }));
  ids.clear();
  for (const auto& prefix : prefixes) ids.push_back(session.remove("va", prefix));
  for (const auto id : ids) ASSERT_EQ(session.outcome(id), 0);
  EXPECT_EQ(shown("ip -4 addr show dev va"), "");
  EXPECT_TRUE(session.until([&] { return !session.has_address("va", prefixes.back()); }));
}

TEST_P(AddressesTest, RemovalByOthersIsNoticed) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  EXPECT_EQ(session.outcome(session.add("va", "10.7.0.5/24")), 0);
  ASSERT_TRUE(session.until([&] { return session.has_address("va", "10.7.0.5/24"); }));
  run("ip addr del 10.7.0.5/24 dev va");
  EXPECT_TRUE(session.until([&] { return !session.has_address("va", "10.7.0.5/24"); }));
  EXPECT_EQ(session.outcome(session.add("va", "10.7.0.5/24")), 0);
  run("ip link del va");
  EXPECT_TRUE(session.until([&] { return session.addresses.size() <= 2; }));
}

TEST_P(AddressesTest, LifetimesEndByThemselvesUnlessRenewed) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  EXPECT_TRUE(session.platform().capabilities().address_lifetimes);
  const auto lease = std::chrono::seconds(1);
  EXPECT_EQ(session.outcome(session.add("va", "10.7.0.5/24", lease)), 0);
  EXPECT_EQ(session.outcome(session.add("va", "10.7.0.6/32", lease)), 0);
  EXPECT_EQ(session.outcome(session.add("va", "10.7.0.6/32", std::chrono::hours(1), true)), 0);
  ASSERT_TRUE(session.until([&] { return session.has_address("va", "10.7.0.6/32"); }));
  EXPECT_TRUE(session.until([&] { return !session.has_address("va", "10.7.0.5/24"); }));
  EXPECT_TRUE(session.is_tagged("va", "10.7.0.6/32"));
  EXPECT_NE(shown("ip addr show dev va").find("10.7.0.6/32"), std::string::npos);
}

TEST_P(AddressesTest, ALifetimeThatEndsIsAnEventInBothFamiliesAndNeverForTheRenewed) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  // Rounded up: whole seconds are all that the kernel has.
  const auto lease = std::chrono::milliseconds(300);
  for (const std::string prefix : {"10.7.0.5/24", "10.7.0.6/24", "fd00:7::5/64", "fd00:7::6/64"}) {
    EXPECT_EQ(session.outcome(session.add("va", prefix, lease, true)), 0)
        << prefix << ": the first renewal is an addition";
  }
  for (const std::string prefix : {"10.7.0.6/24", "fd00:7::6/64"}) {
    EXPECT_EQ(session.outcome(session.add("va", prefix, std::chrono::seconds(600), true)), 0);
  }
  const auto text = shown("ip addr show dev va");
  EXPECT_NE(text.find("valid_lft 1sec preferred_lft 1sec"), std::string::npos) << text;
  ASSERT_TRUE(session.until([&] { return session.has_address("va", "fd00:7::5/64"); }));
  // The primary goes by itself and would take 10.7.0.6 along: vippy cannot be there then.
  set_promotion(true);
  EXPECT_TRUE(session.until([&] {
    return !session.has_address("va", "10.7.0.5/24") && !session.has_address("va", "fd00:7::5/64");
  }));
  EXPECT_TRUE(session.is_tagged("va", "10.7.0.6/24"));
  EXPECT_TRUE(session.is_tagged("va", "fd00:7::6/64"));
  EXPECT_EQ(shown("ip addr show dev va").find(":5/"), std::string::npos);
  EXPECT_NE(shown("ip -6 route show dev va").find("fd00:7::/64"), std::string::npos);
  for (const std::string prefix : {"10.7.0.6/24", "fd00:7::6/64"}) {
    EXPECT_EQ(session.outcome(session.add("va", prefix, {}, true)), 0);
  }
  EXPECT_EQ(shown("ip addr show dev va scope global").find("dynamic"), std::string::npos)
      << "no lifetime is for ever";
}

TEST_P(AddressesTest, WhatIsTakenBackBeforeItWasSentIsAnsweredAndNotThere) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  const auto first = session.add("va", "10.7.0.5/24");
  const auto second = session.add("va", "10.7.0.6/24", std::chrono::seconds(600), true);
  const auto removal = session.remove("va", "10.7.0.7/24");
  session.platform().perform(WithdrawAdditions{});
  EXPECT_EQ(session.outcome(first), ECANCELED);
  EXPECT_EQ(session.outcome(second), ECANCELED);
  EXPECT_EQ(session.outcome(removal), EADDRNOTAVAIL);
  EXPECT_EQ(shown("ip addr show dev va").find("10.7.0."), std::string::npos);
}

// Without the lifetimes that count down.
std::string settled(const std::string& command) {
  std::string out;
  std::istringstream text(shown(command));
  for (std::string line; std::getline(text, line);) {
    const bool is_countdown = line.find("valid_lft") != std::string::npos;
    if (!is_countdown) out += line.substr(0, line.find(" expires")) + "\n";
  }
  return out;
}

TEST_P(AddressesTest, RenewingManyIsOneBatchAndMovesNothing) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  constexpr unsigned kCount = 100;
  const auto lease = std::chrono::seconds(100);
  std::vector<std::string> prefixes;
  for (unsigned i = 0; i < kCount / 2; ++i) {
    prefixes.push_back("10.7.0." + std::to_string(100 + i) + "/24");
    prefixes.push_back("fd00:7::" + std::to_string(100 + i) + "/64");
  }
  const auto ask = [&](bool is_renewal) {
    session.outcomes.clear();
    for (const auto& prefix : prefixes) session.add("va", prefix, lease, is_renewal);
  };
  ask(false);
  ASSERT_TRUE(session.until([&] { return session.outcomes.size() == kCount; }));
  // Ours is the primary now, and has the route of its network.
  run("ip addr add 10.7.0.1/24 dev va");
  run("ip addr add fd00:7::1/64 dev va nodad");
  ASSERT_TRUE(session.until([&] { return session.has_address("va", "fd00:7::1/64"); }));
  const auto addresses = settled("ip addr show dev va scope global");
  const auto routes = settled("ip route show dev va") + settled("ip -6 route show dev va");
  ASSERT_NE(addresses.find("10.7.0.1/24 scope global secondary"), std::string::npos) << addresses;
  while (session.pump(core::Duration{}) != 0) {
  }
  session.told_addresses.clear();
  ask(true);
  session.pump(core::Duration{});
  session.pump(core::Duration{});
  EXPECT_EQ(session.outcomes.size(), kCount);
  for (const auto& [id, errors] : session.outcomes) EXPECT_EQ(errors, std::vector<int>{0});
  while (session.pump(core::Duration{}) != 0) {
  }
  for (const auto& told : session.told_addresses) {
    EXPECT_EQ(std::count(prefixes.begin(), prefixes.end(), core::format(told)), 0)
        << core::format(told) << " is nothing that the core has to hear of";
  }
  EXPECT_EQ(settled("ip addr show dev va scope global"), addresses);
  EXPECT_EQ(settled("ip route show dev va") + settled("ip -6 route show dev va"), routes);
  Session later(GetParam());
  ASSERT_TRUE(later.until_tables());
  for (const auto& prefix : prefixes) EXPECT_TRUE(later.is_tagged("va", prefix)) << prefix;
}

TEST_P(AddressesTest, RenewalNeverGivesALifetimeToWhatIsNotOurs) {
  run("ip addr add 10.7.0.1/24 dev va");
  run("ip addr add fd00:7::1/64 dev va nodad");
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  const auto before = shown("ip addr show dev va");
  const auto lease = std::chrono::seconds(1);
  for (const std::string prefix : {"10.7.0.1/24", "fd00:7::1/64", "fd00:7::1/128"}) {
    EXPECT_EQ(session.outcome(session.add("va", prefix, lease, true)), EEXIST) << prefix;
  }
  EXPECT_EQ(shown("ip addr show dev va"), before);
}

TEST_P(AddressesTest, SecondaryAddressesAndRoutesSurviveTheirPrimary) {
  for (const bool is_on : {false, true}) {
    set_promotion(is_on);
    Session session(GetParam());
    ASSERT_TRUE(session.until_tables());
    EXPECT_EQ(session.outcome(session.add("va", "10.7.0.5/24")), 0);
    run("ip addr add 10.7.0.1/24 brd 10.7.0.255 dev va label va:host");
    run("ip addr add 10.7.0.2/24 dev va noprefixroute");
    run("ip route add default via 10.7.0.254");
    ASSERT_NE(shown("ip addr show dev va").find("secondary va:host"), std::string::npos);
    EXPECT_EQ(session.outcome(session.remove("va", "10.7.0.5/24")), 0);
    const auto text = shown("ip addr show dev va");
    EXPECT_NE(text.find("inet 10.7.0.1/24 brd 10.7.0.255 scope global va:host"), std::string::npos)
        << text;
    EXPECT_NE(text.find("inet 10.7.0.2/24 scope global secondary"), std::string::npos) << text;
    const auto routes = shown("ip route");
    EXPECT_NE(routes.find("10.7.0.0/24 dev va proto kernel scope link src 10.7.0.1"),
              std::string::npos)
        << routes;
    EXPECT_NE(routes.find("default via 10.7.0.254"), std::string::npos) << routes;
    EXPECT_EQ(promotion(), is_on ? "1" : "0") << "the setting is as it was";
    run("ip addr flush dev va");
  }
}

// Adds and removes addresses for ever; says so once, by closing `begun`.
[[noreturn]] void churn(LoopChoice loop, Descriptor begun) {
  Session session(loop);
  session.until_tables();
  for (;;) {
    for (int i = 0; i < 50; ++i) session.add("va", "10.7.0." + std::to_string(100 + i) + "/24");
    while (session.pump(core::Duration{}) != 0) {
    }
    for (int i = 0; i < 50; ++i) session.remove("va", "10.7.0." + std::to_string(100 + i) + "/24");
    while (session.pump(core::Duration{}) != 0) {
    }
    begun.reset();
    session.outcomes.clear();
  }
}

TEST_P(AddressesTest, ADaemonThatIsKilledWhileItRemovesLeavesTheSettingAlone) {
  for (int round = 0; round < 10; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    Descriptor reader(ends[0]);
    Descriptor writer(ends[1]);
    const auto child = ::fork();
    if (child == 0) {
      reader.reset();
      churn(GetParam(), std::move(writer));
    }
    writer.reset();
    char none = 0;
    EXPECT_EQ(::read(reader.get(), &none, 1), 0);
    // Each round hits another moment.
    const auto until = monotonic_now() + round * std::chrono::microseconds(517);
    while (monotonic_now() < until) {
    }
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(promotion(), "0") << round;
  }
}

TEST_P(AddressesTest, OurOwnVipsSurviveTheRemovalOfTheFirst) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  for (const std::string vip : {"10.7.0.5/24", "10.7.0.6/24", "10.7.0.7/24"}) {
    EXPECT_EQ(session.outcome(session.add("va", vip)), 0);
  }
  EXPECT_EQ(session.outcome(session.remove("va", "10.7.0.5/24")), 0);
  ASSERT_TRUE(session.until([&] { return !session.has_address("va", "10.7.0.5/24"); }));
  const auto text = shown("ip addr show dev va");
  EXPECT_NE(text.find("10.7.0.6/24 brd 10.7.0.255 scope global va"), std::string::npos) << text;
  EXPECT_NE(text.find("10.7.0.7/24"), std::string::npos) << text;
  EXPECT_TRUE(session.is_tagged("va", "10.7.0.6/24"));
  EXPECT_EQ(promotion(), "0");
}

TEST_P(AddressesTest, TheHostsOwnConnectedRouteIsLeftAlone) {
  run("ip addr add 10.7.0.1/24 dev va");
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  const auto before = shown("ip route");
  EXPECT_EQ(session.outcome(session.add("va", "10.7.0.5/24")), 0);
  EXPECT_EQ(shown("ip route"), before);
  EXPECT_EQ(session.outcome(session.remove("va", "10.7.0.5/24")), 0);
  EXPECT_EQ(shown("ip route"), before);
}

TEST_P(AddressesTest, NeighboursAreHarvestedAndChangesComeByThemselves) {
  run("ip addr add 10.7.0.1/24 dev va");
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  EXPECT_TRUE(session.neighbours.empty());
  const auto key = [&](const std::string& address) {
    return std::pair(session.index_of("va"), *core::parse_ip(address));
  };
  run("ip neigh add 10.7.0.9 lladdr 02:00:00:00:00:09 dev va nud reachable");
  run("ip neigh add fd00::9 lladdr 02:00:00:00:00:0a dev va nud stale");
  run("ip neigh add 10.7.0.8 dev va lladdr 02:00:00:00:00:08 nud noarp");
  run("ip neigh add 239.1.1.1 dev va lladdr 01:00:5e:01:01:01 nud permanent");
  EXPECT_TRUE(session.until([&] {
    return session.neighbours.contains(key("10.7.0.9")) &&
           session.neighbours.contains(key("fd00::9"));
  }));
  EXPECT_EQ(core::format(session.neighbours[key("10.7.0.9")]), "02:00:00:00:00:09");
  run("ip neigh change 10.7.0.9 lladdr 02:00:00:00:00:19 dev va nud stale");
  EXPECT_TRUE(session.until(
      [&] { return core::format(session.neighbours[key("10.7.0.9")]) == "02:00:00:00:00:19"; }));
  session.marks.clear();
  session.neighbours.clear();
  session.platform().perform(HarvestNeighbours{});
  EXPECT_TRUE(session.until([&] { return session.marks.size() == 2; }));
  EXPECT_EQ(session.marks.back(), "complete neighbours");
  EXPECT_EQ(session.neighbours.size(), 2U) << "multicast, NOARP and failed ones are not told";
  run("ip neigh del 10.7.0.9 dev va");
  EXPECT_TRUE(session.until([&] { return !session.neighbours.contains(key("10.7.0.9")); }));
}

TEST_P(AddressesTest, LostNotificationsMakeItReadTheTablesAgain) {
  constexpr int kTiny = 2048;
  Session session(GetParam(), kTiny);
  ASSERT_TRUE(session.until_tables());
  session.marks.clear();
  std::string batch;
  for (int i = 0; i < 200; ++i) batch += "addr add 10.7.1." + std::to_string(i) + "/24 dev va\n";
  batch += "neigh add 10.7.1.250 lladdr 02:00:00:00:00:09 dev va nud permanent\n";
  const support::TempDirectory directory;
  support::write_file(directory.path() + "/batch", batch);
  run("ip -batch " + directory.path() + "/batch");
  ASSERT_TRUE(session.until([&] {
    return session.has_notice("notifications were lost") && !session.marks.empty() &&
           session.marks.back() == "complete neighbours";
  }));
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(session.has_address("va", "10.7.1." + std::to_string(i) + "/24")) << i;
  }
  EXPECT_EQ(session.neighbours.size(), 1U);
}

TEST_P(AddressesTest, OfRoutesItIsToldOnceWhoeverChangedThem) {
  const std::string vip = "10.7.0.5/32";
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  const auto told = [&] {
    return std::count(session.told_addresses.begin(), session.told_addresses.end(),
                      *core::parse_prefix(vip));
  };
  // Everything that the kernel said before is read when this has been told of.
  const auto read_up = [&](const std::string& marker) {
    EXPECT_EQ(session.outcome(session.add("va", marker)), 0);
    return session.until([&] { return session.has_address("va", marker); });
  };
  EXPECT_EQ(session.outcome(session.add_route("va", vip)), 0);
  EXPECT_TRUE(session.until([&] { return session.has_address("va", vip); }));
  EXPECT_TRUE(session.is_tagged("va", vip));
  ASSERT_TRUE(read_up("10.7.0.101/24"));
  EXPECT_EQ(told(), 1);
  run("ip route del local 10.7.0.5 dev va table local proto 181");
  EXPECT_TRUE(session.until([&] { return !session.has_address("va", vip); }));
  EXPECT_NE(session.outcome(session.remove_route("va", vip)), 0);
  EXPECT_EQ(session.outcome(session.add_route("va", vip)), 0);
  EXPECT_EQ(session.outcome(session.remove_route("va", vip)), 0);
  EXPECT_TRUE(session.until([&] { return !session.has_address("va", vip); }));
  ASSERT_TRUE(read_up("10.7.0.102/24"));
  EXPECT_EQ(told(), 4);
}

INSTANTIATE_TEST_SUITE_P(Loops, AddressesTest,
                         ::testing::Values(LoopChoice::io_uring, LoopChoice::epoll),
                         [](const auto& one) { return loop_name(one.param); });

}  // namespace
}  // namespace vippy::platform
