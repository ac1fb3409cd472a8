#include "core/convergence.h"

#include <gtest/gtest.h>

#include <map>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

Mac mac(unsigned number) {
  return {{2, 0, 0, 0, static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)}};
}

class ConvergenceTest : public testing::Test {
 protected:
  ConvergenceTest() {
    interfaces.on_link({2, "eth0", mac(1), true, true, true, false});
    interfaces.on_address({2, *parse_prefix("10.0.0.1/16"), true, false});
    pace.configure({}, 100'000, 0s);
  }
  static IpAddress host(unsigned number) { return add(*parse_ip("10.0.0.0"), number); }
  void knows(unsigned first, unsigned last) {
    for (auto i = first; i <= last; ++i) neighbours.on_local({2, host(i), mac(i), true}, now);
  }
  static Convergence::Vip vip(unsigned number = 1) {
    return {2, add(*parse_ip("10.0.200.0"), number)};
  }
  void start(unsigned number = 1) {
    loop.start(vip(number), {vip(number).second, 16}, now);
  }
  void poll() {
    Actions out;
    const std::vector<IpAddress> vips = {*parse_ip("10.0.200.5")};
    loop.poll(neighbours, interfaces, vips, pace, now, out);
    for (const auto& action : out) asked.push_back(std::get<Advertise>(action));
    for (auto& report : loop.take_reports()) reports.push_back(std::move(report));
  }
  // Everybody but `deaf_` answers after 1 ms.
  void run(Duration duration) {
    const auto until = now + duration;
    while (now < until) {
      const bool is_answered = answered_ == asked.size();
      const auto next = is_answered ? std::min(loop.next_deadline(), until) : now;
      now = std::min(until, std::max(now + 1ms, next));
      for (; answered_ < asked.size(); ++answered_) {
        if (!deaf.contains(asked[answered_].host)) answer(asked[answered_]);
      }
      poll();
    }
  }
  void answer(const Advertise& question) {
    NeighbourSpoke spoke{question.index, question.host, question.host_mac, true, question.vip};
    loop.heard(spoke, now);
  }

  Interfaces interfaces;
  Neighbours neighbours;
  Advertiser pace;
  Convergence loop;
  Instant now{100s};
  std::vector<Advertise> asked;
  std::vector<Convergence::Report> reports;
  std::set<IpAddress> deaf;

 private:
  std::size_t answered_ = 0;
};

TEST_F(ConvergenceTest, EachKnownNeighbourIsAskedFromTheVipByItself) {
  knows(7, 9);
  neighbours.on_local({2, *parse_ip("10.0.200.5"), mac(5), true}, now);  // a VIP
  neighbours.on_local({2, *parse_ip("10.1.0.5"), mac(5), true}, now);    // elsewhere
  neighbours.on_local({2, *parse_ip("10.0.0.1"), mac(1), true}, now);    // ourselves
  start();
  EXPECT_EQ(loop.next_deadline(), now);
  poll();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0].form, AdvertiseForm::ask);
  EXPECT_EQ(asked[0].vip, vip().second);
  EXPECT_EQ(asked[0].mac, mac(1));
  EXPECT_EQ(asked[0].host, host(7));
  EXPECT_EQ(asked[0].host_mac, mac(7));
}

TEST_F(ConvergenceTest, WhenAllHaveAnsweredItSaysHowLongItTook) {
  knows(7, 9);
  start();
  poll();
  run(5s);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].vip, vip());
  EXPECT_EQ(reports[0].result.asked, 3U);
  EXPECT_EQ(reports[0].result.answered, 3U);
  EXPECT_EQ(reports[0].result.took, 1ms);
  EXPECT_EQ(asked.size(), 3U);
  EXPECT_TRUE(loop.result(vip())->is_done);
  EXPECT_EQ(loop.next_deadline(), Instant::max());
}

TEST_F(ConvergenceTest, TheSilentAreAskedAgainAndThenNamed) {
  knows(7, 18);
  for (unsigned i = 7; i <= 16; ++i) deaf.insert(host(i));
  start();
  poll();
  const auto began = now;
  std::vector<Duration> times;
  while (reports.empty() && now < began + 10s) {
    const auto before = asked.size();
    run(1ms);
    if (asked.size() > before) times.push_back(now - began);
  }
  EXPECT_EQ(times, (std::vector<Duration>{20ms, 120ms, 620ms}));
  EXPECT_EQ(now - began, 2620ms);
  ASSERT_EQ(reports.size(), 1U);
  const auto& result = reports[0].result;
  EXPECT_EQ(result.answered, 2U);
  EXPECT_EQ(result.silent, 10U);
  ASSERT_EQ(result.names.size(), Convergence::kSilentNamed);
  EXPECT_EQ(result.names[0], host(7));
  EXPECT_EQ(result.took, 1ms);
}

