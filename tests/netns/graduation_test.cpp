#include "tests/netns/cluster_test.h"

namespace vippy::lab {
namespace {

class GraduationTest : public ClusterTest {
 protected:
  // Raises the version on n1 only.
  static void raise_on_first(Lab& cluster, Json config, const Json& groups) {
    config["version"] = config["version"].get<int>() + 1;
    config["vips"] = groups;
    cluster.node(1).write_config(config);
    cluster.node(1).reload();
  }

  static void wait_version(Lab& cluster, int version) {
    for (unsigned n = 1; n <= cluster.nodes(); ++n) {
      wait_until("n" + std::to_string(n) + " runs version " + std::to_string(version), [&] {
        return cluster.node(n).must_status()["config"]["version"] == version;
      });
    }
  }
};

TEST_F(GraduationTest, ANewVersionOnOneNodeReachesAll) {
  auto& cluster = lab({.nodes = 3});
  const auto config = cluster.config(Json::array({group_at("n1", {"10.77.1.1/16"})}));
  cluster.start(config);
  cluster.wait_owned("10.77.1.1", "n1");
  cluster.wait_held("10.77.1.1", {1});
  AddressWatch watch(cluster.space(1));
  raise_on_first(cluster, config,
                 Json::array({group_at("n1", {"10.77.1.1/16"}), group_at("n2", {"10.77.1.2/16"}),
                              group_at("n3", {"fd77::9/64"})}));
  wait_version(cluster, 2);
  cluster.wait_held("10.77.1.2", {2});
  cluster.wait_held("fd77::9", {3});
  cluster.wait_owned("10.77.1.1", "n1");
  EXPECT_EQ(cluster.holders("10.77.1.1"), std::vector<unsigned>{1});
  EXPECT_FALSE(watch.saw("-10.77.1.1/16"));
  cluster.node(2).wait_log("configuration version 2 adopted from node n? (was 1)");
  EXPECT_EQ(cluster.node(3).must_status()["vippy"]["counters"]["configurations_adopted"], 1);
}

TEST_F(GraduationTest, ANodeKeepsItsOwnInterfaceNamesAndFindsNewOnesBySubnet) {
  auto& cluster = lab();
  // The second node's interface has another name, and a second one in another network.
  cluster.space(2).ip(
      "link set eth0 down\nlink set eth0 name lan0\nlink set lan0 up\n"
      "addr add fd77::102/64 dev lan0 nodad\n"
      "link add lan1 type veth peer name far1\nlink set lan1 up\nlink set far1 up\n"
      "addr add 10.78.0.102/16 dev lan1");
  cluster.space(1).ip(
      "link add eth1 type veth peer name far1\nlink set eth1 up\nlink set far1 up\n"
      "addr add 10.78.0.101/16 dev eth1");
  const auto config = cluster.config(Json::array({group_at("n2", {"10.77.1.1/16"})}));
  auto other = config;
  other["chat_interface"] = "lan0";
  other["vips"][0][1]["interface"] = "lan0";
  cluster.node(1).write_config(config);
  cluster.node(2).write_config(other);
  cluster.node(1).start();
  cluster.node(2).start();
  cluster.wait_owned("10.77.1.1", "n2");
  Json far = {"n2", vip("10.78.1.1/16", "eth1")};
  raise_on_first(cluster, config,
                 Json::array({group_at("n2", {"10.77.1.1/16"}), group_at("n2", {"10.77.1.3/32"}),
                              group_at("n2", {"fd77::9/64"}), far}));
  wait_version(cluster, 2);
  for (const auto* ip : {"10.77.1.1", "10.77.1.3", "fd77::9", "10.78.1.1"}) {
    cluster.wait_held(ip, {2});
  }
  const auto index_of = [&](const char* ip) {
    return find_address(cluster.space(2), ip).value_or(KernelAddress{}).index;
  };
  const auto lan0 = cluster.space(2).index_of("lan0");
  EXPECT_EQ(index_of("10.77.1.1"), lan0);
  EXPECT_EQ(index_of("10.77.1.3"), lan0);
  EXPECT_EQ(index_of("fd77::9"), lan0);
  EXPECT_EQ(index_of("10.78.1.1"), cluster.space(2).index_of("lan1"));
}

TEST_F(GraduationTest, ANodeThatStartsWithAnOldFileFollowsTheCluster) {
  auto& cluster = lab();
  auto config = cluster.config(Json::array({group_at("n1", {"10.77.1.1/16"})}));
  auto newer = cluster.config(Json::array({group_at("n2", {"10.77.1.1/16"})}));
  newer["version"] = 7;
  cluster.node(1).write_config(newer);
  cluster.node(2).write_config(config);
  cluster.node(1).start();
  cluster.wait_held("10.77.1.1", {1});
  cluster.node(2).start();
  cluster.wait_held("10.77.1.1", {2});
  wait_version(cluster, 7);
}

TEST_F(GraduationTest, TheSameVersionWithOtherContentsIsSaidAndCostsNothing) {
  auto& cluster = lab();
  const auto config = cluster.config(Json::array({group_at("n1", {"10.77.1.1/16"})}));
  cluster.node(1).write_config(config);
  cluster.node(1).start();
  cluster.wait_held("10.77.1.1", {1});
  AddressWatch watch(cluster.space(1));
  cluster.node(2).write_config(
      cluster.config(Json::array({group_at("n2", {"10.77.1.1/16", "10.77.1.2/16"})})));
  cluster.node(2).start();
  cluster.node(1).wait_log("node n2 has other vips or nodes under the same version 1");
  cluster.node(2).wait_log("node n1 has other vips or nodes under the same version 1");
  wait_until("n2 has heard a dozen of the others' announcements", [&] {
    return cluster.node(2).must_status()["vippy"]["counters"]["ignored_differing"] > 20;
  });
  EXPECT_EQ(cluster.holders("10.77.1.1"), std::vector<unsigned>{1});
  EXPECT_FALSE(watch.saw("-10.77.1.1/16"));
}

TEST_F(GraduationTest, OfTwoThatStartWithOtherContentsExactlyOneServes) {
  auto& cluster = lab();
  const auto config = cluster.config(Json::array({group({"10.77.1.1/16"})}));
  cluster.node(1).write_config(config);
  cluster.node(2).write_config(
      cluster.config(Json::array({group({"10.77.1.1/16"}), group({"10.77.1.2/16"})})));
  cluster.node(1).start();
  cluster.node(2).start();
  cluster.wait_held("10.77.1.1", {1});
  EXPECT_TRUE(holds_for(std::chrono::seconds(1), [&] {
    return cluster.holders("10.77.1.1") == std::vector<unsigned>{1};
  }));
}

}  // namespace
}  // namespace vippy::lab
