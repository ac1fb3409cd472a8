#include "ctl/command.h"

#include <gtest/gtest.h>

namespace vippy::ctl {
namespace {

TEST(CommandTest, KnowsStatus) {
  EXPECT_EQ(parse_command({"GET", "/status", "", true}), Command(GetStatus{}));
}

TEST(CommandTest, RefusesAnotherMethod) {
  for (const auto* method : {"POST", "HEAD", "get", "DELETE"}) {
    EXPECT_EQ(parse_command({method, "/status", "", true}).error(), CommandError::wrong_method);
  }
}

TEST(CommandTest, DoesNotKnowTheRest) {
  for (const auto* target : {"/", "/status/", "/Status", "/status?x", "/%73tatus", "*", "/drain"}) {
    EXPECT_EQ(parse_command({"GET", target, "", true}).error(), CommandError::unknown) << target;
  }
}

}  // namespace
}  // namespace vippy::ctl
