#include "ctl/status_json.h"

#include <gtest/gtest.h>

namespace vippy::ctl {
namespace {

TEST(StatusJsonTest, ReadsWhatIsThereAndNamesWhatIsNot) {
  const auto status = parse_status(R"({"a":{"b":"x\u001b"},"n":7,"t":true})");
  EXPECT_EQ(text_of(member(member(status, "a"), "b")), "x?");
  EXPECT_EQ(text_of(member(status, "n")), "?");
  EXPECT_EQ(text_of(member(status, "none"), "else"), "else");
  EXPECT_EQ(count_of(member(status, "n")), "7");
  EXPECT_TRUE(is_true(member(status, "t")));
  EXPECT_TRUE(member(member(status, "n"), "x").is_null());
}

TEST(StatusJsonTest, ReadsNothingOfWhatIsNoJsonOrTooDeep) {
  EXPECT_FALSE(parse_status("{").is_object());
  EXPECT_FALSE(parse_status("{\"x\":" + std::string(200'000, '[')).is_object());
}

TEST(StatusJsonTest, WritesTimesForPeople) {
  const std::pair<double, const char*> cases[] = {{0.0072, "7.2 ms"}, {0.003, "3 ms"},
                                                  {0.9999, "999.9 ms"}, {1, "1 s"},
                                                  {2.55, "2.5 s"}, {-1, "0 ms"}, {3600, "3600 s"}};
  for (const auto& [seconds, text] : cases) EXPECT_EQ(time_of(Json(seconds)), text);
  EXPECT_EQ(time_of(Json("x")), "?");
  EXPECT_EQ(age_of(Json(21.5)), "21.5 s");
  EXPECT_EQ(age_of(Json(3725)), "1:02:05");
}

}  // namespace
}  // namespace vippy::ctl
