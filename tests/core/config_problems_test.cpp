#include "core/config_problems.h"

#include <gtest/gtest.h>

#include <array>

namespace vippy::core {
namespace {

TEST(ConfigProblemsTest, ComeInTheOrderOfTheText) {
  const std::string text = "{\"a\": 1,\n \"b\": [2, 3]}";
  const auto root = *read_tree(text);
  ProblemLog log(text, root);
  const auto& list = root.find("b")->children;
  log.refuse(list[1], "less");
  EXPECT_TRUE(log.has_errors());
  log.warning(*root.find("a"), "odd");
  log.missing(root, "c", "a value");
  const auto problems = log.take();
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(format(problems[0]), "1:1: error: c: this key is missing, wants a value");
  EXPECT_EQ(format(problems[1]), "1:7: warning: a: odd");
  EXPECT_EQ(format(problems[2]), "2:11: error: b[1]: found 3, wants less");
  EXPECT_EQ(log.where(list[0]), "b[0] (line 2, column 8)");
}

TEST(ConfigProblemsTest, FoundIsShort) {
  const auto root =
      *read_tree("{\"a\": \"" + std::string(59, 'x') + "\xc3\xa4yyy\", \"b\": [], \"c\": {}}");
  EXPECT_EQ(found(*root.find("a")), "\"" + std::string(59, 'x') + "...\"");
  EXPECT_EQ(found(*root.find("b")), "an empty list");
  EXPECT_EQ(found(*root.find("c")), "an object");
}

TEST(ConfigProblemsTest, UnknownKeysAreErrorsOnlyWhenMisspelt) {
  static constexpr std::array<std::string_view, 2> kKnown = {"stale", "interval"};
  const std::string text = R"({"stael": 1, "plugin-key": 2, "interval": 3})";
  const auto root = *read_tree(text);
  ProblemLog log(text, root);
  check_keys(root, kKnown, log);
  const auto problems = log.take();
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].severity, Severity::error);
  EXPECT_NE(problems[0].text.find("did you mean \"stale\"?"), std::string::npos);
  EXPECT_EQ(problems[1].severity, Severity::warning);
}

TEST(ConfigProblemsTest, DuplicateKeysNameBothPlacesAtAnyDepth) {
  const std::string text = "{\"a\": [{\"b\": 1,\n\"b\": 2}], \"c\": {\"b\": 3}}";
  const auto root = *read_tree(text);
  ProblemLog log(text, root);
  check_duplicate_keys(root, log);
  const auto problems = log.take();
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(format(problems[0]),
            "2:1: error: a[0].b: this key stands twice, first at a[0].b (line 1, column 14); keep "
            "one of them");
}

}  // namespace
}  // namespace vippy::core
