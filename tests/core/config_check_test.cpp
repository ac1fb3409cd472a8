#include "core/config_check.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

Config config_with(const std::string& vips, const std::string& rest = "") {
  const auto reading =
      read_config(R"({"chat": "224.1.1.1:5007", "secret": "s", "nodes": ["node1", "node2"], )" +
                  rest + "\"vips\": [[" + vips + "]]}");
  EXPECT_TRUE(reading.config);
  return *reading.config;
}

HostFacts host() {
  HostFacts facts;
  facts.node = "node1";
  facts.interfaces = {{"eth0", {*parse_prefix("10.0.0.7/24"), *parse_prefix("fd00::7/64")}},
                      {"eth1", {}}};
  return facts;
}

std::string said(const Config& config, const HostFacts& facts) {
  std::string text;
  for (const auto& problem : check_config(config, facts)) {
    EXPECT_EQ(problem.severity, Severity::warning);
    text += format(problem) + "\n";
  }
  return text;
}

TEST(ConfigCheckTest, SaysNothingWhenAllIsWell) {
  auto facts = host();
  facts.file = {"/etc/vippy.conf", 0600, false};
  EXPECT_EQ(said(config_with(R"({"interface": "eth0", "ip": "10.0.0.5/24"},
                                {"interface": "eth0", "ip": "10.0.0.6/28"},
                                {"interface": "eth0", "ip": "fd00::5/64"},
                                {"interface": "eth1", "ip": "192.0.2.1"})"),
                 facts),
            "");
}

TEST(ConfigCheckTest, WarnsOfAFileThatOthersCanReadOrChange) {
  auto facts = host();
  const auto config = config_with(R"({"interface": "eth0", "ip": "10.0.0.5/24"})");
  facts.file = {"/etc/vippy.conf", 0644, false};
  EXPECT_EQ(said(config, facts),
            "warning: secret: others can read /etc/vippy.conf and with it the secret: `chmod 600 "
            "/etc/vippy.conf`\n");
  facts.file = {"/etc/vippy.conf", 0620, true};
  const auto text = said(config, facts);
  EXPECT_NE(text.find("others can write"), std::string::npos);
  EXPECT_NE(text.find("belongs to somebody else"), std::string::npos);
}

TEST(ConfigCheckTest, WarnsOfANodeThatIsNotOneOfTheNodes) {
  auto facts = host();
  facts.node = "nod1";
  const auto text = said(config_with(R"({"interface": "eth0", "ip": "10.0.0.5/24"})"), facts);
  EXPECT_NE(text.find("nodes: \"nod1\""), std::string::npos);
  EXPECT_NE(text.find("did you mean \"node1\"?"), std::string::npos);
}

TEST(ConfigCheckTest, WarnsOfVipsThatNoLocalInterfaceCanCarry) {
  const auto text = said(config_with(R"({"interface": "eth2", "ip": "10.0.0.5/24"},
                                        {"interface": "eth1", "ip": "10.0.0.6/24"},
                                        {"interface": "eth0", "ip": "10.0.0.8/16"})"),
                         host());
  EXPECT_NE(text.find("10.0.0.5: this host has no interface \"eth2\"; did you mean \"eth0\"?"),
            std::string::npos);
  EXPECT_NE(text.find("10.0.0.6: eth1 has no address in 10.0.0.0/24"), std::string::npos);
  EXPECT_NE(text.find("10.0.0.8: eth0 has no address in 10.0.0.0/16"), std::string::npos);
}

TEST(ConfigCheckTest, SaysWhatANodeDoesWithoutTheInterfaceAsItsProtocolHasIt) {
  const std::string vip = R"({"interface": "eth2", "ip": "10.0.0.5/24"})";
  EXPECT_NE(said(config_with(vip), host()).find("cannot carry it: it refuses the group that needs "
                                                "it, and serves the others"),
            std::string::npos);
  EXPECT_NE(said(config_with(vip, R"("protocol": 1,)"), host())
                .find("cannot carry it, and would offer itself for nothing while others are"),
            std::string::npos);
}

TEST(ConfigCheckTest, WarnsOfAWitnessThatThisHostCannotAsk) {
  const std::string vip = R"({"interface": "eth0", "ip": "10.0.0.5/24"})";
  const auto with = [&](const std::string& witness) {
    return said(
        config_with(vip, R"("isolation": "release", "witness": [")" + witness + "\"],"), host());
  };
  EXPECT_EQ(with("10.0.0.254"), "");
  EXPECT_EQ(with("fd00::1"), "");
  EXPECT_NE(with("10.0.0.7").find("witness: 10.0.0.7 is an address of this host"),
            std::string::npos);
  EXPECT_NE(with("192.0.2.1").find("witness: 192.0.2.1 is in no network of this host's"),
            std::string::npos);
}

TEST(ConfigCheckTest, WarnsOfPeersThatLeaveANodeOut) {
  const std::string vip = R"({"interface": "eth0", "ip": "10.0.0.5/24"})";
  const auto with = [&](const std::string& peers) {
    return said(config_with(vip, "\"peers\": [" + peers + "],"), host());
  };
  EXPECT_EQ(with(R"("10.0.0.7", "10.0.0.8")"), "");
  EXPECT_EQ(with(R"("10.0.0.8")"), "") << "the own address need not be among them";
  EXPECT_EQ(with(R"("10.0.0.8", "10.0.0.9")"), "");
  EXPECT_NE(with(R"("10.0.0.7")").find("peers: found 0 addresses of other hosts, wants 1 or more"),
            std::string::npos);
}

