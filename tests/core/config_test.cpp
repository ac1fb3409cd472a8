#include "core/config.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

TEST(ConfigTest, ProblemsReadAsCompilersPrintThem) {
  EXPECT_EQ(format(ConfigProblem{Severity::error, 12, 5, "vips[2][1].ip", "found 7"}),
            "12:5: error: vips[2][1].ip: found 7");
  EXPECT_EQ(format(ConfigProblem{Severity::warning, 0, 0, "", "the file is odd"}),
            "warning: the file is odd");
}

TEST(ConfigTest, SortsMembersByTextAndNotByValue) {
  Group group;
  for (const auto* text : {"fd77::9", "10.0.0.9", "FD77::8", "10.0.0.10", "9.0.0.1"}) {
    group.vips.push_back({"eth0", text, *parse_ip(text), 24, {}});
  }
  sort_members(group);
  std::vector<std::string> texts;
  for (const auto& vip : group.vips) texts.push_back(vip.text);
  EXPECT_EQ(texts,
            (std::vector<std::string>{"10.0.0.10", "10.0.0.9", "9.0.0.1", "FD77::8", "fd77::9"}));
}

TEST(ConfigTest, EqualityLooksIntoTheSharedPart) {
  Config left;
  Config right;
  EXPECT_EQ(left, right);
  right.shared = std::make_shared<Shared>(Shared{1, {}, {"a"}});
  EXPECT_FALSE(left == right);
  left.shared = std::make_shared<Shared>(*right.shared);
  EXPECT_EQ(left, right);
  left.notify_rate = 1;
  EXPECT_FALSE(left == right);
}

}  // namespace
}  // namespace vippy::core
