#include "core/wire2.h"

#include <gtest/gtest.h>

#include <array>

#include "core/limits.h"
#include "core/rng.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const Keyring& keys() {
  static const std::array<std::string_view, 1> kSecrets = {"one secret"};
  static const Keyring kKeys(kSecrets);
  return kKeys;
}

std::vector<std::uint8_t> bytes_of(const Message& message, const Keyring& ring = keys()) {
  std::vector<std::uint8_t> out(kDatagramOctetsMax, 0xa5);
  out.resize(encode(message, ring, out));
  return out;
}

Message beat(std::size_t nodes, std::size_t groups, Rng& rng) {
  Beat body;
  body.is_active = rng.chance(1, 2);
  body.is_leaving = rng.chance(1, 2);
  body.is_settled = rng.chance(1, 2);
  body.is_will = rng.chance(1, 2);
  body.version = rng.next();
  body.digest = rng.next();
  body.neighbours = rng.next();
  body.interval = std::chrono::microseconds(rng.below(1U << 31U));
  body.stale = std::chrono::microseconds(rng.below(1U << 31U));
  for (std::size_t i = 0; i < nodes; ++i) {
    body.echoes.push_back({static_cast<std::uint32_t>(rng.next()), 7});
  }
  for (std::size_t i = 0; i < nodes % 17; ++i) {
    body.candidates.push_back({static_cast<std::uint32_t>(rng.next()), 9});
  }
  body.view = BitSet(nodes);
  for (std::size_t i = 0; i < nodes; ++i) body.view.set(i, rng.chance(1, 2));
  body.claims = BitSet(groups);
  for (std::size_t i = 0; i < groups; ++i) body.claims.set(i, rng.chance(1, 2));
  if (rng.chance(1, 2)) body.refusals = body.claims;
  if (rng.chance(1, 2)) body.parts = body.claims;
  return {{rng.next(), rng.next(), rng.next()}, body};
}

TEST(Wire2Test, RoundTripsAnnouncementsOfAllSizes) {
  Rng rng(2);
  for (std::size_t nodes = 0; nodes <= 64; nodes += 7) {
    for (std::size_t groups = 0; groups <= 4096; groups = groups * 2 + 1) {
      auto message = beat(nodes, groups, rng);
      auto& body = std::get<Beat>(message.body);
      if (groups == 0) body.refusals = body.parts = {};
      const auto again = decode_wire2(bytes_of(message), keys());
      ASSERT_TRUE(again) << name(again.error());
      EXPECT_EQ(*again, message);
    }
  }
}

TEST(Wire2Test, TimesThatDoNotFitAreTheLongestThatDo) {
  Rng rng(4);
  auto message = beat(2, 2, rng);
  auto& body = std::get<Beat>(message.body);
  body.interval = std::chrono::hours(1);
  body.stale = std::chrono::hours(168);
  const auto again = decode_wire2(bytes_of(message), keys());
  ASSERT_TRUE(again);
  EXPECT_EQ(std::get<Beat>(again->body).interval, std::chrono::hours(1));
  EXPECT_EQ(std::get<Beat>(again->body).stale, std::chrono::microseconds(UINT32_MAX));
}

TEST(Wire2Test, RoundTripsFragmentsAndRequests) {
  const Message fragment{{1, 2, 3}, Fragment{Content::neighbours, 4, 5, 600, 100, {7, 8, 9}}};
  EXPECT_EQ(*decode_wire2(bytes_of(fragment), keys()), fragment);
  const Message request{{1, 2, 3}, ContentRequest{Content::configuration, 77, {5, 6}}};
  EXPECT_EQ(*decode_wire2(bytes_of(request), keys()), request);
  const Message order{{1, 2, 3}, Order{OrderKind::undrain, 99}};
  EXPECT_EQ(*decode_wire2(bytes_of(order), keys()), order);
}

TEST(Wire2Test, AnAnnouncementOf64NodesAnd4096GroupsFitsIntoOneFrame) {
  Rng rng(3);
  auto message = beat(64, 4096, rng);
  std::get<Beat>(message.body).refusals = std::get<Beat>(message.body).parts = {};
  EXPECT_LE(bytes_of(message).size(), 1472U);  // 1500 - 20 (IPv4) - 8 (UDP)
}

