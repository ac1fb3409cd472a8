#include "platform/linux/announcements.h"

#include <gtest/gtest.h>
#include <net/if.h>

#include <cerrno>
#include <string>
#include <vector>

#include "platform/linux/group_neighbour.h"
#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

// A link that runs, with an address of its own and one of ours.
HostTables tables_with(InterfaceIndex index, bool is_ethernet = false) {
  HostTables tables;
  LinkMessage link;
  link.index = index;
  link.name = "eth0";
  link.is_running = true;
  link.is_multicast = true;
  link.is_ethernet = is_ethernet;
  tables.on_link(link);
  AddressMessage own;
  own.index = index;
  own.prefix = *core::parse_prefix("10.7.0.1/24");
  tables.on_address(own, false);
  AddressMessage ours = own;
  ours.prefix = *core::parse_prefix("10.7.0.0/24");
  tables.on_address(ours, true);
  return tables;
}

class AnnouncementsTest : public testing::Test {
 protected:
  int open(const std::string& group) {
    const OpenChat request{1, *core::parse_ip(group), 5'007, interfaces_, {}, 3};
    const int error = announcements_.open(request);
    announcements_.reconcile(tables_with(9), notices_, core::Instant{});
    return error;
  }
  std::vector<std::string> interfaces_ = {"all"};
  Notices notices_;
  Announcements announcements_;
};

TEST_F(AnnouncementsTest, WithoutAChatThereIsNoRoute) {
  EXPECT_TRUE(announcements_.route().empty());
}

TEST_F(AnnouncementsTest, TheRouteOfABroadcastIsEveryInterfaceWithAnAddressThatDoesNotMove) {
  ASSERT_EQ(open("255.255.255.255"), 0);
  const auto route = announcements_.route();
  ASSERT_EQ(route.size(), 1U);
  EXPECT_EQ(core::format(route[0].address), "255.255.255.255");
  EXPECT_EQ(core::format(route[0].source), "10.7.0.1");
  EXPECT_EQ(route[0].index, 9U);
  EXPECT_EQ(route[0].port, 5'007);
  EXPECT_EQ(route[0].ttl, 3);
}

TEST_F(AnnouncementsTest, TheRouteOfAHostIsWhereTheRoutesLead) {
  ASSERT_EQ(open("127.0.0.9"), 0);
  const auto route = announcements_.route();
  ASSERT_EQ(route.size(), 1U);
  EXPECT_EQ(route[0].index, 0U);
  EXPECT_TRUE(route[0].source.is_unspecified());
}

// A clean end takes our entry of the group among the neighbours along, and no other one.
TEST(AnnouncementsOnALinkTest, TheGroupsNeighbourEntryGoesWithTheChatUnlessItIsTheOperators) {
  const auto netns = support::Netns::fresh();
  support::run("ip link add va type veth peer name vb");
  support::run("ip link set vb up");
  support::run("ip link set va up");
  const auto index = ::if_nametoindex("va");
  const auto group = *core::parse_ip("224.1.1.1");
  const std::vector<std::string> interfaces = {"all"};
  const auto serve = [&] {
    Notices notices;
    Announcements announcements;
    ASSERT_EQ(announcements.open({1, group, 5'007, interfaces, {}, 3}), 0);
    announcements.reconcile(tables_with(index, true), notices, core::Instant{});
    EXPECT_NE(drop_group_neighbour(index, group), ENOENT) << "there is one";
    static_cast<void>(keep_group_neighbour(index, group));
  };
  ASSERT_EQ(keep_group_neighbour(index, group), 0);  // as a killed daemon leaves it
  serve();
  EXPECT_EQ(drop_group_neighbour(index, group), ENOENT);
  support::run("ip neigh add 224.1.1.1 lladdr 01:00:5e:01:01:01 dev va nud permanent");
  serve();
  EXPECT_EQ(drop_group_neighbour(index, group), EPERM);
}

}  // namespace
}  // namespace vippy::platform
