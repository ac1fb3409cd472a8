#include "core/wire1.h"

#include "core/limits.h"
#include "tests/support/vectors.h"

namespace vippy::core {
namespace {

std::span<const std::uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(Wire1Test, ReadsAndWritesEveryRecordedAnnouncementOctetForOctet) {
  const auto recording = test::golden("vippy1/announcements.json");
  const auto secret = recording.at("secret").get<std::string>();
  ASSERT_FALSE(recording.at("datagrams").empty());
  for (const auto& datagram : recording.at("datagrams")) {
    const auto payload = datagram.at("payload").get<std::string>();
    const auto announcement = decode_announcement(bytes(payload));
    ASSERT_TRUE(announcement) << payload;
    EXPECT_EQ(announcement->me, datagram.at("me").get<std::string>());
    EXPECT_TRUE(AnnouncementHash(*announcement->shared, secret)
                    .matches(announcement->hash, announcement->nonce));
    std::string again(1000, '\xa5');
    encode(*announcement, again);
    EXPECT_EQ(again, payload);
  }
}

TEST(Wire1Test, WritesNeighboursAsTheReferenceDoes) {
  auto recording = test::golden("vippy1/announcements.json");
  const auto payload = recording.at("datagrams")[0].at("payload").get<std::string>();
  auto announcement = *decode_announcement(bytes(payload));
  announcement.neighbours.push_back({*parse_ip("10.0.0.7"), *parse_mac("02:00:00:00:00:07")});
  std::string text;
  encode(announcement, text);
  EXPECT_NE(text.find(R"("arpcache":{"10.0.0.7":"02:00:00:00:00:07"}})"), std::string::npos);
  EXPECT_EQ(decode_announcement(bytes(text))->neighbours, announcement.neighbours);
}

TEST(Wire1Test, LeavesTheNeighboursOutWhenTheyDoNotFit) {
  auto recording = test::golden("vippy1/announcements.json");
  const auto payload = recording.at("datagrams")[0].at("payload").get<std::string>();
  auto announcement = *decode_announcement(bytes(payload));
  for (std::uint32_t i = 0; i < 3000; ++i) {
    announcement.neighbours.push_back({Ipv4::from_number(0x0a000000 + i), Mac{{2, 0, 0, 0, 0, 1}}});
  }
  std::string text;
  encode(announcement, text);
  EXPECT_LE(text.size(), kDatagramOctetsMax);
  EXPECT_EQ(text, payload);
}

TEST(Wire1Test, RefusesWhatIsNoAnnouncementWithANamedReason) {
  const std::pair<std::string, WireError> cases[] = {
      {"", WireError::not_json},
      {"{", WireError::not_json},
      {"[]", WireError::not_json},
      {"null", WireError::not_json},
      {"{}", WireError::missing_field},
      {R"({"me":1,"active":true,"version":1,"vips":[],"nodes":[],"hash":"","nonce":""})",
       WireError::missing_field},
      {R"({"me":"a","active":true,"version":-1,"vips":[],"nodes":[],"hash":"","nonce":""})",
       WireError::missing_field},
      {R"({"me":"a","active":true,"version":1,"vips":[],"nodes":[],"hash":"xyz","nonce":""})",
       WireError::bad_hash_text},
  };
  for (const auto& [text, error] : cases) {
    const auto result = decode_announcement(bytes(text));
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(name(result.error()), name(error)) << text;
  }
  EXPECT_EQ(decode_announcement(bytes(std::string(kDatagramOctetsMax + 1, ' '))).error(),
            WireError::too_large);
}

TEST(Wire1Test, RefusesGroupsThatCannotBeVips) {
  const std::string head =
      R"({"me":"a","active":true,"version":1,"nodes":["a"],"nonce":"n","hash":")" +
      std::string(64, '0') + R"(","vips":)";
  for (const auto* vips :
       {R"([[]])", R"(["x"])", R"([["a"]])", R"([[{"ip":"10.0.0.1"}]])",
        R"([[{"ip":"10.0.0.1","netmask":"255.0.255.0","name":"e"}]])",
        R"([[{"ip":"10.0.0.999","netmask":"255.0.0.0","name":"e"}]])",
        R"([[{"ip":"fd00::1","prefixlen":"129","name":"e"}]])",
        R"([[{"ip":"fd00::1","prefixlen":64,"name":"e"}]])",
        R"([["a","b",{"ip":"fd00::1","prefixlen":"64","name":"e"}]])",
        R"([[{"ip":"fd00::1","prefixlen":"64","name":"e"},"a"]])"}) {
    const auto result = decode_announcement(bytes(head + vips + "}"));
    ASSERT_FALSE(result) << vips;
    EXPECT_EQ(result.error(), WireError::bad_vip) << vips;
  }
}

}  // namespace
}  // namespace vippy::core
