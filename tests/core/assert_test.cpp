#include "core/assert.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace vippy::core {
namespace {

TEST(AssertTest, WhatHoldsPasses) { VIPPY_ASSERT(1 + 1 == 2); }

TEST(AssertDeathTest, RunsTheLastWillOnceAndAborts) {
  const auto break_it = [] {
    install_last_will([](const char* text, const Place&) {
      std::fprintf(stderr, "will for %s\n", text);
      VIPPY_ASSERT(false);
    });
    VIPPY_ASSERT(1 == 2);
  };
  EXPECT_DEATH(break_it(),
               "assertion failed: 1 == 2.*\n?will for 1 == 2\n.*assertion failed: false");
}

}  // namespace
}  // namespace vippy::core
