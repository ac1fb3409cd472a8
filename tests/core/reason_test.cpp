#include "core/reason.h"

#include <gtest/gtest.h>

#include <set>

namespace vippy::core {
namespace {

TEST(ReasonTest, EachReasonHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (auto i = 0; i <= static_cast<int>(MoveReason::owner_differs); ++i) {
    EXPECT_TRUE(names.insert(name(static_cast<MoveReason>(i))).second) << i;
  }
  for (auto i = 0; i <= static_cast<int>(InactiveReason::health); ++i) {
    EXPECT_TRUE(names.insert(name(static_cast<InactiveReason>(i))).second) << i;
  }
}

}  // namespace
}  // namespace vippy::core
