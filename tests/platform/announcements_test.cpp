#include "platform/linux/announcements.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

}  // namespace
}  // namespace vippy::platform
