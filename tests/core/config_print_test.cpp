#include <gtest/gtest.h>

#include "core/config.h"

namespace vippy::core {
namespace {

Config sample() {
  Config config;
  config.chat_address = *parse_ip("224.1.1.1");
  config.chat_port = 5007;
  config.secret = "hush \"hush\"";
  config.lease = 2 * config.stale;
  config.shared = std::make_shared<Shared>(
      Shared{7, {{"n1", {{"eth0", "10.0.0.5", *parse_ip("10.0.0.5"), 24, "{\"a\":1}"}}}}, {"n1"}});
  return config;
}

TEST(ConfigPrintTest, MasksTheSecret) {
  const auto text = print_config(sample(), SecretPrint::masked);
  EXPECT_EQ(text.find("hush"), std::string::npos);
  EXPECT_NE(text.find("\"secret\": \"********\""), std::string::npos);
}

TEST(ConfigPrintTest, AMaskedPrintReadsBackEqualButForTheSecret) {
  const auto reading = read_config(print_config(sample(), SecretPrint::masked));
  ASSERT_TRUE(reading.config);
  ASSERT_EQ(reading.problems.size(), 1U);
  EXPECT_EQ(reading.problems[0].path, "secret");
  auto config = *reading.config;
  EXPECT_EQ(config.secret, kSecretMask);
  config.secret = sample().secret;
  EXPECT_EQ(config, sample());
}

TEST(ConfigPrintTest, AShownPrintReadsBackEqualWithoutRemarks) {
  const auto reading = read_config(print_config(sample(), SecretPrint::shown));
  ASSERT_TRUE(reading.config);
  EXPECT_TRUE(reading.problems.empty()) << format(reading.problems.front());
  EXPECT_EQ(*reading.config, sample());
}

}  // namespace
}  // namespace vippy::core
