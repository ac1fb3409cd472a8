#include "core/config_cluster.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

ConfigReading read(const std::string& keys) {
  return read_config(R"({"chat": "224.1.1.1:5007", "secret": "s", "nodes": ["a"],
    "vips": [[{"interface": "eth0", "ip": "10.0.0.5/24"}]], )" + keys + "}");
}

TEST(ConfigClusterTest, DefaultsAreSafe) {
  const auto config = read("\"version\": 1").config.value();
  EXPECT_EQ(config.protocol, Protocol::v2);
  EXPECT_EQ(config.failback, Duration::zero());
  EXPECT_EQ(config.handover, HandOver::make_first);
  EXPECT_EQ(config.isolation, Isolation::hold);
  EXPECT_EQ(config.quorum, Quorum::none);
  EXPECT_EQ(config.lease, 6s);
  EXPECT_TRUE(config.guard);
  EXPECT_EQ(config.guard_kill, 1s);
}

TEST(ConfigClusterTest, ReadsEveryForm) {
  EXPECT_EQ(read("\"protocol\": 1").config->protocol, Protocol::v1);
  EXPECT_EQ(read("\"protocol\": \"1+2\"").config->protocol, Protocol::both);
  EXPECT_EQ(read("\"failback\": \"never\"").config->failback, std::nullopt);
  EXPECT_EQ(read("\"failback\": 1.5").config->failback, 1500ms);
  EXPECT_EQ(read("\"handover\": \"break-first\"").config->handover, HandOver::break_first);
  EXPECT_EQ(read("\"peers\": [\"10.0.0.1\"]").config->peers.size(), 1U);
  EXPECT_EQ(read("\"lease\": 0").config->lease, 0s);
}

TEST(ConfigClusterTest, NeverShowsASecret) {
  const auto reading = read(R"("previous-secrets": "hush")");
  ASSERT_FALSE(reading.config);
  for (const auto& problem : reading.problems) {
    EXPECT_EQ(format(problem).find("hush"), std::string::npos);
  }
}

TEST(ConfigClusterTest, PeersAreOfTheFamilyOfTheChat) {
  EXPECT_FALSE(read("\"peers\": [\"fd00::1\"]").config);
}

TEST(ConfigClusterTest, AWitnessThatNobodyAsksIsAWarning) {
  EXPECT_EQ(read("\"witness\": [\"10.0.0.1\"]").problems.size(), 1U);
  EXPECT_TRUE(read("\"witness\": [\"10.0.0.1\"], \"quorum\": \"majority\"").problems.empty());
}

TEST(ConfigClusterTest, AVipIsNeitherAWitnessNorAPeer) {
  for (const std::string key : {"witness", "peers"}) {
    const auto reading =
        read("\"quorum\": \"majority\", \"" + key + "\": [\"10.0.0.1\", \"10.0.0.5\"]");
    EXPECT_FALSE(reading.config) << key;
    ASSERT_EQ(reading.problems.size(), 1U) << key;
    EXPECT_EQ(reading.problems[0].path, key + "[1]");
    EXPECT_EQ(reading.problems[0].severity, Severity::error);
    EXPECT_TRUE(reading.problems[0].text.starts_with("\"10.0.0.5\" is one of the VIPs: ")) << key;
  }
}

TEST(ConfigClusterTest, KeysThatProtocolOneDoesNotKnowAreNamedInOneWarning) {
  const auto reading =
      read(R"("protocol": 1, "failback": "never", "previous-secrets": ["t"], "stale": 3)");
  EXPECT_TRUE(reading.config);
  ASSERT_EQ(reading.problems.size(), 1U);
  EXPECT_EQ(reading.problems[0].path, "protocol");
  EXPECT_EQ(reading.problems[0].text,
            "in protocol 1 these keys mean nothing: previous-secrets, failback; take them out, or "
            "go on to protocol 2");
  EXPECT_TRUE(read(R"("protocol": 1, "stale": 3)").problems.empty());
  EXPECT_TRUE(read(R"("protocol": "1+2", "failback": "never")").problems.empty());
}

