#include "core/spelling.h"

#include <gtest/gtest.h>

#include <array>

namespace vippy::core {
namespace {

TEST(SpellingTest, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("stale", "stael"), 1U);
  EXPECT_EQ(edit_distance("interval", "intervall"), 1U);
  EXPECT_EQ(edit_distance("Chat_Interface", "chat-interface"), 0U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(SpellingTest, FindsTheNearestWordThatIsNearEnough) {
  static constexpr std::array<std::string_view, 4> kKnown = {"ip", "stale", "interval",
                                                             "interface"};
  EXPECT_EQ(nearest("Stale", kKnown), "stale");
  EXPECT_EQ(nearest("intreval", kKnown), "interval");
  EXPECT_EQ(nearest("IP", kKnown), "ip");
  EXPECT_EQ(nearest("id", kKnown), "");
  EXPECT_EQ(nearest("mature", kKnown), "");
  EXPECT_EQ(nearest(std::string(1'000, 'a'), kKnown), "");
}

}  // namespace
}  // namespace vippy::core
