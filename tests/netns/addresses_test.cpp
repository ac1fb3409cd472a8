#include "tests/netns/cluster_test.h"

namespace vippy::lab {
namespace {

using namespace std::chrono_literals;

class AddressesTest : public ClusterTest {
 protected:
  static Json group_for_first() { return Json::array({group_at("n1", {"10.77.1.1/16"})}); }

  // The VIP is the primary address of a subnet in which somebody else has a secondary.
  void a_foreign_secondary_survives(const char* promotion) {
    auto& cluster = lab({.nodes = 1});
    cluster.space(1).sysctl("ipv4/conf/eth0/promote_secondaries", promotion);
    cluster.space(1).sysctl("ipv4/conf/all/promote_secondaries", promotion);
    cluster.start(cluster.config(Json::array({group({"10.88.0.1/24"})})));
    cluster.wait_held("10.88.0.1", {1});
    cluster.space(1).ip("addr add 10.88.0.50/24 dev eth0");
    ASSERT_TRUE(find_address(cluster.space(1), "10.88.0.50")->is_secondary);
    AddressWatch watch(cluster.space(1));
    EXPECT_EQ(cluster.node(1).stop(), 0);
    EXPECT_FALSE(has_address(cluster.space(1), "10.88.0.1"));
    EXPECT_TRUE(has_address(cluster.space(1), "10.88.0.50"));
    EXPECT_EQ(setting(cluster.space(1), "ipv4/conf/eth0/promote_secondaries"), promotion);
  }

