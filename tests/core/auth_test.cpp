#include "core/auth.h"

#include "tests/support/vectors.h"

namespace vippy::core {
namespace {

TEST(AuthTest, HashesEveryConfigurationAsTheReferenceDoes) {
  const auto vectors = test::golden("vippy1/hash.json");
  ASSERT_EQ(vectors.size(), 40U);
  for (const auto& vector : vectors) {
    const auto shared = test::shared_of(vector.at("config"));
    const AnnouncementHash hash(*shared, vector.at("config").at("secret").get<std::string>());
    const auto nonce = vector.at("nonce").get<std::string>();
    EXPECT_EQ(hash.text(nonce), vector.at("signed_text").get<std::string>());
    EXPECT_EQ(format_digest(hash.of(nonce)), vector.at("hash").get<std::string>());
  }
}

TEST(AuthTest, MatchesOnlyItsOwnNonceSecretAndContents) {
  const auto shared = test::shared_of(test::golden("vippy1/hash.json")[0].at("config"));
  const AnnouncementHash hash(*shared, "secret");
  const auto digest = hash.of("abc");
  EXPECT_TRUE(hash.matches(digest, "abc"));
  EXPECT_FALSE(hash.matches(digest, "abd"));
  EXPECT_FALSE(AnnouncementHash(*shared, "other").matches(digest, "abc"));
  auto changed = *shared;
  ++changed.version;
  EXPECT_FALSE(AnnouncementHash(changed, "secret").matches(digest, "abc"));
}

TEST(AuthTest, DigestsRoundTripAsText) {
  Digest digest{};
  const std::string text = "0f" + std::string(60, 'a') + "f0";
  ASSERT_TRUE(parse_digest(text, digest));
  EXPECT_EQ(format_digest(digest), text);
  EXPECT_FALSE(parse_digest(text + "0", digest));
  EXPECT_FALSE(parse_digest(std::string(64, 'g'), digest));
  EXPECT_FALSE(parse_digest("", digest));
}

}  // namespace
}  // namespace vippy::core