TEST_F(ConvergenceTest, OnlyAnAnswerToTheVipCounts) {
  knows(7, 7);
  start();
  loop.heard({2, host(7), mac(7), true, vip().second}, now);  // not asked yet
  poll();
  loop.heard({2, host(7), mac(7), true, vip(2).second}, now);
  loop.heard({3, host(7), mac(7), true, vip().second}, now);
  loop.heard({2, host(8), mac(8), true, vip().second}, now);
  EXPECT_EQ(loop.result(vip())->answered, 0U);
  loop.heard({2, host(7), mac(7), true, vip().second}, now);
  loop.heard({2, host(7), mac(7), true, vip().second}, now);
  EXPECT_EQ(loop.result(vip())->answered, 1U);
}

TEST_F(ConvergenceTest, WithoutNeighboursThereIsNothingToReport) {
  start();
  poll();
  EXPECT_TRUE(reports.empty());
  EXPECT_EQ(loop.result(vip())->asked, 0U);
  EXPECT_EQ(loop.next_deadline(), Instant::max());
}

TEST_F(ConvergenceTest, WhatIsNoLongerHereIsNotAskedFor) {
  knows(7, 9);
  for (unsigned i = 7; i <= 9; ++i) deaf.insert(host(i));
  start(1);
  start(2);
  poll();
  asked.clear();
  loop.stop_unless([&](const Convergence::Vip& one) { return one == vip(2); });
  run(5s);
  for (const auto& question : asked) EXPECT_EQ(question.vip, vip(2).second);
  EXPECT_EQ(reports.size(), 1U);
  EXPECT_EQ(loop.result(vip(1)), nullptr);
}

TEST_F(ConvergenceTest, QuestionsKeepToThePace) {
  pace.configure({}, 400, 0s);
  knows(1, 500);
  start();
  poll();
  run(500ms);
  EXPECT_GE(asked.size(), 190U);
  EXPECT_LE(asked.size(), 205U);
}

TEST_F(ConvergenceTest, TheMostRecentTakeOverComesFirst) {
  pace.configure({}, 400, 0s);
  knows(2, 500);
  start(1);
  poll();
  asked.clear();
  start(2);
  run(200ms);
  ASSERT_GT(asked.size(), 50U);
  for (const auto& question : asked) EXPECT_EQ(question.vip, vip(2).second);
}

TEST_F(ConvergenceTest, ThousandsOfVipsShareTheNeighboursOfTheirNetwork) {
  knows(2, 301);
  for (unsigned i = 1; i <= 4000; ++i) start(i % 250 + 256 * (i / 250));
  poll();
  run(3s);
  std::map<IpAddress, std::size_t> of_host;
  std::map<IpAddress, std::size_t> of_vip;
  for (const auto& question : asked) {
    ++of_host[question.host];
    ++of_vip[question.vip];
  }
  EXPECT_EQ(reports.size(), 4000U);
  EXPECT_EQ(of_vip.size(), 4000U);
  EXPECT_GE(of_host.size(), 240U);
  for (const auto& [address, count] : of_host) EXPECT_LE(count, 2 * Convergence::kVipsPerHost);
}

TEST_F(ConvergenceTest, NoMoreAreAskedThanMayBeOpen) {
  knows(2, 1600);
  for (unsigned i = 2; i <= 1600; ++i) deaf.insert(host(i));
  for (unsigned i = 1; i <= 8; ++i) start(i);
  poll();
  run(19ms);  // nobody is asked twice yet
  run(1ms);
  std::set<std::pair<IpAddress, IpAddress>> open;
  for (const auto& question : asked) open.insert({question.vip, question.host});
  EXPECT_LE(open.size(), Convergence::kOutstandingMax);
  run(60s);
  EXPECT_EQ(reports.size(), 8U);
  for (const auto& report : reports) EXPECT_LE(report.result.asked, Convergence::kHostsPerVipMax);
}

TEST_F(ConvergenceTest, AnInterfaceThatIsGoneIsNotAskedOnAndCostsNothing) {
  knows(7, 9);
  start();
  poll();
  interfaces.on_link({2, "eth0", {}, false, false, true, false});
  now += 20ms;
  poll();
  EXPECT_EQ(asked.size(), 3U);
  EXPECT_GT(loop.next_deadline(), now);
}

}  // namespace
}  // namespace vippy::core
