#include "platform/notices.h"

#include <gtest/gtest.h>

namespace vippy::platform {
namespace {

std::vector<std::string> take_all(Notices& notices) {
  std::vector<std::string> out;
  for (NoticeText notice; notices.take(notice);) out.push_back(notice.text);
  return out;
}

TEST(NoticesTest, SaysRepeatedWarningsSeldomAndCountsTheRest) {
  Notices notices;
  const core::Instant start{std::chrono::hours(1)};
  for (int i = 0; i < 1000; ++i) notices.warn_limited("a", "a fails", start);
  notices.warn_limited("b", "b fails", start);
  EXPECT_EQ(take_all(notices), (std::vector<std::string>{"a fails", "b fails"}));
  notices.warn_limited("a", "a fails", start + kNoticePause);
  EXPECT_EQ(take_all(notices), (std::vector<std::string>{"a fails (and 999 times before)"}));
}

TEST(NoticesTest, IsBoundedAndSaysWhatDidNotFit) {
  Notices notices;
  for (std::size_t i = 0; i < kNoticesMax + 5; ++i) notices.say(false, std::to_string(i));
  const auto said = take_all(notices);
  ASSERT_EQ(said.size(), kNoticesMax + 1);
  EXPECT_EQ(said.back(), "5 more notices did not fit");
  const core::Instant start{};
  for (std::size_t i = 0; i < 10 * kNoticeKeysMax; ++i) {
    notices.warn_limited(std::to_string(i), "x", start);
    (void)take_all(notices);
  }
}

}  // namespace
}  // namespace vippy::platform
