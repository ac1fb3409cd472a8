#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/config.h"
#include "core/limits.h"
#include "core/rng.h"

namespace vippy::core {
namespace {

constexpr std::string_view kRest =
    R"("chat": "224.1.1.1:5007", "secret": "s", "vips": [], "nodes": ["a"])";

ConfigReading read_with(const std::string& members) {
  return read_config("{" + std::string(kRest) + (members.empty() ? "" : ", ") + members + "}");
}

// The texts of all problems, one a line.
std::string problems(const ConfigReading& reading) {
  std::string text;
  for (const auto& problem : reading.problems) text += format(problem) + "\n";
  return text;
}

bool says(const ConfigReading& reading, std::string_view part) {
  return problems(reading).find(part) != std::string::npos;
}

nlohmann::json load(const std::string& name) {
  std::ifstream file(VIPPY_SOURCE_DIR "/tests/golden/vippy1/" + name);
  return nlohmann::json::parse(file);
}

// A group as the reference names its members: [preferred,] ip, ip ...
std::vector<std::string> names(const Group& group) {
  std::vector<std::string> result;
  if (group.preferred) result.push_back(*group.preferred);
  for (const auto& vip : group.vips) result.push_back(vip.text);
  return result;
}

std::vector<std::string> names(const nlohmann::json& group) {
  std::vector<std::string> result;
  for (const auto& item : group) {
    result.push_back(item.is_string() ? item.get<std::string>() : item["ip"].get<std::string>());
  }
  return result;
}

void expect_normalised(const Vip& vip, const nlohmann::json& expected) {
  EXPECT_EQ(vip.text, expected["ip"]);
  EXPECT_EQ(vip.interface, expected["name"]);
  if (vip.address.is_v6()) {
    EXPECT_EQ(std::to_string(vip.prefix_length), expected["prefixlen"]);
  } else {
    EXPECT_EQ(format(netmask(vip.prefix_length)), expected["netmask"]);
    EXPECT_EQ(format(vip.prefix().first()), expected["network"]);
    EXPECT_EQ(format(vip.prefix().last()), expected["broadcast"]);
  }
  EXPECT_EQ(vip.state_json.has_value(), expected.contains("state"));
  if (vip.state_json) {
    EXPECT_EQ(*vip.state_json, expected["state"].dump());
  }
}

TEST(ConfigJsonTest, ReadsTheReferencesConfigurationsInItsOrder) {
  const auto cases = load("hash.json");
  ASSERT_EQ(cases.size(), 40U);
  for (const auto& one : cases) {
    const auto reading = read_config(one["config"].dump(2));
    ASSERT_TRUE(reading.config) << problems(reading);
    const auto& groups = reading.config->shared->groups;
    const auto& expected = one["normalised_vips"];
    ASSERT_EQ(groups.size(), expected.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      ASSERT_EQ(names(groups[i]), names(expected[i]));
      const std::size_t first = groups[i].preferred ? 1 : 0;
      for (std::size_t j = 0; j < groups[i].vips.size(); ++j) {
        expect_normalised(groups[i].vips[j], expected[i][first + j]);
      }
    }
  }
}

TEST(ConfigJsonTest, ReadsTheReferencesStatusConfigurations) {
  const auto cases = load("status.json");
  for (const auto& one : cases["steady"]) {
    const auto reading = read_config(one["config"].dump());
    ASSERT_TRUE(reading.config) << problems(reading);
    EXPECT_EQ(reading.config->interval, std::chrono::milliseconds(200));
    EXPECT_EQ(reading.config->arp_cache, std::chrono::seconds(90));
    EXPECT_EQ(reading.config->notify.size(), 2U);
    EXPECT_FALSE(reading.config->notify[0].network);
    EXPECT_TRUE(reading.config->logging.mask[static_cast<std::size_t>(Priority::warning)]);
    EXPECT_FALSE(reading.config->logging.mask[static_cast<std::size_t>(Priority::info)]);
  }
}

TEST(ConfigJsonTest, FillsInTheReferencesDefaults) {
  const auto reading = read_with("");
  ASSERT_TRUE(reading.config) << problems(reading);
  const auto& config = *reading.config;
  EXPECT_EQ(config.shared->version, 0U);
  EXPECT_EQ(config.interval, std::chrono::seconds(1));
  EXPECT_EQ(config.mature, std::chrono::seconds(5));
  EXPECT_EQ(config.stale, std::chrono::seconds(3));
  EXPECT_EQ(config.arp_cache, std::chrono::seconds(15));
  EXPECT_EQ(config.chat_interfaces, std::vector<std::string>{"all"});
  EXPECT_EQ(config.management_mode, 0600U);
  EXPECT_EQ(config.logging, Logging{});
}

TEST(ConfigJsonTest, AGivenMaskTurnsTheOthersOff) {
  const auto reading = read_with(R"("logging": {"mask": {"debug": true, "err": false}})");
  ASSERT_TRUE(reading.config);
  const std::array<bool, kPriorities> only_debug = {false, false, false, false,
                                                    false, false, false, true};
  EXPECT_EQ(reading.config->logging.mask, only_debug);
}

TEST(ConfigJsonTest, ReportsAllProblemsInTheOrderOfTheText) {
  const auto reading = read_config("{\n  \"stale\": 0,\n  \"interval\": true,\n  \"nodes\": 1\n}");
  EXPECT_FALSE(reading.config);
  ASSERT_EQ(reading.problems.size(), 6U) << problems(reading);
  EXPECT_EQ(reading.problems[0].path, "chat");
  EXPECT_EQ(format(reading.problems[3]),
            "2:12: error: stale: found 0, wants seconds from 0.001 to 604800");
  EXPECT_EQ(reading.problems[4].path, "interval");
  EXPECT_EQ(reading.problems[5].line, 4U);
}

TEST(ConfigJsonTest, NeverShowsTheSecret) {
  for (const auto* value :
       {"hunter2hunter", "[\"hunter2\"]", "{\"hunter2\": 1}", "0777777hunter2"}) {
    const auto reading = read_config("{\"secret\": " + std::string(value) + "}");
    EXPECT_FALSE(reading.config);
    EXPECT_FALSE(says(reading, "hunter2\"")) << problems(reading);
  }
  const auto reading = read_with("");
  EXPECT_EQ(print_config(*reading.config, SecretPrint::masked).find("\"s\""), std::string::npos);
}

TEST(ConfigJsonTest, WarnsWhenANodeTakesPartBeforeItCanHaveMissedAnybody) {
  const auto said = [](const std::string& members) {
    std::string text;
    for (const auto& problem : read_with(members).problems) text += format(problem) + "\n";
    return text;
  };
  EXPECT_NE(said(R"("mature": 2)").find("warning: mature: mature is 2 s and stale 3 s: "),
            std::string::npos);
  EXPECT_NE(said(R"("stale": 6)").find("warning: stale: mature is 5 s and stale 6 s: "),
            std::string::npos);
  EXPECT_EQ(said(R"("mature": 3)").find("mature"), std::string::npos);
}

TEST(ConfigJsonTest, RefusesValuesOutOfBounds) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("interval": 0.0009)", "interval: found 0.0009, wants seconds from 0.001 to 3600"},
      {R"("interval": 3601)", "interval"},
      {R"("interval": "1s")", "found \"1s\", wants seconds"},
      {R"("interval": "nan")", "wants seconds"},
      {R"("mature": -1)", "mature: found -1, wants seconds from 0 to 604800"},
      {R"("arp-cache": "0")", "arp-cache: found \"0\""},
      {R"("stale": 0.5)", "wants stale to be at least 3 intervals"},
      {R"("version": 9007199254740992)", "a whole number from 0 to 9007199254740991"},
      {R"("version": "1")", "without quotes"},
      {R"("version": 1.5)", "found 1.5"},
      {R"("notify-rate": 0)", "from 1 to 1000000"},
      {R"("notify": {"interface": "e", "ip": "fd00::/64"})", "a prefix length of 112 or more"},
      {R"("management-mode": 600)", "an octal mode in quotes"},
      {R"("management-mode": "1777")", "an octal mode in quotes"},
      {R"("protocol": "1")", "or \"1+2\""},
      {R"("chat_interface": "10.0.0")", "a local address"},
      {R"("logging": {"facility": "local9"})", "did you mean \"local0\""},
      {R"("logging": {"mask": {"error": true}})", "this is not a priority"},
      {R"("logging": [])", "logging: found an empty list"},
      {R"("plugins": [1])", "plugins[0]: found 1"},
      {R"("interval": 1, "interval": 1)", "this key stands twice, first at interval (line 1"},
  };
  for (const auto& [members, part] : cases) {
    const auto reading = read_with(members);
    EXPECT_FALSE(reading.config) << members;
    EXPECT_TRUE(says(reading, part)) << members << "\n" << problems(reading);
  }
}

