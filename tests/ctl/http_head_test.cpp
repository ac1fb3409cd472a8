#include "ctl/http_head.h"

#include <gtest/gtest.h>

namespace vippy::ctl {
namespace {

TEST(HttpHeadTest, ReadsLengthAndConnection) {
  const auto head =
      parse_head("PUT /x?y=1 HTTP/1.1\r\ncontent-length: 12 \r\nConnection:close\r\n\r\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->body_octets, 12U);
  EXPECT_EQ(head->request, (HttpRequest{"PUT", "/x?y=1", "", false}));
}

TEST(HttpHeadTest, TakesThePathOfTheAbsoluteForm) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://localhost/status", "/status"}, {"HTTP://h", "/"}, {"*", "*"}};
  for (const auto& [target, path] : cases) {
    const auto head = parse_head(std::string("GET ") + target + " HTTP/1.1\n\n");
    ASSERT_TRUE(head) << target;
    EXPECT_EQ(head->request.target, path);
  }
  EXPECT_EQ(parse_head("GET http:// HTTP/1.1\n\n").error(), HttpError::malformed);
  EXPECT_EQ(parse_head("GET ftp://x/ HTTP/1.1\n\n").error(), HttpError::malformed);
}

}  // namespace
}  // namespace vippy::ctl
