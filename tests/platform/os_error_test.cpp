#include "platform/os_error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace vippy::platform {
namespace {

using core::FailureKind;

TEST(OsErrorTest, ClassifiesWhatTheCoreDecidesBy) {
  const std::pair<int, FailureKind> cases[] = {
      {0, FailureKind::none},
      {EEXIST, FailureKind::already_there},
      {EADDRNOTAVAIL, FailureKind::not_there},
      {ENODEV, FailureKind::no_interface},
      {ENXIO, FailureKind::no_interface},
      {EPERM, FailureKind::not_permitted},
      {EACCES, FailureKind::not_permitted},
      {EADDRINUSE, FailureKind::in_use},
      {ENOMEM, FailureKind::no_resources},
      {ENOBUFS, FailureKind::no_resources},
      {EAGAIN, FailureKind::no_resources},
      {EINVAL, FailureKind::other},
      {4000, FailureKind::other},
  };
  for (const auto& [os_error, kind] : cases) EXPECT_EQ(classify(os_error), kind) << os_error;
}

TEST(OsErrorTest, NamesTheErrorAndTheRemedy) {
  EXPECT_EQ(explain(EPERM).rfind("EPERM: not permitted; ", 0), 0U);
  EXPECT_NE(explain(EPERM).find("CAP_NET_ADMIN"), std::string::npos);
  EXPECT_EQ(explain(EEXIST), "EEXIST: exists already");
  EXPECT_EQ(explain(0), "done");
  EXPECT_EQ(explain(4000), "errno 4000");
  EXPECT_EQ(explain(-1), "errno -1");
}

}  // namespace
}  // namespace vippy::platform
