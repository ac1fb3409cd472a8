#include "core/shared_json.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "tests/support/vectors.h"

namespace vippy::core {
namespace {

Shared sample() {
  Shared out{7, {}, {"a", "b\"", "c"}};
  auto& group = out.groups.emplace_back();
  group.preferred = "b\"";
  group.next_preferred = {"a"};
  group.vips = {test::vip("10.0.0.5/24", ""), test::vip("fd00::5/64", "")};
  group.vips[0].state_json = R"({"x":[1,2]})";
  out.groups.emplace_back().vips = {test::vip("10.0.0.6/32", "")};
  return out;
}

TEST(SharedJsonTest, WritesOneCanonicalText) {
  EXPECT_EQ(format_shared(sample()),
            R"({"version":7,"nodes":["a","b\"","c"],"vips":[[["b\"","a"],)"
            R"({"ip":"10.0.0.5/24","state":{"x":[1,2]}},{"ip":"fd00::5/64"}],)"
            R"([[],{"ip":"10.0.0.6/32"}]]})");
}

TEST(SharedJsonTest, ReadsBackWhatItWrites) {
  EXPECT_EQ(parse_shared(format_shared(sample())), sample());
  EXPECT_EQ(parse_shared(format_shared(Shared{})), Shared{});
}

TEST(SharedJsonTest, InterfacesDoNotTravel) {
  auto shared = sample();
  shared.groups[0].vips[0].interface = "eth7";
  EXPECT_EQ(format_shared(shared), format_shared(sample()));
}

TEST(SharedJsonTest, RefusesWhatIsNotOfThisForm) {
  const std::string good = format_shared(sample());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parse_shared(good.substr(0, size))) << size;
  }
  for (const auto* text :
       {"{}", "[]", R"({"version":-1,"nodes":[],"vips":[]})",
        R"({"version":9007199254740992,"nodes":[],"vips":[]})",
        R"({"version":1,"nodes":[1],"vips":[]})", R"({"version":1,"nodes":[""],"vips":[]})",
        R"({"version":1,"nodes":[],"vips":[[]]})", R"({"version":1,"nodes":[],"vips":[[[]]]})",
        R"({"version":1,"nodes":[],"vips":[[[],{"ip":"10.0.0.1/33"}]]})",
        R"({"version":1,"nodes":[],"vips":[[[],{"ip":"224.0.0.1/32"}]]})",
        R"({"version":1,"nodes":[],"vips":[[{"ip":"10.0.0.1/32"}]]})"}) {
    EXPECT_FALSE(parse_shared(text)) << text;
  }
  std::string many = R"({"version":1,"nodes":[)";
  for (std::size_t i = 0; i <= kNodesMax; ++i) {
    many += (i > 0 ? "," : "") + ("\"n" + std::to_string(i)) + "\"";
  }
  EXPECT_FALSE(parse_shared(many + R"(],"vips":[]})"));
}

}  // namespace
}  // namespace vippy::core