TEST(Wire2Test, WritesTheOctetsOfItsTable) {
  Beat body;
  body.is_active = true;
  body.version = 0x0102030405060708;
  body.interval = 1ms;
  body.stale = 3ms;
  body.echoes = {{0xaabbccdd, 0x11223344}};
  body.view = BitSet(1);
  body.view.set(0);
  body.claims = BitSet(9);
  body.claims.set(0);
  body.claims.set(8);
  const auto bytes = bytes_of({{0x1a, 0x2b, 0x3c}, body});
  ASSERT_EQ(bytes.size(), 40U + 40 + 8 + 1 + 2 + kMacOctets);
  const std::vector<std::uint8_t> head(bytes.begin(), bytes.begin() + 8);
  EXPECT_EQ(head, (std::vector<std::uint8_t>{'V', 'P', 'Y', 2, 1, 1, 0, 107}));
  EXPECT_EQ(bytes[23], 0x1a);
  EXPECT_EQ(bytes[31], 0x2b);
  EXPECT_EQ(bytes[39], 0x3c);
  EXPECT_EQ(bytes[40], 0x01);
  EXPECT_EQ(bytes[47], 0x08);
  EXPECT_EQ((std::vector<std::uint8_t>{bytes.begin() + 64, bytes.begin() + 76}),
            (std::vector<std::uint8_t>{0, 0, 0x03, 0xe8, 0, 0, 0x0b, 0xb8, 0, 1, 0, 9}));
  EXPECT_EQ(bytes[80], 0xaa);
  EXPECT_EQ(bytes[88], 0x80);
  EXPECT_EQ(bytes[89], 0x80);
  EXPECT_EQ(bytes[90], 0x80);
}

TEST(Wire2Test, RefusesEveryChangeOfEveryBit) {
  Rng rng(4);
  const auto good = bytes_of(beat(3, 10, rng));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto changed = good;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(decode_wire2(changed, keys())) << "bit " << bit;
  }
}

TEST(Wire2Test, RefusesEveryTruncationAndAddition) {
  Rng rng(5);
  const auto good = bytes_of(beat(3, 10, rng));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_wire2(std::span(good).first(size), keys())) << size;
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_EQ(decode_wire2(longer, keys()).error(), Wire2Error::bad_length);
}

TEST(Wire2Test, AcceptsPreviousSecretsAndNoOthers) {
  const std::array<std::string_view, 1> old_secret = {"old"};
  const std::array<std::string_view, 2> rotating = {"new", "old"};
  const std::array<std::string_view, 1> new_secret = {"new"};
  const Keyring old_ring(old_secret);
  const Keyring both(rotating);
  const Keyring new_ring(new_secret);
  const Message message{{1, 2, 3}, ContentRequest{}};
  EXPECT_TRUE(decode_wire2(bytes_of(message, old_ring), both));
  EXPECT_TRUE(decode_wire2(bytes_of(message, both), new_ring));
  EXPECT_EQ(decode_wire2(bytes_of(message, both), old_ring).error(), Wire2Error::forged);
  EXPECT_EQ(decode_wire2(bytes_of(message, old_ring), new_ring).error(), Wire2Error::forged);
}

TEST(Wire2Test, TellsItselfFromProtocol1) {
  const std::string json = "{\"me\":1}";
  EXPECT_FALSE(is_wire2({reinterpret_cast<const std::uint8_t*>(json.data()), json.size()}));
  EXPECT_FALSE(is_wire2({}));
  EXPECT_TRUE(is_wire2(bytes_of({{1, 2, 3}, ContentRequest{}})));
}

TEST(Wire2Test, NodesAndContentsHaveStableDigests) {
  // printf 'vippy node\nn1' | sha256sum
  EXPECT_EQ(node_id("n1"), 0x8b13f10716a58cb7U);
  EXPECT_NE(node_id("n1"), node_id("n2"));
  EXPECT_NE(content_digest(""), 0U);
}

}  // namespace
}  // namespace vippy::core
