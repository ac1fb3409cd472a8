#include "core/keys.h"

#include <gtest/gtest.h>

#include <string>

namespace vippy::core {
namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string hex(std::span<const std::uint8_t> octets) {
  std::string out;
  for (const auto octet : octets) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += kDigits[octet >> 4U];
    out += kDigits[octet & 0xfU];
  }
  return out;
}

// python3: hmac.new(hkdf(b"secret", b"vippy protocol 2", b"messages"), b"hello", "sha256")
TEST(KeysTest, SignsAsRfc5869AndRfc2104Say) {
  const std::array<std::string_view, 1> secrets = {"secret"};
  const Keyring keys(secrets);
  const std::string code = "93260026b489fd617222d7eb3ff6e94c";
  EXPECT_EQ(hex(keys.sign(bytes("hello"))), code);
  EXPECT_EQ(hex(keys.sign(bytes("hello"))), code);  // no state is left
}

TEST(KeysTest, VerifiesOnlyItsOwnWholeMessages) {
  const std::array<std::string_view, 1> secrets = {"secret"};
  const Keyring keys(secrets);
  const auto code = keys.sign(bytes("hello"));
  EXPECT_TRUE(keys.verify(keys.current(), bytes("hello"), code));
  EXPECT_FALSE(keys.verify(keys.current(), bytes("hellp"), code));
  EXPECT_FALSE(keys.verify(keys.current() + 1, bytes("hello"), code));
  EXPECT_FALSE(keys.verify(keys.current(), bytes("hello"), std::span(code).first(8)));
  EXPECT_FALSE(keys.verify(keys.current(), bytes("hello"), {}));
}

TEST(KeysTest, DifferentSecretsHaveDifferentKeysAndNames) {
  const std::array<std::string_view, 1> one = {"one"};
  const std::array<std::string_view, 1> two = {"two"};
  EXPECT_NE(Keyring(one).current(), Keyring(two).current());
  EXPECT_NE(Keyring(one).sign(bytes("x")), Keyring(two).sign(bytes("x")));
}

}  // namespace
}  // namespace vippy::core