TEST(ConfigClusterTest, AVipIsPlumbedAsItSaysOrAsTheFileSays) {
  const auto plumb = [](const std::string& vip, const std::string& keys) {
    const auto config =
        read_config(R"({"chat": "224.1.1.1:5007", "secret": "s", "nodes": ["a"], "vips": [[)" +
                    vip + "]]" + keys + "}")
            .config.value();
    return plumb_of(config.shared->groups.front().vips.front(), config);
  };
  const std::string silent = R"({"interface": "eth0", "ip": "10.0.0.5/24"})";
  const std::string route = R"({"interface": "eth0", "ip": "10.0.0.5/24", "plumb": "route"})";
  const std::string address = R"({"interface": "eth0", "ip": "10.0.0.5/24", "plumb": "address"})";
  const std::string by_route = R"(, "plumb": "route")";
  EXPECT_EQ(plumb(silent, ""), Plumb::address);
  EXPECT_EQ(plumb(silent, by_route), Plumb::route);
  EXPECT_EQ(plumb(route, ""), Plumb::route);
  EXPECT_EQ(plumb(address, by_route), Plumb::address);
  EXPECT_EQ(plumb(R"({"interface": "eth0", "ip": "fd00::5/64"})", by_route), Plumb::address);
}

TEST(ConfigClusterTest, WhatCannotBePlumbedByRouteIsSaid) {
  const auto with = [](const std::string& vip, const std::string& keys) {
    return read_config(R"({"chat": "224.1.1.1:5007", "secret": "s", "nodes": ["a"], "vips": [[)" +
                       vip + "]], " + keys + "}");
  };
  const std::string v6 = R"({"interface": "eth0", "ip": "fd00::5/64"})";
  const auto fallen_back = with(v6, R"("plumb": "route")");
  ASSERT_EQ(fallen_back.problems.size(), 1U);
  EXPECT_EQ(fallen_back.problems.front().severity, Severity::warning);
  EXPECT_EQ(fallen_back.problems.front().path, "plumb");
  EXPECT_TRUE(fallen_back.config);
  const auto refused =
      with(R"({"interface": "eth0", "ip": "fd00::5/64", "plumb": "route"})", R"("version": 1)");
  ASSERT_EQ(refused.problems.size(), 1U);
  EXPECT_EQ(refused.problems.front().path, "vips[0][0].plumb");
  EXPECT_FALSE(refused.config);
}

TEST(ConfigClusterTest, TheLeaseOutlastsStaleUnlessItIsGiven) {
  EXPECT_EQ(read(R"("interval": 0.001, "stale": 0.01)").config->lease, 2s);
  EXPECT_EQ(read(R"("interval": 0.5, "stale": 5)").config->lease, 10s);
  EXPECT_EQ(read(R"("stale": 604800)").config->lease, 24h);  // the longest that can be given
  EXPECT_TRUE(read(R"("interval": 0.5, "stale": 5, "lease": 0)").problems.empty());
  EXPECT_TRUE(read(R"("interval": 0.5, "stale": 5, "lease": 7.5)").problems.empty());
  const auto reading = read(R"("interval": 0.5, "stale": 5, "lease": 7)");
  EXPECT_EQ(reading.config->lease, 7s);
  ASSERT_EQ(reading.problems.size(), 1U);
  EXPECT_EQ(reading.problems.front().path, "lease");
  EXPECT_EQ(reading.problems.front().severity, Severity::warning);
}

TEST(ConfigClusterTest, ALeaseForRoutesIsAWarning) {
  EXPECT_TRUE(read(R"("plumb": "route")").problems.empty());
  EXPECT_TRUE(read(R"("plumb": "route", "lease": 0)").problems.empty());
  const auto both = read(R"("plumb": "route", "lease": 5)");
  ASSERT_EQ(both.problems.size(), 1U);
  EXPECT_EQ(both.problems.front().path, "lease");
  EXPECT_TRUE(both.config);
}

TEST(ConfigClusterTest, FailbackTakesTimesAsTheOtherKeysDo) {
  EXPECT_EQ(read("\"failback\": \"30\"").config->failback, 30s);
  const auto refused = read("\"failback\": \"10s\"");
  ASSERT_FALSE(refused.config);
  EXPECT_TRUE(refused.problems[0].text.ends_with("a number without a unit: write 10"));
}

}  // namespace
}  // namespace vippy::core
