#include "core/prepared.h"

#include <gtest/gtest.h>

#include "core/shared_json.h"
#include "tests/support/vectors.h"

namespace vippy::core {
namespace {

TEST(PreparedTest, IsWhatFollowsFromTheContentsAlone) {
  auto shared = std::make_shared<Shared>();
  shared->version = 3;
  shared->nodes = {"a", "b"};
  shared->groups.push_back({"b", {test::vip("10.0.0.9/24"), test::vip("10.0.0.2/24")}});
  shared->groups.push_back({std::nullopt, {test::vip("10.0.0.5/24")}});
  const auto prepared = prepare(shared);
  EXPECT_EQ(prepared.shared, shared);
  const auto& derived = *prepared.derived;
  EXPECT_EQ(derived.text, format_shared(*shared));
  EXPECT_EQ(derived.digest, content_digest(derived.text));
  EXPECT_EQ(derived.groups, 2U);
  EXPECT_EQ(derived.placement.ranking(0)[0], 1U);
  const std::vector<std::pair<IpAddress, std::uint16_t>> by_address = {
      {*parse_ip("10.0.0.2"), 0}, {*parse_ip("10.0.0.5"), 1}, {*parse_ip("10.0.0.9"), 0}};
  EXPECT_EQ(derived.group_of, by_address);
}

TEST(PreparedTest, WhereAVipLiesOnThisHostChangesNothing) {
  const auto lying_on = [](const std::string& interface) {
    auto shared = std::make_shared<Shared>();
    shared->nodes = {"a"};
    shared->groups.push_back({std::nullopt, {test::vip("10.0.0.5/24", interface)}});
    return prepare(shared).derived;
  };
  EXPECT_EQ(lying_on("eth0")->text, lying_on("eth1")->text);
  EXPECT_EQ(lying_on("eth0")->digest, lying_on("eth1")->digest);
}

}  // namespace
}  // namespace vippy::core
