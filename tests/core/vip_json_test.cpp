#include "core/vip_json.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace vippy::core {
namespace {

using Json = nlohmann::ordered_json;

Json golden(const char* name) {
  std::ifstream file(std::string(VIPPY_SOURCE_DIR "/tests/golden/vippy1/") + name);
  return Json::parse(file);
}

Vip vip_of(const Json& object) {
  Vip vip;
  vip.interface = object.at("interface");
  const std::string text = object.at("ip");
  const auto prefix = *parse_prefix(text);
  vip.text = text.substr(0, text.find('/'));
  vip.address = prefix.address;
  vip.prefix_length = prefix.length;
  return vip;
}

std::vector<Group> groups_of(const Json& config) {
  std::vector<Group> groups;
  for (const auto& members : config.at("vips")) {
    auto& group = groups.emplace_back();
    for (const auto& member : members) {
      if (member.is_string()) {
        group.preferred = member;
      } else {
        group.vips.push_back(vip_of(member));
      }
    }
    std::stable_sort(group.vips.begin(), group.vips.end(),
                     [](const Vip& a, const Vip& b) { return a.text < b.text; });
  }
  return groups;
}

std::string json(const std::vector<Group>& groups) {
  std::string out;
  append_groups(out, groups);
  return out;
}

TEST(VipJsonTest, WritesWhatTheReferenceNormalises) {
  const auto cases = golden("hash.json");
  ASSERT_EQ(cases.size(), 40U);
  for (const auto& one : cases) {
    EXPECT_EQ(json(groups_of(one.at("config"))), one.at("normalised_vips").dump());
  }
}

TEST(VipJsonTest, WritesWhatTheReferenceAnnounces) {
  const auto config = golden("status.json")["steady"][0]["config"];
  const auto vips = "\"vips\":" + json(groups_of(config)) + ",\"nodes\":";
  const auto golden_datagrams = golden("announcements.json");
  for (const auto& datagram : golden_datagrams.at("datagrams")) {
    const std::string payload = datagram.at("payload");
    if (payload.find("\"version\":1,") == std::string::npos) continue;
    EXPECT_NE(payload.find(vips), std::string::npos) << payload;
  }
}

TEST(VipJsonTest, HandsOnTheStateOfAnIpv4Vip) {
  auto vip = vip_of(Json::parse(R"({"interface":"e\"0","ip":"10.0.0.1/31"})"));
  vip.state_json = R"({"a":[1,"x"]})";
  std::string out;
  append_vip(out, vip);
  EXPECT_EQ(out,
            R"({"ip":"10.0.0.1","netmask":"255.255.255.254","broadcast":"10.0.0.1",)"
            R"("network":"10.0.0.0","name":"e\"0","state":{"a":[1,"x"]}})");
}

TEST(VipJsonTest, WritesNoGroupsAsAnEmptyList) { EXPECT_EQ(json({}), "[]"); }

}  // namespace
}  // namespace vippy::core