  static std::string setting(const NetSpace& space, const std::string& path) {
    std::string value;
    space.in([&] { value = read_file("/proc/sys/net/" + path); });
    return value.substr(0, value.find('\n'));
  }
};

TEST_F(AddressesTest, AForeignSecondarySurvivesWithoutPromotion) {
  a_foreign_secondary_survives("0");
}

TEST_F(AddressesTest, AForeignSecondarySurvivesWithPromotion) { a_foreign_secondary_survives("1"); }

TEST_F(AddressesTest, ForeignAddressesAreNeverRemoved) {
  auto& cluster = lab();
  // One of them is a VIP.
  cluster.space(1).ip(
      "addr add 10.77.1.1/16 dev eth0\naddr add 10.77.1.77/16 dev eth0\n"
      "addr add 192.0.2.1/24 dev eth0\naddr add fd77::77/64 dev eth0 nodad");
  AddressWatch watch(cluster.space(1));
  auto config = cluster.config(Json::array(
      {group_at("n1", {"10.77.1.1/16"}), group_at("n1", {"10.77.1.2/16", "fd77::9/64"})}));
  cluster.start(config);
  cluster.wait_held("10.77.1.2", {1});
  cluster.wait_owned("10.77.1.1", "n1");
  cluster.node(1).wait_log("10.77.1.1 is on eth0 already and was not set by vippyd");
  EXPECT_THAT(cluster.node(1).must_status()["vippy"]["troubles"].dump(),
              testing::HasSubstr("it will never be removed"));
  config["version"] = 2;
  config["vips"] = Json::array({group_at("n2", {"10.77.1.1/16"})});
  cluster.node(1).write_config(config);
  cluster.node(1).reload();
  cluster.wait_held("10.77.1.2", {});
  cluster.wait_owned("10.77.1.1", "n2");
  EXPECT_EQ(cluster.node(1).stop(), 0);
  for (const auto* ip : {"10.77.0.101", "10.77.1.1", "10.77.1.77", "192.0.2.1", "fd77::77"}) {
    EXPECT_TRUE(has_address(cluster.space(1), ip)) << ip;
  }
  for (const auto& change : watch.changes()) {
    EXPECT_THAT(change, testing::AnyOf("+10.77.1.2/16", "-10.77.1.2/16", "+fd77::9/64",
                                       "-fd77::9/64"));
  }
}

TEST_F(AddressesTest, AnAddressThatSomebodyElseRemovesIsPutBack) {
  auto& cluster = lab({.nodes = 1});
  cluster.start(cluster.config(Json::array({group({"10.77.1.1/16"}), group({"fd77::9/64"})})));
  cluster.wait_held("10.77.1.1", {1});
  cluster.wait_held("fd77::9", {1});
  AddressWatch watch(cluster.space(1));
  for (const auto* ip : {"10.77.1.1/16", "fd77::9/64"}) {
    cluster.space(1).ip(std::string("addr del ") + ip + " dev eth0");
    wait_until(std::string(ip) + " is put back", [&] { return watch.saw(std::string("+") + ip); });
  }
  cluster.node(1).wait_log("somebody else removed 10.77.1.1 from eth0: putting it back");
  cluster.node(1).wait_log("somebody else removed fd77::9 from eth0: putting it back");
}

TEST_F(AddressesTest, AnAddressThatIsRemovedAsSoonAsItIsThereIsPutBack) {
  auto& cluster = lab({.nodes = 1});
  const auto& space = cluster.space(1);
  cluster.start(cluster.config(Json::array({group({"fd77::9/64"})})));
  // The kernel tells of an IPv6 address a moment after it is there.
  for (int i = 0; i < 3; ++i) {
    cluster.node(1).mark_log();
    cluster.wait_held("fd77::9", {1});
    space.ip("addr del fd77::9/64 dev eth0");
    cluster.node(1).wait_log("somebody else removed fd77::9 from eth0: putting it back");
    cluster.wait_held("fd77::9", {1});
  }
}

TEST_F(AddressesTest, ALeftoverThatIsStillOursIsAdoptedAndNeverAway) {
  auto& cluster = lab();
  cluster.start(unguarded(cluster.config(group_for_first())));
  cluster.wait_held("10.77.1.1", {1});
  cluster.node(2).stop();
  cluster.node(1).kill();
  ASSERT_TRUE(has_address(cluster.space(1), "10.77.1.1"));
  AddressWatch watch(cluster.space(1));
  cluster.node(1).mark_log();
  cluster.node(1).start();
  cluster.node(1).wait_log("10.77.1.1 on eth0 is left over from an earlier run: adopted");
  EXPECT_THAT(watch.changes(), testing::IsEmpty());
  EXPECT_EQ(cluster.node(1).stop(), 0);
  EXPECT_FALSE(has_address(cluster.space(1), "10.77.1.1"));
}

TEST_F(AddressesTest, ALeftoverThatAPeerHasTakenOverIsRemoved) {
  auto& cluster = lab();
  cluster.start(unguarded(cluster.config(Json::array({group({"10.77.1.1/16"})}))));
  // The hash places it on n1.
  cluster.wait_held("10.77.1.1", {1});
  cluster.wait_owned("10.77.1.1", "n1");
  cluster.node(1).kill();
  cluster.wait_held("10.77.1.1", {1, 2});
  cluster.node(1).mark_log();
  cluster.node(1).start();
  cluster.node(1).wait_log("10.77.1.1 on eth0 was left over from an earlier run: removed");
}

TEST_F(AddressesTest, AnAddressThatIsNoLongerInTheFileIsCleanedUpAfterAKill) {
  auto& cluster = lab({.nodes = 1});
  auto config = unguarded(
      cluster.config(Json::array({group({"10.77.1.1/16"}), group({"10.77.1.2/16"})})));
  cluster.start(config);
  cluster.wait_held("10.77.1.2", {1});
  cluster.node(1).kill();
  config["vips"] = Json::array({group({"10.77.1.1/16"})});
  cluster.node(1).write_config(config);
  cluster.node(1).start();
  cluster.wait_held("10.77.1.2", {});
  EXPECT_TRUE(has_address(cluster.space(1), "10.77.1.1"));
}

TEST_F(AddressesTest, TheKernelIsToldThatTheAddressIsOurs) {
  auto& cluster = lab({.nodes = 1});
  cluster.start(cluster.config(Json::array({group({"10.77.1.1/16"})})));
  cluster.wait_held("10.77.1.1", {1});
  EXPECT_NE(find_address(cluster.space(1), "10.77.1.1")->protocol, 0);
  EXPECT_EQ(find_address(cluster.space(1), "10.77.0.101")->protocol, 0);
}

}  // namespace
}  // namespace vippy::lab
