#include "core/reminders.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const Instant kStart{1h};

IpAddress host(std::uint32_t number) { return Ipv4::from_number(0x0a000000U + number); }

TEST(RemindersTest, EachHostIsSaidOnceAMinute) {
  Reminders reminders;
  EXPECT_TRUE(reminders.is_due(host(1), kStart));
  EXPECT_TRUE(reminders.is_due(host(2), kStart + 1s));
  EXPECT_FALSE(reminders.is_due(host(1), kStart + 2s));
  EXPECT_FALSE(reminders.is_due(host(2), kStart + 60s));
  EXPECT_TRUE(reminders.is_due(host(1), kStart + 60s));
  EXPECT_TRUE(reminders.is_due(host(2), kStart + 61s));
}

TEST(RemindersTest, EachHostHasItsOwnBeginningAndItsOwnLastTime) {
  Reminders reminders;
  reminders.is_due(host(1), kStart);
  reminders.is_due(host(2), kStart + 1s);
  reminders.is_due(host(2), kStart + 5s);
  ASSERT_EQ(reminders.all().size(), 2U);
  EXPECT_EQ(reminders.all()[0].last, kStart);
  EXPECT_EQ(reminders.all()[1].since, kStart + 1s);
  EXPECT_EQ(reminders.all()[1].last, kStart + 5s);
}

TEST(RemindersTest, WhoComesBackAfterALongSilenceHasOnlyBegun) {
  Reminders reminders;
  reminders.is_due(host(1), kStart);
  const auto later = kStart + kForgetAfter;
  EXPECT_TRUE(Reminders::is_over(reminders.all()[0], later));
  EXPECT_TRUE(reminders.is_due(host(1), later));
  EXPECT_EQ(reminders.all()[0].since, later);
}

TEST(RemindersTest, WhenItIsFullTheOldestGoesAndNoMoreLinesAreWritten) {
  Reminders reminders;
  std::size_t lines = 0;
  for (std::uint32_t i = 0; i < 10 * kRemindedHostsMax; ++i) {
    if (reminders.is_due(host(i), kStart + i * 1ms)) ++lines;
  }
  EXPECT_EQ(reminders.all().size(), kRemindedHostsMax);
  EXPECT_EQ(lines, kRemindedHostsMax);
  EXPECT_EQ(std::count_if(reminders.all().begin(), reminders.all().end(),
                          [](const auto& entry) { return entry.source == host(0); }),
            0);
  // Those that remain are named when the turn of their place comes.
  EXPECT_TRUE(reminders.is_due(host(10 * kRemindedHostsMax - 1), kStart + 2min));
}

TEST(RemindersTest, AReminderIsAboutOneHostAtATime) {
  Reminder reminder;
  EXPECT_TRUE(reminder.is_due(host(1), kStart));
  EXPECT_FALSE(reminder.is_due(host(2), kStart + 1s));
  EXPECT_EQ(reminder.who, "10.0.0.1");
  EXPECT_TRUE(reminder.is_due(host(2), kStart + 60s));
  EXPECT_EQ(reminder.who, "10.0.0.2");
  EXPECT_EQ(reminder.since, kStart);
}

}  // namespace
}  // namespace vippy::core