TEST(ConfigJsonTest, RefusesBadChatAddresses) {
  for (const auto* chat : {"\"\"", "\"224.1.1.1\"", "\"224.1.1.1:0\"", "\"224.1.1.1:65536\"",
                           "\"224.1.1.1:05\"", "\"ff02::1:5007\"", "\"[224.1.1.1]:5\"", "\"[]:5\"",
                           "\"10.0.0.1:5007\"", "\":5007\"", "5007", "\"224.1.1.1:+5\""}) {
    const auto reading = read_config("{\"chat\": " + std::string(chat) +
                                     R"(, "secret": "s", "vips": [], "nodes": []})");
    EXPECT_FALSE(reading.config) << chat;
    EXPECT_TRUE(says(reading, "chat: found")) << chat << problems(reading);
  }
}

TEST(ConfigJsonTest, SaysWhichKeyWasMeantAndLetsForeignKeysPass) {
  EXPECT_TRUE(says(read_with(R"("intreval": 1)"), "did you mean \"interval\"?"));
  EXPECT_TRUE(says(read_with(R"("arp_cache": 1)"), "did you mean \"arp-cache\"?"));
  EXPECT_FALSE(read_with(R"("chat-interface": "all")").config);
  const auto foreign = read_with(R"("gateway-check": {"every": 5})");
  EXPECT_TRUE(foreign.config);
  EXPECT_TRUE(says(foreign, "warning: gateway-check: \"gateway-check\" is not a key of vippy"));
}

