#include "platform/linux/announcements.h"

#include <gtest/gtest.h>

namespace vippy::platform {
namespace {

// A link that runs, with an address of its own and one of ours.
HostTables tables_with(InterfaceIndex index) {
  HostTables tables;
  LinkMessage link;
  link.index = index;
  link.name = "eth0";
  link.is_running = true;
  link.is_multicast = true;
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

TEST(AnnouncementsTest, WithoutAChatThereIsNoRoute) {
  const Announcements announcements;
  EXPECT_TRUE(announcements.route(tables_with(9)).empty());
}

TEST(AnnouncementsTest, TheRouteOfABroadcastIsEveryInterfaceWithAnAddressThatDoesNotMove) {
  Announcements announcements;
  ASSERT_EQ(announcements.open({1, *core::parse_ip("255.255.255.255"), 5'007, "all", 3}), 0);
  const auto route = announcements.route(tables_with(9));
  ASSERT_EQ(route.size(), 1U);
  EXPECT_EQ(core::format(route[0].address), "255.255.255.255");
  EXPECT_EQ(core::format(route[0].source), "10.7.0.1");
  EXPECT_EQ(route[0].index, 9U);
  EXPECT_EQ(route[0].port, 5'007);
  EXPECT_EQ(route[0].ttl, 3);
}

TEST(AnnouncementsTest, TheRouteOfAHostIsWhereTheRoutesLead) {
  Announcements announcements;
  ASSERT_EQ(announcements.open({1, *core::parse_ip("127.0.0.9"), 5'007, "all", 3}), 0);
  const auto route = announcements.route(tables_with(9));
  ASSERT_EQ(route.size(), 1U);
  EXPECT_EQ(route[0].index, 0U);
  EXPECT_TRUE(route[0].source.is_unspecified());
}

}  // namespace
}  // namespace vippy::platform
