#include <gtest/gtest.h>

#include <set>

#include "core/reconcile.h"
#include "tests/core/kernel_bench.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

class ReconcilePlanTest : public ReconcileBench {
 protected:
  static std::vector<AddressKey> many(unsigned count) {
    std::vector<AddressKey> out;
    for (unsigned i = 0; i < count; ++i) {
      out.push_back({kEth0, {Ipv4::from_number(0x0a010001U + i), 16}});
    }
    return out;
  }
  static std::size_t additions(const Requests& requests) {
    return static_cast<std::size_t>(
        std::count_if(requests.begin(), requests.end(), [](const auto& request) {
          return std::holds_alternative<AddAddress>(request.second);
        }));
  }
};

TEST_F(ReconcilePlanTest, OfThousandsASliceIsOnItsWayAtATimeInTheOrderWanted) {
  const auto wanted = many(1'000);
  reconciler.want(wanted);
  std::vector<Prefix> asked;
  auto requests = plan();
  EXPECT_EQ(requests.size(), Reconciler::kAskedAtOnce);
  EXPECT_TRUE(plan().empty());
  while (!requests.empty()) {
    EXPECT_LE(requests.size(), Reconciler::kAskedAtOnce);
    for (const auto& [id, request] : requests) {
      asked.push_back(std::get<AddAddress>(request).prefix);
      answer(id);
    }
    requests = plan();
  }
  ASSERT_EQ(asked.size(), wanted.size());
  for (std::size_t i = 0; i < asked.size(); ++i) EXPECT_EQ(asked[i], wanted[i].prefix);
  EXPECT_TRUE(reconciler.is_settled());
}

TEST_F(ReconcilePlanTest, WhoHasLittleTimeAsksForFewerAtOnce) {
  reconciler.ask_at_once(40);
  reconciler.want(many(100));
  EXPECT_EQ(plan().size(), 40U);
}

TEST_F(ReconcilePlanTest, EachAnswerMakesRoomForOneMore) {
  reconciler.want(many(1'000));
  plan();
  answer(1);
  answer(2);
  EXPECT_EQ(plan().size(), 2U);
}

// Somebody else may have it already: the shorter both have it the better.
TEST_F(ReconcilePlanTest, LettingGoDoesNotWaitForThousandsThatCome) {
  const auto old = many(600);
  for (const auto& one : old) see(one, kOurs);
  auto wanted = many(1'000);
  wanted.erase(wanted.begin(), wanted.begin() + 600);
  reconciler.want(wanted);
  auto requests = plan();
  EXPECT_EQ(additions(requests), Reconciler::kAskedAtOnce);
  EXPECT_EQ(requests.size() - additions(requests), Reconciler::kAskedAtOnce);
  EXPECT_TRUE(std::holds_alternative<RemoveAddress>(requests.begin()->second));
  for (const auto& [id, request] : requests) answer(id);
  requests = plan();
  EXPECT_EQ(additions(requests), 400U - Reconciler::kAskedAtOnce);
  EXPECT_EQ(requests.size() - additions(requests), Reconciler::kAskedAtOnce);
}

TEST_F(ReconcilePlanTest, AnIpv4AddressOfAnotherLengthGoesWhenItsSuccessorHasCome) {
  const AddressKey old{kEth0, *parse_prefix("10.1.0.1/16")};
  const AddressKey fresh{kEth0, *parse_prefix("10.1.0.1/32")};
  see(old, kOurs);
  reconciler.want({fresh});
  auto requests = plan();
  ASSERT_EQ(requests.size(), 1U);
  ASSERT_EQ(additions(requests), 1U);
  answer(requests.begin()->first, FailureKind::no_resources);
  EXPECT_TRUE(plan().empty());
  now += 100ms;
  requests = plan();
  ASSERT_EQ(additions(requests), 1U);
  answer(requests.begin()->first);
  requests = plan();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(additions(requests), 0U);
}

TEST_F(ReconcilePlanTest, WhatIsNoLongerWantedBeforeItsTurnIsNeverAskedFor) {
  reconciler.want(many(1'000));
  const auto requests = plan();
  reconciler.want({});
  EXPECT_TRUE(plan().empty());  // what is on its way is waited for
  for (const auto& [id, request] : requests) answer(id);
  const auto removals = plan();
  EXPECT_EQ(additions(removals), 0U);
  EXPECT_EQ(removals.size(), Reconciler::kAskedAtOnce);
}

// A renewal of what is gone would bring it back.
TEST_F(ReconcilePlanTest, LeasesAreRenewedAFewAtATimeWhileTheyAreHeld) {
  const auto held = many(200);
  for (const auto& one : held) see(one, kOurs);
  reconciler.want(held);
  reconciler.set_lease(3s);
  std::set<Prefix> renewed;
  auto requests = plan();
  EXPECT_EQ(requests.size(), Reconciler::kRenewedAtOnce);
  EXPECT_TRUE(plan().empty());
  for (const auto& [id, request] : requests) {
    renewed.insert(std::get<AddAddress>(request).prefix);
    answer(id);
  }
  for (const std::size_t gone : {150U, 151U}) reconciler.want_one(held[gone], false);
  miss(held[150]);
  std::set<Prefix> removed;
  while (!(requests = plan()).empty()) {
    for (const auto& [id, request] : requests) {
      answer(id);
      const auto* add = std::get_if<AddAddress>(&request);
      if (add == nullptr) removed.insert(std::get<RemoveAddress>(request).prefix);
      if (add == nullptr || !add->renew) continue;
      EXPECT_TRUE(renewed.insert(add->prefix).second);
    }
  }
  EXPECT_EQ(renewed.size(), 198U);
  EXPECT_FALSE(renewed.contains(held[150].prefix));
  EXPECT_EQ(removed, std::set<Prefix>{held[151].prefix});
}

TEST_F(ReconcilePlanTest, ARoundOfRenewalsThatIsTooSlowGoesOnWhereItStood) {
  const auto held = many(200);
  for (const auto& one : held) see(one, kOurs);
  reconciler.want(held);
  reconciler.set_lease(3s);
  std::set<Prefix> renewed;
  for (int round = 0; round < 4; ++round) {  // one slice each
    for (const auto& [id, request] : plan()) {
      renewed.insert(std::get<AddAddress>(request).prefix);
      if (round > 0 || renewed.size() < Reconciler::kRenewedAtOnce) answer(id);
    }
    now += 1s;
  }
  EXPECT_EQ(renewed.size(), 200U);
}

TEST_F(ReconcilePlanTest, WhatWasTakenBackIsNoFailureAndIsAskedForAgainWhileItIsWanted) {
  reconciler.want(many(1));
  const auto asked = plan();
  ASSERT_EQ(asked.size(), 1U);
  answer(asked.front().first, FailureKind::withdrawn);
  EXPECT_EQ(logged<event::AddressFailed>(), 0U);
  EXPECT_EQ(reconciler.trouble(many(1).front()), std::nullopt);
  EXPECT_EQ(plan().size(), 1U);
  reconciler.want({});
  answer(last_id(), FailureKind::withdrawn);
  EXPECT_TRUE(plan().empty());
  EXPECT_TRUE(reconciler.is_settled());
}

TEST_F(ReconcilePlanTest, ARefusedOneWaitsAlsoWhenItIsTouchedMeanwhile) {
  reconciler.want(many(1));
  plan();
  answer(1, FailureKind::no_resources);
  see(many(1).front(), kForeign);
  miss(many(1).front());
  EXPECT_TRUE(plan().empty());
  now += 100ms;
  EXPECT_EQ(plan().size(), 1U);
}

}  // namespace
}  // namespace vippy::core
