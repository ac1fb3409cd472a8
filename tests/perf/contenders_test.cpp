// What the contenders are given to read, and what they are asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "perf/bare.h"
#include "perf/keepalived.h"
#include "perf/roster.h"
#include "perf/ucarp.h"
#include "perf/vippy.h"

namespace vippy::lab {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

TEST(AddressesTest, EachIsAnother) {
  auto all = addresses_of(10'000);
  EXPECT_EQ(all.ips.front(), "10.77.1.1");
  EXPECT_EQ(all.ips[250], "10.77.2.1");
  EXPECT_EQ(all.ips.back(), "10.77.40.250");
  all.ips.push_back(all.extra);
  std::sort(all.ips.begin(), all.ips.end());
  EXPECT_EQ(std::adjacent_find(all.ips.begin(), all.ips.end()), all.ips.end());
}

TEST(AddressesTest, AShareIsAtHomeAndTheOthersHaveTheRestInTurn) {
  const auto all = addresses_of(10, 0.5);
  EXPECT_EQ(all.ips.size(), 10U);
  EXPECT_EQ(all.held, 5U);
  EXPECT_EQ(home_of(all, 4, 1, 3), 1U);
  EXPECT_EQ(home_of(all, 5, 1, 3), 2U);
  EXPECT_EQ(home_of(all, 6, 1, 3), 3U);
  EXPECT_EQ(home_of(all, 7, 1, 3), 2U);
  EXPECT_EQ(home_of(all, 5, 3, 3), 1U);
  EXPECT_EQ(home_of(all, 9, 1, 2), 2U);
  EXPECT_EQ(addresses_of(10).held, 10U);
  EXPECT_EQ(addresses_of(10, 0.001).held, 1U);
}

TEST(AddressesTest, NodesAfterHomeFollowIt) {
  EXPECT_EQ(rank_of(1, 1, 3), 1U);
  EXPECT_EQ(rank_of(3, 1, 3), 3U);
  EXPECT_EQ(rank_of(2, 2, 3), 1U);
  EXPECT_EQ(rank_of(1, 2, 3), 3U);
}

TEST(FaultTest, NamesAreFoundAgain) {
  for (const auto fault : kFaults) {
    EXPECT_EQ(fault_named(name_of(fault)), fault);
    EXPECT_NE(std::string(story_of(fault)), "");
  }
  EXPECT_EQ(fault_named("earthquake"), std::nullopt);
}

// docs/protocol.md: 40 octets of header, 40 of the body's head, 8 for each node, a bit for each
// node and each group, 16 of the code.
TEST(BareTest, AnnouncesAsManyOctetsAsVippyd) {
  EXPECT_EQ(announcement_octets(2, 1), 40U + 40 + 2 * 8 + 1 + 1 + 16);
  EXPECT_EQ(announcement_octets(16, 10'000), 40U + 40 + 16 * 8 + 2 + 1'250 + 16);
}

TEST(KeepalivedConfigTest, IsAsFastAsItCanBe) {
  EXPECT_EQ(keepalived_config(addresses_of(1), 1, 16, {}),
            "global_defs {\n"
            "  vrrp_version 3\n"
            "  vrrp_rt_priority 20\n"
            "  vrrp_rlimit_rttime 10000000\n"
            "  vrrp_no_swap\n"
            "}\n"
            "vrrp_instance vips1 {\n"
            "  state BACKUP\n"
            "  interface eth0\n"
            "  virtual_router_id 1\n"
            "  priority 244\n"
            "  advert_int 0.01\n"
            "  virtual_ipaddress {\n"
            "    10.77.1.1/16 dev eth0\n"
            "  }\n"
            "}\n");
}

TEST(KeepalivedConfigTest, LowerNodesHaveHigherPriorities) {
  EXPECT_THAT(keepalived_config(addresses_of(1), 2, 16, {}), HasSubstr("priority 234\n"));
  EXPECT_THAT(keepalived_config(addresses_of(1), 16, 16, {}), HasSubstr("priority 94\n"));
}

TEST(KeepalivedConfigTest, AnInstanceAnnouncesTwentyAndExcludesTheRest) {
  const auto text = keepalived_config(addresses_of(23), 1, 16, {});
  EXPECT_EQ(count(text, "vrrp_instance "), 1U);
  const auto excluded = text.find("virtual_ipaddress_excluded {");
  ASSERT_NE(excluded, std::string::npos);
  EXPECT_EQ(count(text.substr(0, excluded), "/16 dev eth0"), 20U);
  EXPECT_EQ(count(text.substr(excluded), "/16 dev eth0"), 3U);
}

TEST(KeepalivedConfigTest, InstancesShareTheAddresses) {
  const auto text = keepalived_config(addresses_of(1'000), 1, 16, {.instances_max = 255});
  EXPECT_EQ(count(text, "vrrp_instance "), 255U);
  EXPECT_EQ(count(text, "/16 dev eth0"), 1'000U);
  EXPECT_THAT(text, HasSubstr("virtual_router_id 255\n"));
  EXPECT_THAT(text, Not(HasSubstr("virtual_router_id 256\n")));
  EXPECT_EQ(count(keepalived_config(addresses_of(3), 1, 16, {.instances_max = 255}),
                  "vrrp_instance "), 3U);
}

TEST(KeepalivedConfigTest, EachHomeHasInstancesOfItsOwn) {
  const auto first = keepalived_config(addresses_of(1'000, 0.5), 1, 3, {});
  EXPECT_EQ(count(first, "vrrp_instance "), 3U);
  EXPECT_EQ(count(first, "/16 dev eth0"), 1'000U);
  EXPECT_EQ(count(first.substr(0, first.find("vrrp_instance vips2")), "/16 dev eth0"), 500U);
  const auto second = keepalived_config(addresses_of(1'000, 0.5), 2, 3, {});
  EXPECT_THAT(first, HasSubstr("virtual_router_id 2\n  priority 224\n"));
  EXPECT_THAT(second, HasSubstr("virtual_router_id 2\n  priority 244\n"));
  const auto many = keepalived_config(addresses_of(1'000, 0.5), 1, 3, {.instances_max = 255});
  EXPECT_EQ(count(many, "vrrp_instance "), 255U);
}

TEST(UcarpTest, WordsAreThoseOfItsManual) {
  const auto words = ucarp_words("/usr/sbin/ucarp", "10.77.1.4", 4, 3, 3, "/up", "/down");
  EXPECT_EQ(words.front(), "/usr/sbin/ucarp");
  for (const auto* word : {"--interface=eth0", "--srcip=10.77.0.103", "--vhid=4",
                           "--addr=10.77.1.4", "--advbase=1", "--advskew=40", "--deadratio=3",
                           "--preempt", "--shutdown", "--upscript=/up", "--downscript=/down"}) {
    EXPECT_THAT(words, Contains(word));
  }
  EXPECT_EQ(ucarp_script("add"), "#!/bin/sh\nexec ip address add \"$2/16\" dev \"$1\"\n");
}

TEST(VippyTest, OfAProfileOnlyThePaceIsTaken) {
  const auto pace = pace_in("// why\n{\"chat\": \"239.1.1.1:1\", \"secret\": \"s\", \"vips\": [],"
                            "\"nodes\": [\"a\"], \"interval\": 0.5, \"realtime\": 20}");
  EXPECT_EQ(pace, (Json{{"interval", 0.5}, {"realtime", 20}}));
}

TEST(RosterTest, WhoHasNoRoomSaysWhy) {
  EXPECT_EQ(lacks_room("ucarp", 255, 12), "");
  EXPECT_EQ(lacks_room("ucarp", 256, 3), "a vhid for 255 addresses at most");
  EXPECT_EQ(lacks_room("ucarp", 1, 13), "an advskew for 12 nodes at most");
  EXPECT_EQ(lacks_room("keepalived", 1'000, 16), "");
  EXPECT_NE(lacks_room("keepalived-many", 10'000, 3), "");
  EXPECT_EQ(lacks_room("vippy-lan", 10'000, 16), "");
}

}  // namespace
}  // namespace vippy::lab
