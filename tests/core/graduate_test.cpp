#include "core/graduate.h"

#include <gtest/gtest.h>

#include "core/auth.h"
#include "tests/support/vectors.h"

namespace vippy::core {
namespace {

using test::vip;

class GraduateTest : public testing::Test {
 protected:
  GraduateTest() {
    interfaces.on_link({2, "lan0", {}, true, true, true, false});
    interfaces.on_address({2, *parse_prefix("10.0.0.1/24"), true, false});
  }
  // The interface that a received address ends up on.
  std::string placed(const std::string& address, const std::vector<Vip>& known) {
    Shared before;
    for (const auto& each : known) before.groups.push_back({std::nullopt, {each}});
    Shared received;
    received.version = 9;
    received.groups.push_back({"a", {vip(address, "theirs")}});
    received.nodes = {"a", "b"};
    const auto out = localise(received, before, interfaces);
    EXPECT_TRUE(same_to_cluster(*out, received));
    return out->groups[0].vips[0].interface;
  }

  Interfaces interfaces;
};

TEST_F(GraduateTest, AKnownAddressKeepsItsInterfaceEvenAgainstTheSubnet) {
  EXPECT_EQ(placed("10.0.0.9/24", {vip("10.0.0.9/24", "dmz0"), vip("10.5.0.1/24", "x0")}), "dmz0");
}

TEST_F(GraduateTest, ContentsAreReadPlacedAndPreparedInOneGo) {
  auto known = std::make_shared<Shared>();
  known->groups.push_back({std::nullopt, {vip("10.5.0.1/24", "dmz0")}});
  const std::string text =
      R"({"version":9,"nodes":["a","b"],"vips":[[["a"],{"ip":"10.5.0.1/24"}],)"
      R"([[],{"ip":"10.0.0.9/24"}]]})";
  const auto digest = content_digest(text);
  const auto good = prepare(ContentTask{text, digest, "b", Protocol::v2, known, interfaces});
  ASSERT_TRUE(good.prepared);
  EXPECT_FALSE(good.unusable);
  EXPECT_EQ(good.digest, digest);
  EXPECT_EQ(good.from, "b");
  EXPECT_EQ(good.known, known);
  EXPECT_EQ(good.prepared->derived->digest, digest);
  EXPECT_EQ(good.prepared->shared->groups[0].vips[0].interface, "dmz0");
  EXPECT_EQ(good.prepared->shared->groups[1].vips[0].interface, "lan0");
  const std::string twice = R"({"version":9,"nodes":["a","a"],"vips":[]})";
  EXPECT_TRUE(prepare(ContentTask{twice, 7, "b", Protocol::v2, known, interfaces}).unusable);
  EXPECT_FALSE(prepare(ContentTask{"{", 8, "b", Protocol::v2, known, interfaces}).prepared);
}

TEST_F(GraduateTest, AnAddressIsKnownByItsValueNotByItsText) {
  EXPECT_EQ(placed("FD77::9/64", {vip("fd77::9/64", "dmz0"), vip("10.5.0.1/24", "x0")}), "dmz0");
}

TEST_F(GraduateTest, ANewAddressGoesWhereItsSubnetIs) {
  EXPECT_EQ(placed("10.0.0.9/32", {vip("10.5.0.1/24", "x0")}), "lan0");
}

TEST_F(GraduateTest, WithoutASubnetItGoesWhereItsNetworksOtherAddressesAre) {
  EXPECT_EQ(placed("10.7.0.9/24", {vip("10.7.0.1/24", "dmz0"), vip("10.5.0.1/24", "x0")}), "dmz0");
}

TEST_F(GraduateTest, AHostPrefixIsNobodysNetwork) {
  EXPECT_EQ(placed("10.7.0.9/32", {vip("10.7.0.1/32", "dmz0"), vip("10.5.0.1/24", "x0")}), "");
}

TEST_F(GraduateTest, FailingAllThatItGoesToTheOnlyInterfaceThatIsUsed) {
  EXPECT_EQ(placed("10.7.0.9/24", {vip("10.5.0.1/24", "x0"), vip("10.6.0.1/24", "x0")}), "x0");
}

TEST_F(GraduateTest, WhatCannotBePlacedHasNoInterfaceAndNeverTheSenders) {
  EXPECT_EQ(placed("10.7.0.9/24", {vip("10.5.0.1/24", "x0"), vip("10.6.0.1/24", "y0")}), "");
  EXPECT_EQ(placed("10.7.0.9/24", {}), "");
  EXPECT_EQ(placed("10.7.0.9/24", {vip("10.7.0.9/24", "")}), "");
}

TEST_F(GraduateTest, NodesOrAddressesNamedTwiceCannotBeLivedBy) {
  Shared shared;
  shared.nodes = {"a", "b"};
  shared.groups = {{std::nullopt, {vip("fd77::9/64")}}, {"a", {vip("10.0.0.9/24")}}};
  EXPECT_EQ(unusable(shared, Protocol::v1), std::nullopt);
  auto nodes = shared;
  nodes.nodes.push_back("a");
  EXPECT_EQ(unusable(nodes, Protocol::v1), "node a is named twice");
  auto addresses = shared;
  addresses.groups.push_back({std::nullopt, {vip("FD77::9/64")}});
  EXPECT_EQ(unusable(addresses, Protocol::v1), "address FD77::9 is named twice");
}

// The hash covers a text in which these names and others would look the same.
TEST_F(GraduateTest, NamesThatTheHashCannotTellFromOthersCannotBeLivedBy) {
  Shared shared;
  shared.version = 2;
  shared.nodes = {"a", "b"};
  shared.groups = {{"a", {vip("10.0.0.8/24")}}, {"b", {vip("10.0.0.9/24")}}};
  const AnnouncementHash genuine(shared, "secret");
  const auto is_refused = [&](const Shared& forged) {
    EXPECT_TRUE(genuine.matches(AnnouncementHash(forged, "secret").of("n"), "n"));
    return unusable(forged, Protocol::v1).has_value();
  };
  auto nodes = shared;
  nodes.nodes = {"a|b"};
  EXPECT_TRUE(is_refused(nodes));
  auto groups = shared;
  groups.groups = {{"a,10.0.0.8\nb", {vip("10.0.0.9/24")}}};
  EXPECT_TRUE(is_refused(groups));
  auto members = shared;
  members.groups = {{std::nullopt, {vip("10.0.0.8/24"), vip("10.0.0.9/24")}}};
  const AnnouncementHash pair(members, "secret");
  members.groups = {{"10.0.0.8", {vip("10.0.0.9/24")}}};
  EXPECT_TRUE(pair.matches(AnnouncementHash(members, "secret").of("n"), "n"));
  EXPECT_TRUE(unusable(members, Protocol::v1).has_value());
}

TEST_F(GraduateTest, WhatWouldNotFitIntoADatagramCannotBeLivedBy) {
  Shared shared;
  shared.nodes = {"a"};
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto address = format(Ipv4::from_number(0x0a000001U + i));
    shared.groups.push_back({std::nullopt, {vip(address + "/8")}});
  }
  EXPECT_EQ(unusable(shared, Protocol::v1), "its announcement does not fit into a datagram");
  shared.groups.resize(100);
  EXPECT_EQ(unusable(shared, Protocol::v1), std::nullopt);
}

TEST_F(GraduateTest, TheClusterSeesVersionNodesPreferencesAndTextsAndNothingElse) {
  Shared left;
  left.version = 1;
  left.nodes = {"a", "b"};
  left.groups = {{"a", {vip("10.0.0.9/24", "x")}}};
  auto right = left;
  right.groups[0].vips[0].interface = "y";
  right.groups[0].vips[0].prefix_length = 32;
  EXPECT_TRUE(same_to_cluster(left, right));
  const auto differs = [&](auto change) {
    auto other = left;
    change(other);
    return !same_to_cluster(left, other);
  };
  EXPECT_TRUE(differs([](Shared& it) { it.version = 2; }));
  EXPECT_TRUE(differs([](Shared& it) { it.nodes = {"b", "a"}; }));
  EXPECT_TRUE(differs([](Shared& it) { it.groups[0].preferred = "b"; }));
  EXPECT_TRUE(differs([](Shared& it) { it.groups[0].vips[0].text = "10.0.0.8"; }));
  EXPECT_TRUE(differs([](Shared& it) { it.groups[0].vips.push_back(vip("10.0.0.7/24")); }));
  EXPECT_TRUE(differs([](Shared& it) { it.groups.clear(); }));
}

}  // namespace
}  // namespace vippy::core
