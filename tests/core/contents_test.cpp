#include "core/contents.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

struct Exchange {
  // Everything that both have to say now, passed on but for every `lost`th fragment.
  void pass(std::size_t lost = 0) {
    std::vector<MessageBody> asked;
    wanter.poll(now, asked);
    for (const auto& body : asked) haver.on_request(std::get<ContentRequest>(body), 1'000, now);
    std::vector<MessageBody> given;
    haver.poll(now, given);
    for (const auto& body : given) {
      ++sent;
      if (lost != 0 && sent % lost == 0) continue;
      if (auto text = wanter.on_fragment(std::get<Fragment>(body), now)) got = std::move(*text);
    }
  }
  Contents wanter;
  Contents haver;
  Instant now{100s};
  std::size_t sent = 0;
  std::string got;
};

std::string long_text() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i);
  return text;
}

TEST(ContentsTest, AWholeTravelsInPacedFragments) {
  Exchange exchange;
  const auto text = long_text();
  const auto digest = content_digest(text);
  exchange.haver.offer(Content::configuration, digest, 7, text);
  exchange.wanter.want(Content::configuration, digest, {}, exchange.now);
  exchange.pass();
  EXPECT_EQ(exchange.sent, Contents::kBurst);
  EXPECT_EQ(exchange.haver.next_deadline(), exchange.now + Contents::kPause);
  while (exchange.got.empty() && exchange.now < Instant(101s)) {
    exchange.now += 1ms;
    exchange.pass();
  }
  EXPECT_EQ(exchange.got, text);
  EXPECT_EQ(exchange.wanter.next_deadline(), Instant::max());
}

TEST(ContentsTest, AConfigurationTakesTheRoomOfTheOldestNeighbourTable) {
  Exchange exchange;
  for (ContentDigest digest = 1; digest <= Contents::kWantsMax; ++digest) {
    exchange.wanter.want(Content::neighbours, digest, {}, exchange.now);
  }
  exchange.wanter.want(Content::neighbours, 98, {}, exchange.now);
  exchange.wanter.want(Content::configuration, 99, {}, exchange.now);
  std::vector<MessageBody> asked;
  exchange.wanter.poll(exchange.now, asked);
  std::vector<ContentDigest> digests;
  for (const auto& body : asked) digests.push_back(std::get<ContentRequest>(body).digest);
  EXPECT_EQ(digests, (std::vector<ContentDigest>{2, 3, 4, 5, 6, 7, 8, 99}));
}

TEST(ContentsTest, WhatWasOfNoUseIsNotWantedUntilOursChanges) {
  Exchange exchange;
  exchange.wanter.refuse(7);
  exchange.wanter.want(Content::configuration, 7, {}, exchange.now);
  EXPECT_EQ(exchange.wanter.next_deadline(), Instant::max());
  EXPECT_FALSE(exchange.wanter.is_refused(0));
  for (ContentDigest digest = 8; digest < 7 + Contents::kRefusedMax; ++digest) {
    exchange.wanter.refuse(digest);
  }
  EXPECT_TRUE(exchange.wanter.is_refused(7));
  exchange.wanter.refuse(99);  // the oldest makes room
  EXPECT_FALSE(exchange.wanter.is_refused(7));
  exchange.wanter.offer(Content::neighbours, 5, 0, "x");
  EXPECT_TRUE(exchange.wanter.is_refused(99));
  exchange.wanter.offer(Content::configuration, 6, 2, "y");
  EXPECT_FALSE(exchange.wanter.is_refused(99));
}

TEST(ContentsTest, WhatWasLostIsAskedForAgain) {
  Exchange exchange;
  const auto text = long_text();
  exchange.haver.offer(Content::neighbours, content_digest(text), 0, text);
  std::uint32_t heard = 0;
  exchange.wanter.want(Content::neighbours, content_digest(text), {}, exchange.now);
  while (exchange.got.empty() && exchange.now < Instant(105s)) {
    exchange.now += 1ms;
    const Echo latest{1, ++heard};
    exchange.wanter.want(Content::neighbours, content_digest(text), latest, exchange.now);
    exchange.pass(7);
  }
  EXPECT_EQ(exchange.got, text);
}

