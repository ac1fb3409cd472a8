#include "core/first_few.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const Instant kStart{1h};

TEST(FirstFewTest, TheFirstAreSaidAndTheRestIsCountedOnce) {
  FirstFew few;
  std::size_t said = 0;
  for (int i = 0; i < 1000; ++i) said += few.is_said(kStart + i * 100us) ? 1 : 0;
  EXPECT_EQ(said, FirstFew::kSaid);
  EXPECT_EQ(few.take_rest(kStart + 999ms), 0U);
  EXPECT_EQ(few.next_deadline(), kStart + 1s);
  EXPECT_EQ(few.take_rest(kStart + 1s), 1000U - FirstFew::kSaid);
  EXPECT_EQ(few.take_rest(kStart + 1s), 0U);
  EXPECT_EQ(few.next_deadline(), Instant::max());
}

TEST(FirstFewTest, ThoseThatComeLaterAreSaidAgain) {
  FirstFew few;
  for (std::size_t i = 0; i < FirstFew::kSaid; ++i) EXPECT_TRUE(few.is_said(kStart));
  EXPECT_FALSE(few.is_said(kStart));
  EXPECT_EQ(few.take_rest(kStart + 1s), 1U);
  EXPECT_TRUE(few.is_said(kStart + 1s));
}

}  // namespace
}  // namespace vippy::core
