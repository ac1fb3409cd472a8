#include "core/witness.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

constexpr Mac kMac{{2, 0, 0, 0, 0, 0xfe}};

class WitnessTest : public testing::Test {
 protected:
  WitnessTest() {
    interfaces.on_link({2, "eth0", {{2, 0, 0, 0, 0, 1}}, true, true, true, false});
    interfaces.on_address({2, *parse_prefix("10.0.0.1/24"), true, false});
    configure({gateway});
  }
  void configure(const std::vector<IpAddress>& hosts) { witness.configure(hosts, 10ms, 30ms); }
  // How many were asked.
  std::size_t poll(bool is_urgent = false) {
    Actions out;
    witness.poll(is_urgent, neighbours, interfaces, now, out);
    for (const auto& action : out) asked.push_back(std::get<Advertise>(action));
    return out.size();
  }
  void answer(bool is_answer = true) {
    witness.heard({2, gateway, kMac, is_answer, {}, now}, now);
  }
  IpAddress gateway = *parse_ip("10.0.0.254");
  Interfaces interfaces;
  Neighbours neighbours;
  Witness witness;
  Instant now{100s};
  std::vector<Advertise> asked;
};

TEST_F(WitnessTest, WithoutHostsThereIsNoWitness) {
  configure({});
  EXPECT_EQ(witness.verdict(now), Witnesses::none);
  EXPECT_EQ(poll(true), 0U);
  EXPECT_EQ(witness.next_deadline(), Instant::max());
}

TEST_F(WitnessTest, InCalmTimesItIsAskedEachSecond) {
  EXPECT_EQ(poll(), 1U);
  EXPECT_EQ(witness.next_deadline(), now + 1s);
  now += 999ms;
  EXPECT_EQ(poll(), 0U);
  now += 1ms;
  EXPECT_EQ(poll(), 1U);
}

TEST_F(WitnessTest, WhenItsWordCountsItIsAskedAtOnceAndEachInterval) {
  poll();
  now += 1ms;
  EXPECT_EQ(poll(true), 1U);
  EXPECT_EQ(witness.next_deadline(), now + 10ms);
  EXPECT_EQ(poll(true), 0U);
  now += 10ms;
  EXPECT_EQ(poll(true), 1U);
  EXPECT_EQ(poll(false), 0U);
}

TEST_F(WitnessTest, AnAnswerCountsForStaleThenItIsNotKnownThenItIsSilent) {
  poll();
  EXPECT_EQ(witness.verdict(now), Witnesses::unknown);
  answer();
  EXPECT_EQ(witness.verdict(now + 30ms), Witnesses::answer);
  now += 500ms;
  EXPECT_EQ(witness.verdict(now), Witnesses::unknown);
  poll(true);
  EXPECT_EQ(witness.verdict(now + 30ms), Witnesses::unknown);
  EXPECT_EQ(witness.verdict(now + 30ms + 1ns), Witnesses::silent);
  now += 25ms;
  poll(true);
  EXPECT_EQ(witness.next_deadline(), now + 5ms + 1ns);
  answer();
  EXPECT_EQ(witness.verdict(now), Witnesses::answer);
  EXPECT_EQ(witness.verdict(now + 31ms), Witnesses::silent);
}

TEST_F(WitnessTest, OnlyAnAnswerToUsCounts) {
  poll();
  answer(false);
  witness.heard({2, *parse_ip("10.0.0.7"), kMac, true, {}, now}, now);
  EXPECT_EQ(witness.verdict(now), Witnesses::unknown);
}

TEST_F(WitnessTest, WhoAnswersIsAskedByItselfAndWhoDoesNotByEverybodysAddress) {
  poll();
  EXPECT_EQ(asked.back().form, AdvertiseForm::ask_everyone);
  answer();
  now += 1s;
  poll();
  EXPECT_EQ(asked.back().form, AdvertiseForm::ask);
  EXPECT_EQ(asked.back().host_mac, kMac);
  now += 1s;
  poll();
  EXPECT_EQ(asked.back().form, AdvertiseForm::ask_everyone);
}

TEST_F(WitnessTest, AWitnessElsewhereCannotBeAskedAndIsSilent) {
  configure({*parse_ip("10.9.0.1")});
  EXPECT_EQ(poll(true), 0U);
  EXPECT_EQ(witness.verdict(now + 31ms), Witnesses::silent);
}

TEST_F(WitnessTest, TellsWhoAnswersAndKeepsItOverAReload) {
  configure({gateway, *parse_ip("10.0.0.7")});
  poll();
  answer();
  configure({*parse_ip("10.0.0.7"), gateway});
  const auto accounts = witness.accounts(now);
  ASSERT_EQ(accounts.size(), 2U);
  EXPECT_FALSE(accounts[0].answers);
  EXPECT_TRUE(accounts[1].answers);
  EXPECT_FALSE(witness.accounts(now + 3s)[1].answers);
}

}  // namespace
}  // namespace vippy::core