TEST(ConfigJsonTest, RefusesATextThatIsTooLarge) {
  const auto reading = read_config(std::string(kConfigOctetsMax + 1, ' '));
  EXPECT_TRUE(says(reading, "wants at most 16777216"));
  EXPECT_EQ(reading.problems[0].line, 0U);
}

TEST(ConfigJsonTest, RefusesMoreVipsThanOneAnnouncementCarries) {
  std::string vips;
  for (int i = 0; i < 700; ++i) {
    if (i != 0) vips += ",";
    vips += R"([{"interface": "eth0", "ip": "10.)" + std::to_string(i / 250) + "." +
            std::to_string(i % 250) + R"(.1/8"}])";
  }
  const auto reading = read_config(R"({"chat": "224.1.1.1:5007", "secret": "s", "nodes": ["a"],
    "protocol": 1, "vips": [)" + vips + "]}");
  ASSERT_FALSE(reading.config);
  ASSERT_FALSE(reading.problems.empty());
  EXPECT_NE(reading.problems.back().text.find("a datagram holds 65507"), std::string::npos);
}

TEST(ConfigJsonTest, RefusesNamesThatTheHashCannotTellApart) {
  for (const auto* nodes : {R"(["a|b"])", R"(["a,b"])"}) {
    const auto reading = read_config(std::string(R"({"chat": "224.1.1.1:5007", "secret": "s",
      "vips": [], "nodes": )") + nodes + "}");
    ASSERT_FALSE(reading.config) << nodes;
    EXPECT_NE(reading.problems.back().text.find("without | and ,"), std::string::npos);
  }
  const auto reading = read_config(R"({"chat": "224.1.1.1:5007", "secret": "s", "nodes": ["a"],
    "vips": [["10.0.0.1", {"interface": "eth0", "ip": "10.0.0.2"}]]})");
  EXPECT_FALSE(reading.config);
}

TEST(ConfigJsonTest, StopsCountingProblemsSomewhere) {
  std::string list = "1";
  for (int i = 0; i < 5'000; ++i) list += ",1";
  const auto reading = read_with("\"plugins\": [" + list + "]");
  EXPECT_EQ(reading.problems.size(), kConfigProblemsMax + 1);
  EXPECT_EQ(reading.problems.back().line, 0U);
}

std::string mutated(std::string text, Rng& rng) {
  static constexpr std::string_view kOctets = "{}[]\",:'/*#\\ \n0123456789.-+eEtfnu\x80\xc3\xff";
  for (auto edits = 1 + rng.below(6); edits > 0 && !text.empty(); --edits) {
    const auto at = rng.below(text.size());
    const char octet = kOctets[rng.below(kOctets.size())];
    switch (rng.below(4)) {
      case 0: text[at] = octet; break;
      case 1: text.insert(at, 1, octet); break;
      case 2: text.erase(at, 1 + rng.below(8)); break;
      default: text.insert(at, text.substr(rng.below(text.size()), rng.below(40))); break;
    }
  }
  return text;
}

TEST(ConfigJsonTest, MutatedTextsAreReadOrRefusedButNeverCrash) {
  std::ifstream file(VIPPY_SOURCE_DIR "/tests/golden/config/sample.json");
  const std::string sample((std::istreambuf_iterator<char>(file)), {});
  ASSERT_TRUE(read_config(sample).config);
  Rng rng(7);
  std::size_t read_well = 0;
  for (int i = 0; i < 4'000; ++i) {
    const auto text = mutated(sample, rng);
    const auto reading = read_config(text);
    if (!reading.config) {
      ASSERT_FALSE(reading.problems.empty());
      continue;
    }
    ++read_well;
    const auto again = read_config(print_config(*reading.config, SecretPrint::shown));
    ASSERT_TRUE(again.config) << text;
    ASSERT_EQ(*again.config, *reading.config) << text;
  }
  EXPECT_GT(read_well, 100U);
}

}  // namespace
}  // namespace vippy::core
