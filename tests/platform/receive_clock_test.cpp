#include "platform/linux/receive_clock.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <array>

namespace vippy::platform {
namespace {

using namespace std::chrono_literals;

// 1,000 s after the start of the machine, CLOCK_REALTIME is an hour ahead.
const ReceiveClock kClock{core::Instant(999s), core::Instant(1'000s), 1h};

TEST(ReceiveClockTest, StampsBecomeMonotonic) {
  EXPECT_EQ(receive_time(core::Duration(1h + 999'500ms), kClock), core::Instant(999'500ms));
}

TEST(ReceiveClockTest, WithoutAStampItIsNow) {
  EXPECT_EQ(receive_time(std::nullopt, kClock), kClock.now);
}

TEST(ReceiveClockTest, AClockThatWasSetNeitherMakesThePastLongerNorTheFutureBegin) {
  EXPECT_EQ(receive_time(core::Duration(999'500ms), kClock), kClock.earliest);
  EXPECT_EQ(receive_time(core::Duration(2h + 999'500ms), kClock), kClock.now);
}

TEST(ReceiveClockTest, ReadsOnlyWholeStamps) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> octets{};
  auto* message = reinterpret_cast<cmsghdr*>(octets.data());
  const timespec stamp{7, 8};
  const auto read = [&](std::size_t length, int level, int type) {
    message->cmsg_len = length;
    message->cmsg_level = level;
    message->cmsg_type = type;
    std::memcpy(CMSG_DATA(message), &stamp, sizeof(stamp));
    return read_stamp(message);
  };
  const auto whole = CMSG_LEN(sizeof(timespec));
  EXPECT_EQ(read(whole, SOL_SOCKET, SCM_TIMESTAMPNS), core::Duration(7s + 8ns));
  EXPECT_EQ(read(whole - 1, SOL_SOCKET, SCM_TIMESTAMPNS), std::nullopt);
  EXPECT_EQ(read(whole, IPPROTO_IP, SCM_TIMESTAMPNS), std::nullopt);
  EXPECT_EQ(read(whole, SOL_SOCKET, SCM_TIMESTAMP), std::nullopt);
}

TEST(ReceiveClockTest, BothClocksAreReadAtOneMoment) {
  const auto first = read_clocks();
  const auto second = read_clocks();
  EXPECT_LE(first.now, second.now);
  EXPECT_GE(first.doubt, core::Duration{});
  const auto moved = second.realtime_lead - first.realtime_lead;
  EXPECT_LE(moved < core::Duration{} ? -moved : moved, first.doubt + second.doubt + 1ms);
}

}  // namespace
}  // namespace vippy::platform
