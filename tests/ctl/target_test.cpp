#include "ctl/target.h"

#include <gtest/gtest.h>

namespace vippy::ctl {
namespace {

TEST(TargetTest, EncodesWhatATargetMayNotHold) {
  const std::pair<std::string, const char*> cases[] = {
      {"status", "/status"},
      {"why/10.0.0.1?since=5&x=y", "/why/10.0.0.1?since=5&x=y"},
      {"a b\r\nX: y", "/a%20b%0D%0AX:%20y"},
      {"100%#\"<>[]\\^`{|}", "/100%25%23%22%3C%3E%5B%5D%5C%5E%60%7B%7C%7D"},
      {"\xc3\xbc\x7f", "/%C3%BC%7F"},
      {std::string("\0", 1), "/%00"},
      {"../x", "/../x"},
      {"", "/"},
  };
  for (const auto& [command, target] : cases) EXPECT_EQ(target_of(command), target);
}

}  // namespace
}  // namespace vippy::ctl
