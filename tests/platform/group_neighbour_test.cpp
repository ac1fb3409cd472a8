#include "platform/linux/group_neighbour.h"

#include <gtest/gtest.h>
#include <net/if.h>

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

TEST(GroupNeighbourTest, AnEntryStaysUntilItIsDropped) {
  const auto netns = Netns::fresh();
  run("ip link add va type veth peer name vb");
  run("ip link set va up");
  const auto index = ::if_nametoindex("va");
  for (const auto* group : {"224.1.1.1", "ff02::5007"}) {
    const auto address = *core::parse_ip(group);
    const auto is_there = [&] {
      return support::try_run(std::string("ip neigh del ") + group + " dev va");
    };
    EXPECT_EQ(keep_group_neighbour(index, address), 0);
    EXPECT_EQ(keep_group_neighbour(index, address), 0);
    EXPECT_EQ(drop_group_neighbour(index, address), 0);
    EXPECT_EQ(drop_group_neighbour(index, address), ENOENT);
    EXPECT_EQ(keep_group_neighbour(index, address), 0);
    EXPECT_TRUE(is_there());
  }
}

}  // namespace
}  // namespace vippy::platform
