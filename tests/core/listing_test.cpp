#include "core/listing.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

TEST(ListingTest, ThereIsACommaBetweenTwoAndNoneBeforeTheFirst) {
  std::string list;
  append_item(list, "one");
  EXPECT_EQ(list, "one");
  append_item(list, "two");
  append_item(list, "three");
  EXPECT_EQ(list, "one, two, three");
}

}  // namespace
}  // namespace vippy::core