TEST(ConfigCheckTest, WarnsOfSettingsThatHardlyAnybodyMeans) {
  const std::string vip = R"({"interface": "eth0", "ip": "10.0.0.5/24"})";
  const auto warns = [&](const std::string& rest, const std::string& of) {
    return said(config_with(vip, rest), host()).find("warning: " + of) != std::string::npos;
  };
  EXPECT_TRUE(warns(R"("quorum": "majority",)", "quorum: one of two nodes is no majority"));
  EXPECT_FALSE(warns(R"("quorum": "majority", "witness": ["10.0.0.1"],)", "quorum"));
  EXPECT_TRUE(warns(R"("isolation": "release",)", "isolation: without a witness"));
  EXPECT_FALSE(warns(R"("isolation": "release", "witness": ["10.0.0.1"],)", "isolation"));
  EXPECT_TRUE(warns(R"("interval": 0.001, "stale": 0.004,)", "stale: below 5 ms"));
  EXPECT_FALSE(warns(R"("interval": 0.001, "stale": 0.004, "realtime": 20,)", "stale"));
  EXPECT_FALSE(warns(R"("interval": 0.001, "stale": 0.005,)", "stale"));
  auto config = config_with(vip);
  config.secret = "replace me on every node";
  EXPECT_EQ(said(config, host()),
            "warning: secret: still the example's, which everybody knows: write one of your own\n");
}

TEST(ConfigCheckTest, WarnsOfAVipThatIsTheHostsOwnAddressAndNotOfOneThatIsHeld) {
  const auto config = config_with(R"({"interface": "eth0", "ip": "10.0.0.5/24"},
                                     {"interface": "eth0", "ip": "10.0.0.6/24"})");
  const auto with = [&](const std::vector<std::string>& addresses) {
    auto facts = host();
    facts.interfaces->front().prefixes.clear();
    for (const auto& one : addresses) {
      facts.interfaces->front().prefixes.push_back(*parse_prefix(one));
    }
    return said(config, facts);
  };
  EXPECT_EQ(with({"10.0.0.7/24", "10.0.0.5/24", "10.0.0.6/24"}), "");
  const std::string own = "10.0.0.5: is eth0's own address";
  EXPECT_NE(with({"10.0.0.5/24", "10.0.0.6/24"}).find(own), std::string::npos);
  EXPECT_NE(with({"10.0.0.7/24", "10.0.0.5/16"}).find(own), std::string::npos);
}

TEST(ConfigCheckTest, WarnsOfAChatInterfaceThatReachesNoOtherHost) {
  auto facts = host();
  facts.interfaces->push_back({"lo", {*parse_prefix("127.0.0.1/8")}, true});
  const auto with = [&](const std::string& chat_interface) {
    auto config = config_with(R"({"interface": "eth0", "ip": "10.0.0.5/24"})");
    config.chat_interfaces = {chat_interface};
    return config;
  };
  const std::string loopback = " is loopback, which no other host is on";
  const std::string takes_nothing = "it takes no address";
  EXPECT_NE(said(with("lo"), facts).find("lo" + loopback), std::string::npos);
  EXPECT_NE(said(with("127.0.0.1"), facts).find("127.0.0.1" + loopback), std::string::npos);
  EXPECT_NE(said(with("lo"), facts).find(takes_nothing), std::string::npos);
  EXPECT_NE(said(with("eth7"), facts).find(takes_nothing), std::string::npos);
  auto alone = with("lo");
  auto shared = std::make_shared<Shared>(*alone.shared);
  shared->nodes = {"node1"};
  alone.shared = std::move(shared);
  EXPECT_EQ(said(alone, facts), "");
}

TEST(ConfigCheckTest, WarnsOfChatAndNotifyInterfaces) {
  const std::string vip = R"({"interface": "eth0", "ip": "10.0.0.5/24"})";
  EXPECT_EQ(said(config_with(vip, "\"chat_interface\": \"10.0.0.7\","), host()), "");
  EXPECT_EQ(said(config_with(vip, "\"chat_interface\": \"eth1\","), host()), "");
  EXPECT_NE(
      said(config_with(vip, "\"chat_interface\": \"10.0.0.9\","), host()).find("is no address"),
      std::string::npos);
  EXPECT_NE(
      said(config_with(vip, R"("notify": {"interface": "lan", "ip": "10.0.0.0/28"},)"), host())
          .find("nobody in 10.0.0.0/28 will be told"),
      std::string::npos);
}

TEST(ConfigCheckTest, WarnsWhenTheFolderOfTheManagementSocketIsNotThere) {
  auto facts = host();
  facts.has_management_folder = false;
  EXPECT_EQ(said(config_with(R"({"interface": "eth0", "ip": "10.0.0.5/24"})",
                             R"("management": "/run/nowhere/vippy.socket", )"),
                 facts),
            "warning: management: the folder of /run/nowhere/vippy.socket is not there, and "
            "without it vippyd does not start: make it, or name another place\n");
}

TEST(ConfigCheckTest, AReloadDoesNotTakeTheVipThatIsHereForTheHostsOwn) {
  auto facts = host();
  facts.interfaces->at(1).prefixes.push_back(*parse_prefix("192.0.2.1/24"));
  const auto config = config_with(R"({"interface": "eth1", "ip": "192.0.2.1/24"})");
  EXPECT_NE(said(config, facts).find("own address"), std::string::npos);
  facts.is_serving = true;
  EXPECT_EQ(said(config, facts), "");
}

}  // namespace
}  // namespace vippy::core
