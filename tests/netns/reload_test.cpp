#include <sys/stat.h>

#include "perf/stalls.h"
#include "tests/netns/cluster_test.h"
#include "tests/support/capture.h"

namespace vippy::lab {
namespace {

class ReloadTest : public ClusterTest {
 protected:
  static void reload(Lab& cluster, unsigned n, const Json& config) {
    cluster.node(n).mark_log();
    cluster.node(n).write_config(config);
    cluster.node(n).reload();
  }

  // One node alone with these groups.
  Lab& alone(const Json& groups) {
    auto& cluster = lab({.nodes = 1});
    cluster.start(cluster.config(groups));
    cluster.wait_held("10.77.1.1", {1});
    return cluster;
  }
};

const Json kOne = Json::array({group_at("n1", {"10.77.1.1/16"})});

TEST_F(ReloadTest, AddingRemovingAndMovingLeavesTheOthersAlone) {
  auto& cluster = lab();
  auto config = cluster.config(
      Json::array({group_at("n1", {"10.77.1.1/16", "10.77.1.2/16"}),
                   group_at("n1", {"10.77.1.3/16"}), group_at("n2", {"10.77.1.4/16"}),
                   group_at("n2", {"fd77::9/64"})}));
  cluster.start(config);
  cluster.wait_held("10.77.1.3", {1});
  cluster.wait_held("10.77.1.4", {2});
  cluster.wait_held("fd77::9", {2});
  AddressWatch first(cluster.space(1));
  AddressWatch second(cluster.space(2));
  // .3 moves to n2, .4 is gone, .5 is new; the first group and the IPv6 one stay.
  config["version"] = 2;
  config["vips"] = Json::array({group_at("n1", {"10.77.1.1/16", "10.77.1.2/16"}),
                                group_at("n2", {"10.77.1.3/16"}), group_at("n1", {"10.77.1.5/16"}),
                                group_at("n2", {"fd77::9/64"})});
  reload(cluster, 1, config);
  cluster.wait_held("10.77.1.3", {2});
  cluster.wait_held("10.77.1.4", {});
  cluster.wait_held("10.77.1.5", {1});
  EXPECT_THAT(first.changes(), testing::UnorderedElementsAre("+10.77.1.5/16", "-10.77.1.3/16"));
  EXPECT_THAT(second.changes(), testing::UnorderedElementsAre("+10.77.1.3/16", "-10.77.1.4/16"));
  for (const auto* ip : {"10.77.0.101", "10.77.1.1", "10.77.1.2"}) {
    EXPECT_EQ(cluster.holders(ip), std::vector<unsigned>{1}) << ip;
  }
}

TEST_F(ReloadTest, ABadFileIsRefusedWhole) {
  auto& cluster = alone(kOne);
  AddressWatch watch(cluster.space(1));
  auto config = cluster.config(Json::array({group({"10.77.1.1/16"}), group({"10.77.1.300/16"})}));
  config["version"] = 2;
  config["interval"] = "often";
  reload(cluster, 1, config);
  cluster.node(1).wait_log("interval: found \"often\"");
  cluster.node(1).wait_log("vips[1][0].ip: found \"10.77.1.300/16\"");
  cluster.node(1).wait_log("configuration refused, the old one stays: ? errors, said above");
  cluster.node(1).mark_log();
  cluster.node(1).write_text("{ \"vips\": [");
  cluster.node(1).reload();
  cluster.node(1).wait_log("configuration refused, the old one stays: ");
  const auto status = cluster.node(1).must_status();
  EXPECT_EQ(status["config"]["version"], 1);
  EXPECT_EQ(status["config"]["vips"].size(), 1U);
  EXPECT_THAT(watch.changes(), testing::IsEmpty());
}

TEST_F(ReloadTest, ChangedVipsUnderTheSameVersionAreRefused) {
  auto& cluster = lab();
  auto config = cluster.config(kOne);
  cluster.start(config);
  cluster.wait_held("10.77.1.1", {1});
  config["vips"] = Json::array({group_at("n1", {"10.77.1.1/16"}), group({"10.77.1.2/16"})});
  reload(cluster, 1, config);
  cluster.node(1).wait_log("vips or nodes changed but version is still 1");
  EXPECT_EQ(cluster.node(1).must_status()["config"]["vips"].size(), 1U);
}

TEST_F(ReloadTest, APrefixLengthCanChange) {
  auto& cluster = alone(Json::array({group({"10.77.1.1/16"}), group({"fd77::9/64"})}));
  cluster.wait_held("fd77::9", {1});
  const auto longer = Json::array({group({"10.77.1.1/32"}), group({"fd77::9/128"})});
  reload(cluster, 1, cluster.config(longer));
  wait_until("both have the new length", [&] {
    const auto v4 = find_address(cluster.space(1), "10.77.1.1");
    const auto v6 = find_address(cluster.space(1), "fd77::9");
    return v4 && v4->prefix.length == 32 && v6 && v6->prefix.length == 128;
  });
}

TEST_F(ReloadTest, TheChatAddressCanChange) {
  auto& cluster = lab();
  auto config = cluster.config(kOne);
  cluster.start(config);
  cluster.wait_owned("10.77.1.1", "n1");
  config["chat"] = "224.1.1.2:5008";
  reload(cluster, 1, config);
  // n2 hears n1 no more, and takes over; when it follows, n1 has its address back.
  wait_until("n2 has the address too",
             [&] { return has_address(cluster.space(2), "10.77.1.1"); });
  reload(cluster, 2, config);
  cluster.wait_held("10.77.1.1", {1});
  cluster.wait_owned("10.77.1.1", "n1");
}

TEST_F(ReloadTest, TheIntervalCanChange) {
  auto& cluster = alone(kOne);
  auto config = cluster.config(kOne);
  config["interval"] = 0.005;
  reload(cluster, 1, config);
  cluster.node(1).wait_log("configuration read again, version 1");
  const auto sent = [&] {
    return cluster.node(1).must_status()["vippy"]["counters"]["announcements_sent"].get<int>();
  };
  const auto before = sent();
  const auto start = std::chrono::steady_clock::now();
  wait_until("100 announcements have been sent", [&] { return sent() > before + 100; });
  // 5 s at the old interval, 0.5 s at the new one.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
}

TEST_F(ReloadTest, TheManagementSocketCanMoveAndChangeItsMode) {
  auto& cluster = alone(kOne);
  struct stat file {};
  const auto before = cluster.node(1).socket();
  ASSERT_EQ(::stat(before.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  auto config = cluster.config(kOne);
  config["management"] = "/run/moved.sock";
  config["management-mode"] = "0660";
  reload(cluster, 1, config);
  cluster.node(1).wait_log("configuration read again");
  EXPECT_EQ(cluster.node(1).must_status()["identity"], "n1");
  ASSERT_EQ(::stat("/run/moved.sock", &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0660U);
  EXPECT_EQ(http_get(before, "/status"), std::nullopt);
}

TEST_F(ReloadTest, AManagementPathThatCannotBeOpenedLeavesTheOldOne) {
  auto& cluster = alone(kOne);
  const auto before = cluster.node(1).socket();
  auto config = cluster.config(kOne);
  config["management"] = "/run/no/such/directory.sock";
  reload(cluster, 1, config);
  cluster.node(1).wait_log("cannot open management socket ");
  EXPECT_TRUE(http_get(before, "/status"));
  EXPECT_TRUE(has_address(cluster.space(1), "10.77.1.1"));
}

// What is read takes longer than `stale` here, and is read beside the loop.
TEST_F(ReloadTest, OfThousandsOfVipsMakesNobodyLate) {
  constexpr unsigned kVips = 5'000;
  constexpr Duration kWaitMax = std::chrono::milliseconds(10);  // a third of stale
  LabShape shape;
  shape.interval = 0.01;
  shape.stale = 0.03;
  auto& cluster = lab(shape);
  auto groups = Json::array();
  for (unsigned i = 0; i < kVips; ++i) {
    groups.push_back(group_at("n1", {"10.77." + std::to_string(1 + i / 250) + "." +
                                     std::to_string(1 + i % 250) + "/16"}));
  }
  auto config = cluster.config(groups);
  config["plumb"] = "route";
  config["realtime"] = 20;  // other programs of this machine are not what is looked at
  config["notify-refresh"] = 0;
  cluster.start(config);
  const auto has = [&](unsigned n, unsigned count) {
    return local_routes(cluster.space(n)).size() == count;
  };
  wait_until("n1 has all of them", [&] { return has(1, kVips) && has(2, 0); });
  const auto echo = cluster.echo();
  Client client(cluster.host(), {"10.77.1.1", "10.77.20.250"}, 1'000);
  wait_until("the last one answers", [&] { return client.look("10.77.20.250").last_from == 1; });
  StallWatch stalls;
  for (unsigned n = 1; n <= 2; ++n) stalls.follow(cluster.space(n).name(), cluster.node(n).pid());
  // A reload in which the machine itself kept somebody waiting says nothing, and is repeated.
  unsigned undisturbed = 0;
  for (int version = 2; undisturbed < 3 && version < 12; ++version) {
    const auto begun = wall_clock();
    config["version"] = version;
    config["vips"].push_back(group_at("n2", {"10.77.99." + std::to_string(version) + "/16"}));
    for (unsigned n = 1; n <= 2; ++n) cluster.node(n).mark_log();
    reload(cluster, 1, config);
    for (unsigned n = 1; n <= 2; ++n) {
      cluster.node(n).wait_log("version " + std::to_string(version));
    }
    wait_until("n2 has the new one", [&] { return has(2, static_cast<unsigned>(version) - 1); });
    EXPECT_TRUE(has(1, kVips));
    const auto waits = stalls.between(begun, wall_clock());
    if (!waits.empty() && waits.front().length > kWaitMax) continue;
    ++undisturbed;
    for (unsigned n = 1; n <= 2; ++n) {
      const auto log = cluster.node(n).new_log();
      EXPECT_EQ(log.find("was silent for"), std::string::npos) << log;
      EXPECT_EQ(log.find("hung"), std::string::npos) << log;
      EXPECT_EQ(log.find("10.77.1.1 moves"), std::string::npos) << log;
    }
  }
  for (const auto& measured : client.finish()) EXPECT_EQ(measured.lost(), 0U);
  if (undisturbed == 0) GTEST_SKIP() << "this machine is too busy to measure anything";
}

TEST_F(ReloadTest, TheHostsToBeToldCanChange) {
  auto& cluster = alone(kOne);
  auto config = cluster.config(Json::array({group({"10.77.1.1/16"}), group({"10.77.1.2/16"})}));
  config["notify"] = {{{"interface", "eth0"}, {"ip", "10.77.5.0/30"}}};
  Capture capture(cluster.host(), "eth0");
  reload(cluster, 1, config);
  wait_until("the hosts of the network are asked for", [&] {
    const auto frames = capture.about("10.77.1.2");
    return std::any_of(frames.begin(), frames.end(), [](const Frame& frame) {
      return frame.arp() != nullptr && core::format(frame.arp()->target_ip) == "10.77.5.2";
    });
  });
}

}  // namespace
}  // namespace vippy::lab