TEST(ContentsTest, WhatIsNotSpokenOfAnyMoreIsForgotten) {
  Contents wanter;
  wanter.want(Content::configuration, 5, {}, Instant(100s));
  std::vector<MessageBody> out;
  wanter.poll(Instant(106s), out);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(wanter.next_deadline(), Instant::max());
}

TEST(ContentsTest, AWholeThatIsNotItsDigestIsDropped) {
  Contents wanter;
  wanter.want(Content::configuration, content_digest("right"), {}, Instant(100s));
  const std::string wrong = "wrong";
  const Fragment fragment{Content::configuration, content_digest("right"), 1, 5, 0,
                          {wrong.begin(), wrong.end()}};
  EXPECT_FALSE(wanter.on_fragment(fragment, Instant(100s)));
  const std::string right = "right";
  const Fragment good{Content::configuration, content_digest("right"), 1, 5, 0,
                      {right.begin(), right.end()}};
  EXPECT_EQ(wanter.on_fragment(good, Instant(100s)), "right");
}

TEST(ContentsTest, FragmentsThatDoNotFitAreDropped) {
  Contents wanter;
  wanter.want(Content::configuration, 5, {}, Instant(100s));
  const auto takes = [&](ContentDigest digest, std::uint32_t total, std::uint32_t offset,
                         std::size_t size) {
    const Fragment fragment{Content::configuration, digest, 1, total, offset,
                            std::vector<std::uint8_t>(size)};
    return wanter.on_fragment(fragment, Instant(100s)).has_value();
  };
  EXPECT_FALSE(takes(5, 10, 3, 1));        // an offset that no fragment has
  EXPECT_FALSE(takes(5, 10, 0, 1));        // too short
  EXPECT_FALSE(takes(6, 1, 0, 1));         // nobody wants it
  EXPECT_FALSE(takes(5, 1201, 0, 1200));   // the rest is missing
  EXPECT_FALSE(takes(5, 7, 0, 7));         // of another total
}

TEST(ContentsTest, RequestsThatAreRepeatedAreServedOnceInAWhile) {
  Contents haver;
  haver.offer(Content::configuration, 9, 1, "text");
  std::size_t sent = 0;
  Instant now{100s};
  for (int i = 0; i < 1000; ++i) {
    now += 100us;
    const Echo of{1, static_cast<std::uint32_t>(i + 1)};
    haver.on_request({Content::configuration, 9, of}, 2'000, now);
    std::vector<MessageBody> out;
    haver.poll(now, out);
    sent += out.size();
  }
  EXPECT_LE(sent, 11U);
  EXPECT_GE(sent, 9U);
}

TEST(ContentsTest, ARecordedRequestIsNotServed) {
  Contents haver;
  haver.offer(Content::configuration, 9, 1, "text");
  Instant now{100s};
  std::size_t sent = 0;
  for (int i = 0; i < 5; ++i) {
    now += 1s;
    haver.on_request({Content::configuration, 9, {1, 77}}, 2'000, now);
    std::vector<MessageBody> out;
    haver.poll(now, out);
    sent += out.size();
  }
  EXPECT_EQ(sent, 1U);
}

TEST(ContentsTest, ARequestIsServedHoweverManyMessagesAfterTheOneBefore) {
  Contents haver;
  haver.offer(Content::configuration, 9, 1, "text");
  Instant now{100s};
  std::size_t sent = 0;
  for (const std::uint64_t sequence : {1'000ULL, 1'000ULL + 0x8000'0000, 0x1'8000'0000ULL}) {
    now += 1s;
    const auto echoed = static_cast<std::uint32_t>(sequence - 5);
    haver.on_request({Content::configuration, 9, {1, echoed}}, sequence, now);
    std::vector<MessageBody> out;
    haver.poll(now, out);
    sent += out.size();
  }
  EXPECT_EQ(sent, 3U);
}

TEST(ContentsTest, NobodyIsGivenWhatIsNotOffered) {
  Contents haver;
  haver.offer(Content::configuration, 9, 1, "text");
  haver.on_request({Content::configuration, 8, {}}, 1, Instant(100s));
  haver.on_request({Content::neighbours, 9, {}}, 1, Instant(100s));
  EXPECT_EQ(haver.next_deadline(), Instant::max());
}

}  // namespace
}  // namespace vippy::core
