#include "platform/linux/group_neighbour.h"

#include <gtest/gtest.h>
#include <net/if.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

using support::Netns;
using support::run;

TEST(GroupNeighbourTest, TheMacFollowsFromTheGroup) {
  EXPECT_EQ(mac_of_group(*core::parse_ip("239.255.80.7")),
            (core::Mac{{0x01, 0x00, 0x5e, 0x7f, 0x50, 0x07}}));
  EXPECT_EQ(mac_of_group(*core::parse_ip("ff02::1:5007")),
            (core::Mac{{0x33, 0x33, 0x00, 0x01, 0x50, 0x07}}));
}

std::string output_of(const std::string& command) {
  auto* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> out{};
  const auto count = std::fread(out.data(), 1, out.size(), pipe);
  ::pclose(pipe);
  return {out.data(), count};
}

class GroupNeighboursTest : public ::testing::TestWithParam<const char*> {
 protected:
  GroupNeighboursTest() {
    run("ip link add va type veth peer name vb");
    run("ip link set vb up");
    run("ip link set va up");
    index_ = ::if_nametoindex("va");
  }
  int keep() const { return keep_group_neighbour(index_, group_); }
  int drop() const { return drop_group_neighbour(index_, group_); }
  // An entry of the group for which `ip neigh show` takes these words.
  std::string show(const std::string& words) const {
    return output_of("ip neigh show " + name_ + " dev va " + words);
  }
  bool has(const std::string& words) const { return show(words).find(name_) == 0; }
  void add(const std::string& words) const { run("ip neigh add " + name_ + " dev va " + words); }

  support::Netns netns_ = Netns::fresh();
  std::string name_ = GetParam();
  core::IpAddress group_ = *core::parse_ip(name_);
  InterfaceIndex index_ = 0;
};

TEST_P(GroupNeighboursTest, AnEntryStaysUntilItIsDropped) {
  EXPECT_EQ(keep(), 0);
  EXPECT_TRUE(has("nud permanent proto 181"));
  EXPECT_EQ(keep(), 0) << "what an earlier run left is taken over";
  EXPECT_EQ(drop(), 0);
  EXPECT_FALSE(has("nud permanent"));
  EXPECT_EQ(drop(), ENOENT);
}

TEST_P(GroupNeighboursTest, AnEntryOfTheOperatorStaysAsItIs) {
  for (const auto* words : {"lladdr 01:00:5e:01:02:03 nud permanent", "nud permanent",
                            "lladdr 01:00:5e:01:02:03 nud noarp"}) {
    const auto mac = core::format(mac_of_group(group_));
    add(std::string(words).find("lladdr") == 0 ? words : "lladdr " + mac + " " + words);
    const auto before = show("nud all");
    EXPECT_EQ(keep(), EEXIST) << words;
    EXPECT_EQ(drop(), EPERM) << words;
    EXPECT_EQ(show("nud all"), before);
    run("ip neigh del " + name_ + " dev va");
  }
}

TEST_P(GroupNeighboursTest, WhatTheKernelMadeItselfGivesWay) {
  add("lladdr " + core::format(mac_of_group(group_)) + " nud noarp");
  EXPECT_EQ(keep(), 0);
  EXPECT_TRUE(has("nud permanent proto 181"));
  EXPECT_EQ(drop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Families, GroupNeighboursTest,
                         ::testing::Values("224.1.1.1", "ff02::5007"),
                         [](const auto& one) { return one.index == 0 ? "Ipv4" : "Ipv6"; });

}  // namespace
}  // namespace vippy::platform
