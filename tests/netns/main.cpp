// The tests of real clusters: all of them run in a private world.
#include <gtest/gtest.h>

#include "tests/support/world.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  try {
    if (!testing::GTEST_FLAG(list_tests)) vippy::lab::enter_world();
  } catch (const vippy::lab::Refused& refused) {
    std::fprintf(stderr, "netns_test: %s\n", refused.what());
    return 1;
  }
  return RUN_ALL_TESTS();
}
