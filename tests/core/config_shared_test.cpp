#include "core/config_shared.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace vippy::core {
namespace {

struct Reading {
  explicit Reading(const std::string& text) {
    const auto root = read_tree(text);
    ProblemLog log(text, *root);
    shared = read_shared(*root, log);
    has_errors = log.has_errors();
    for (const auto& problem : log.take()) said += format(problem) + "\n";
  }
  Shared shared;
  bool has_errors = false;
  std::string said;
};

TEST(ConfigSharedTest, KeepsTheTextOfAnAddress) {
  const Reading reading(R"({"nodes": ["a"], "vips": [["a",
      {"interface": "e", "ip": "FD77:0::9/64"},
      {"interface": "e", "ip": "10.0.0.1", "state": {"k": [1, 2]}}]]})");
  ASSERT_FALSE(reading.has_errors) << reading.said;
  const auto& vips = reading.shared.groups.at(0).vips;
  EXPECT_EQ(vips[0].text, "10.0.0.1");
  EXPECT_EQ(vips[0].prefix_length, 32);
  EXPECT_EQ(vips[0].state_json, "{\"k\":[1,2]}");
  EXPECT_EQ(vips[1].text, "FD77:0::9");
  EXPECT_EQ(vips[1].address, *parse_ip("fd77::9"));
  EXPECT_EQ(vips[1].prefix_length, 64);
  EXPECT_FALSE(vips[1].state_json);
}

TEST(ConfigSharedTest, FindsTheSameAddressInOtherWords) {
  const Reading reading(R"({"nodes": ["a"], "vips": [[{"interface": "e", "ip": "fd77::9/64"}],
      [{"interface": "f", "ip": "FD77:0::9"}]]})");
  EXPECT_TRUE(reading.has_errors);
  EXPECT_NE(reading.said.find("already at vips[0][0].ip (line 1"), std::string::npos);
}

TEST(ConfigSharedTest, APreferredStrangerIsAWarning) {
  const Reading reading(
      R"({"vips": [["ghost1", {"interface": "e", "ip": "10.0.0.1"}]], "nodes": ["a"]})");
  EXPECT_FALSE(reading.has_errors);
  EXPECT_NE(reading.said.find("\"ghost1\" is not one of the nodes"), std::string::npos);
  EXPECT_EQ(reading.shared.groups.at(0).preferred, "ghost1");
}

TEST(ConfigSharedTest, WithoutANodeListNothingIsSaidOfPreferredNames) {
  const Reading reading(R"({"vips": [["a", {"interface": "e", "ip": "10.0.0.1"}]], "nodes": 7})");
  EXPECT_EQ(reading.said,
            "1:66: error: nodes: found 7, wants a list of node names, [\"node1\", \"node2\"]\n");
}

TEST(ConfigSharedTest, BoundsNodesGroupsAndVips) {
  std::string nodes;
  for (std::size_t i = 0; i <= kNodesMax; ++i)
    nodes += (i ? ",\"n" : "\"n") + std::to_string(i) + '"';
  EXPECT_NE(Reading("{\"nodes\": [" + nodes + "]}").said.find("found 257 nodes, wants at most 256"),
            std::string::npos);
  std::string vips;
  for (std::size_t i = 0; i <= kVipsMax; ++i) {
    vips += (i == 0 ? "" : i % 2 == 0 ? "],[" : ",");
    vips += "{\"interface\":\"e\",\"ip\":\"" + format(add(*parse_ip("10.0.0.1"), i)) + "\"}";
  }
  const Reading reading("{\"vips\": [[" + vips + "]]}");
  EXPECT_NE(reading.said.find("found 16385 groups, wants at most 16384"), std::string::npos);
  EXPECT_NE(reading.said.find("found 32769 VIPs, wants at most 32768"), std::string::npos);
}

TEST(ConfigSharedTest, RefusesAddressesThatNoHostHas) {
  for (const auto* ip : {"0.0.0.0", "255.255.255.255", "224.0.0.1/24", "ff02::1",
                         "0.1.2.3/24", "127.0.0.5/8", "::1", "::ffff:10.0.0.5", "::ffff:a00:5/120",
                         "::", "10.0.0.1/33", "fe80::1%eth0", "10.1", "node1", ""}) {
    const Reading reading("{\"nodes\": [\"a\"], \"vips\": [[{\"interface\": \"e\", \"ip\": \"" +
                          std::string(ip) + "\"}]]}");
    EXPECT_TRUE(reading.has_errors) << ip;
    EXPECT_NE(reading.said.find("vips[0][0].ip: "), std::string::npos) << reading.said;
  }
}

TEST(ConfigSharedTest, SaysWhatAnAddressIsThatNoHostHas) {
  const auto said = [](const std::string& ip) {
    return Reading("{\"nodes\": [\"a\"], \"vips\": [[{\"interface\": \"e\", \"ip\": \"" + ip +
                   "\"}]]}")
        .said;
  };
  EXPECT_NE(said("::1").find("\"::1\" is a loopback address"), std::string::npos);
  EXPECT_NE(said("127.1.2.3/8").find("is a loopback address"), std::string::npos);
  EXPECT_NE(said("::ffff:10.0.0.5").find("write it as IPv4"), std::string::npos);
  EXPECT_NE(said("239.1.1.1").find("is a multicast address"), std::string::npos);
  EXPECT_NE(said("255.255.255.255").find("is the broadcast address"), std::string::npos);
  EXPECT_NE(said("fe80::5/64").find("warning: vips[0][0].ip: \"fe80::5/64\" is link-local"),
            std::string::npos);
  EXPECT_EQ(said("fec0::5/64"), "");
}

}  // namespace
}  // namespace vippy::core
