#include "core/reconcile.h"

#include <gtest/gtest.h>

#include "tests/core/kernel_bench.h"
#include "tests/support/vectors.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

constexpr bool kSeen = true;

class ReconcileTest : public ReconcileBench {};

TEST_F(ReconcileTest, AsksForNothingBeforeItWasToldWhatIsWanted) {
  see(key("10.0.0.9/24"), kOurs);
  EXPECT_TRUE(plan().empty());
  EXPECT_FALSE(reconciler.has_decided());
}

TEST_F(ReconcileTest, RemovesAtOnceAndAddsInTheOrderWanted) {
  see(key("10.0.0.1/24"), kOurs);
  reconciler.want({key("10.0.0.9/24"), key("10.0.0.3/24"), key("10.0.0.5/24")});
  EXPECT_EQ(words(plan()), "remove 10.0.0.1/24 1, add 10.0.0.9/24 2, add 10.0.0.3/24 3, "
                           "add 10.0.0.5/24 4");
}

TEST_F(ReconcileTest, AsksForNothingTwice) {
  reconciler.want({key("10.0.0.9/24")});
  EXPECT_EQ(plan().size(), 1U);
  EXPECT_TRUE(plan().empty());
  reconciler.want({key("10.0.0.9/24")});
  EXPECT_TRUE(plan().empty());
  answer(1);
  EXPECT_TRUE(plan().empty());
  EXPECT_TRUE(reconciler.is_up(key("10.0.0.9/24")));
}

TEST_F(ReconcileTest, OneMoreWishOrOneLessConcernsNoOtherAddress) {
  hold(key("10.0.0.9/24"));
  reconciler.want_one(key("10.0.0.3/24"), true);
  reconciler.want_one(key("10.0.0.3/24"), true);
  EXPECT_EQ(words(plan()), "add 10.0.0.3/24 2");
  answer(2);
  EXPECT_EQ(reconciler.ours(), 2U);
  reconciler.want_one(key("10.0.0.9/24"), false);
  reconciler.want_one(key("10.0.0.7/24"), false);  // never heard of
  EXPECT_EQ(words(plan()), "remove 10.0.0.9/24 3");
  answer(3);
  EXPECT_EQ(reconciler.ours(), 1U);
  EXPECT_TRUE(reconciler.is_up(key("10.0.0.3/24")));
}

TEST_F(ReconcileTest, WhatIsOnItsWayOutIsHeldAndNotKept) {
  hold(key("10.0.0.9/24"));
  EXPECT_TRUE(reconciler.keeps(key("10.0.0.9/24")));
  reconciler.want({});
  plan();
  EXPECT_TRUE(reconciler.holds(key("10.0.0.9/24")));
  EXPECT_FALSE(reconciler.keeps(key("10.0.0.9/24")));
}

TEST_F(ReconcileTest, AnAddressGoesWhenItHasComeAsARouteAndTheOtherWayRound) {
  const AddressKey address = key("10.0.0.9/24");
  AddressKey route = key("10.0.0.9/32");
  route.plumb = Plumb::route;
  hold(address);
  reconciler.want({route});
  EXPECT_EQ(words(plan()), "add 10.0.0.9/32 2");
  EXPECT_TRUE(reconciler.holds(route));  // in the other form
  EXPECT_TRUE(plan().empty());
  answer(2);
  EXPECT_EQ(words(plan()), "remove 10.0.0.9/24 3");
  answer(3);
  EXPECT_TRUE(reconciler.holds(address));
  EXPECT_EQ(reconciler.ours(), 1U);
  reconciler.want({address});
  EXPECT_EQ(words(plan()), "add 10.0.0.9/24 4");
  answer(4);
  EXPECT_EQ(words(plan()), "remove 10.0.0.9/32 5");
  answer(5);
  EXPECT_EQ(reconciler.ours(), 1U);
}

TEST_F(ReconcileTest, WhileTheOtherFormIsRefusedTheOneThatIsThereStays) {
  AddressKey route = key("10.0.0.9/32");
  route.plumb = Plumb::route;
  hold(key("10.0.0.9/24"));
  reconciler.want({route});
  plan();
  answer(2, FailureKind::no_resources);
  EXPECT_TRUE(plan().empty());
  EXPECT_EQ(reconciler.ours(), 1U);
  reconciler.want({});  // nobody waits any more
  EXPECT_EQ(words(plan()), "remove 10.0.0.9/24 3");
}

TEST_F(ReconcileTest, NeverRemovesWhatItDidNotSet) {
  see(key("10.0.0.9/24"), kForeign);
  reconciler.want({key("10.0.0.9/24")});
  EXPECT_TRUE(plan().empty());
  EXPECT_TRUE(reconciler.foreign_since(key("10.0.0.9/24")));
  reconciler.want({});
  EXPECT_TRUE(plan().empty());
  EXPECT_EQ(reconciler.ours(), 0U);
}

TEST_F(ReconcileTest, AnAddressThatWasThereIsUsedAndNotRemoved) {
  reconciler.want({key("10.0.0.9/24")});
  plan();
  const auto got = answer(1, FailureKind::already_there);
  EXPECT_EQ(got->change, Reconciler::Change::came_up);
  EXPECT_TRUE(reconciler.foreign_since(key("10.0.0.9/24")));
  reconciler.want({});
  EXPECT_TRUE(plan().empty());
}

TEST_F(ReconcileTest, AnIpv6AddressThatChangesItsLengthGoesBeforeItComesBack) {
  hold(key("fd77::9/64"));
  reconciler.want({key("fd77::9/128")});
  EXPECT_EQ(words(plan()), "remove fd77::9/64 2");
  answer(2);
  EXPECT_EQ(words(plan()), "add fd77::9/128 3");
}

// Answer and notification in one turn: then nothing is left to know about the former one.
TEST_F(ReconcileTest, AnIpv6AddressComesBackWithItsNewLengthWhenTheOldOneIsForgotten) {
  hold(key("fd77::9/64"));
  reconciler.want({key("fd77::9/128")});
  ASSERT_EQ(words(plan()), "remove fd77::9/64 2");
  answer(2);
  miss(key("fd77::9/64"));
  EXPECT_EQ(words(plan()), "add fd77::9/128 3");
}

TEST_F(ReconcileTest, AForeignIpv6AddressOfAnotherLengthIsUsedUntilItGoes) {
  see(key("fd77::9/64"), kForeign);
  reconciler.want({key("fd77::9/128")});
  EXPECT_EQ(words(plan()), "add fd77::9/128 1");
  answer(1, FailureKind::already_there);
  EXPECT_TRUE(reconciler.foreign_since(key("fd77::9/128")));
  miss(key("fd77::9/64"));
  EXPECT_FALSE(reconciler.is_up(key("fd77::9/128")));
  EXPECT_EQ(words(plan()), "add fd77::9/128 2");
}

TEST_F(ReconcileTest, AnAddressThatSomebodyElseAddsWhileOursIsPendingIsWatchedAfterwards) {
  reconciler.want({key("10.0.0.9/24")});
  plan();
  see(key("10.0.0.9/24"), kForeign);  // theirs came first ...
  answer(1, FailureKind::already_there);  // ... so ours is refused
  EXPECT_TRUE(reconciler.foreign_since(key("10.0.0.9/24")));
  miss(key("10.0.0.9/24"));
  EXPECT_FALSE(reconciler.is_up(key("10.0.0.9/24")));
  EXPECT_EQ(words(plan()), "add 10.0.0.9/24 2");
}

TEST_F(ReconcileTest, AnAddressThatSomebodyElseRemovesWhileWeDoIsWatchedAfterwards) {
  hold(key("10.0.0.9/24"));
  reconciler.want({});
  plan();
  miss(key("10.0.0.9/24"));
  answer(2, FailureKind::not_there);
  EXPECT_FALSE(reconciler.is_up(key("10.0.0.9/24")));
  hold(key("10.0.0.9/24"));
  miss(key("10.0.0.9/24"));
  EXPECT_FALSE(reconciler.is_up(key("10.0.0.9/24")));
  EXPECT_EQ(plan().size(), 1U);
}

TEST_F(ReconcileTest, RefusalsAreTriedAgainAfterDoublingWaitsUpToFiveSeconds) {
  reconciler.want({key("10.0.0.9/24")});
  const auto began = now;
  for (const auto wait : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms}) {
    const auto asked = plan();
    ASSERT_EQ(asked.size(), 1U);
    answer(last_id(), FailureKind::no_resources);
    EXPECT_TRUE(plan().empty());
    EXPECT_EQ(reconciler.next_deadline(), now + wait);
    now += wait - 1ns;
    EXPECT_TRUE(plan().empty());
    now += 1ns;
  }
  const auto trouble = reconciler.trouble(key("10.0.0.9/24"));
  ASSERT_TRUE(trouble);
  EXPECT_EQ(trouble->failure, FailureKind::no_resources);
  EXPECT_EQ(trouble->since, began);
  EXPECT_EQ(logged<event::AddressFailed>(), 1U);
  plan();
  answer(last_id());
  EXPECT_FALSE(reconciler.trouble(key("10.0.0.9/24")));
  EXPECT_TRUE(plan().empty());
  EXPECT_EQ(reconciler.next_deadline(), Instant::max());
}

TEST_F(ReconcileTest, TheTroubleOfAnAddressThatIsNoLongerWantedIsOver) {
  reconciler.want({key("10.0.0.9/24")});
  plan();
  answer(1, FailureKind::not_permitted);
  reconciler.want({});
  EXPECT_FALSE(reconciler.trouble(key("10.0.0.9/24")));
}

TEST_F(ReconcileTest, AnAddressThatCameWhenNobodyWantsItAnyMoreIsNotSaidToHaveComeUp) {
  reconciler.want({key("10.0.0.9/24")});
  plan();
  reconciler.want({});
  const auto got = answer(1);
  EXPECT_EQ(got->change, Reconciler::Change::none);
  EXPECT_EQ(words(plan()), "remove 10.0.0.9/24 2");
}

TEST_F(ReconcileTest, WhatSomebodyElseRemovesIsPutBackAtOnceThreeTimesThenOnceASecond) {
  hold(key("10.0.0.9/24"));
  for (int theft = 1; theft <= 3; ++theft) {
    now += 10ms;
    EXPECT_EQ(miss(key("10.0.0.9/24")), Reconciler::Change::went_down);
    ASSERT_EQ(plan().size(), 1U) << theft;
    answer(last_id());
    see(key("10.0.0.9/24"), kOurs);
  }
  now += 10ms;
  miss(key("10.0.0.9/24"));
  EXPECT_TRUE(plan().empty());
  EXPECT_EQ(reconciler.next_deadline(), now + 1s);
  now += 1s;
  EXPECT_EQ(plan().size(), 1U);
  answer(last_id());
  see(key("10.0.0.9/24"), kOurs);
  now += 10s + 1ns;  // a quiet while: forgiven
  miss(key("10.0.0.9/24"));
  EXPECT_EQ(plan().size(), 1U);
  EXPECT_EQ(logged<event::AddressPutBack>(), 5U);
}

TEST_F(ReconcileTest, LeftoversAreAdoptedWithoutARequestOrRemoved) {
  see(key("10.0.0.8/24"), kOurs);
  see(key("10.0.0.9/24"), kOurs);
  reconciler.want({key("10.0.0.9/24")});
  EXPECT_EQ(words(plan()), "remove 10.0.0.8/24 1");
  EXPECT_EQ(reconciler.take_adopted(), std::vector<AddressKey>{key("10.0.0.9/24")});
  EXPECT_TRUE(reconciler.take_adopted().empty());
  answer(1);
  EXPECT_EQ(logged<event::LeftoverAdopted>(), 1U);
  EXPECT_EQ(logged<event::LeftoverRemoved>(), 1U);
}

TEST_F(ReconcileTest, WithoutTagsAnAddressExactlyAsConfiguredCountsAsOurs) {
  reconciler = Reconciler(false);
  see(key("10.0.0.8/24"), kForeign, true);
  see(key("10.0.0.9/24"), kForeign, false);
  reconciler.want({});
  EXPECT_EQ(words(plan()), "remove 10.0.0.8/24 1");
}

TEST_F(ReconcileTest, WithoutTagsWhatWasSeenBeforeTheConfigurationIsClaimedByIt) {
  reconciler = Reconciler(false);
  see(key("10.0.0.8/24"), kForeign, false);
  see(key("10.0.0.9/24"), kForeign, false);
  reconciler.claim({key("10.0.0.8/24")});
  reconciler.want({});
  EXPECT_EQ(words(plan()), "remove 10.0.0.8/24 1");
}

TEST_F(ReconcileTest, WithTagsNothingIsClaimedByItsText) {
  see(key("10.0.0.8/24"), kForeign, true);
  reconciler.claim({key("10.0.0.8/24")});
  reconciler.want({});
  EXPECT_TRUE(plan().empty());
}

TEST_F(ReconcileTest, ANotificationBeforeItsAcknowledgementIsOurOwn) {
  reconciler.want({key("10.0.0.9/24")});
  plan();
  EXPECT_EQ(see(key("10.0.0.9/24"), kOurs), Reconciler::Change::none);
  EXPECT_EQ(answer(1)->change, Reconciler::Change::came_up);
  EXPECT_EQ(miss(key("10.0.0.9/24")), Reconciler::Change::went_down);
}

TEST_F(ReconcileTest, AddRemoveAddBeforeAnyNotificationArrivesIsNoTheft) {
  const auto vip = key("10.0.0.9/24");
  reconciler.want({vip});
  plan();
  answer(1);
  reconciler.want({});
  plan();
  answer(2);
  reconciler.want({vip});
  plan();
  answer(3);
  for (const bool exists : {kSeen, !kSeen, kSeen}) {
    EXPECT_EQ(exists ? see(vip, kOurs) : miss(vip), Reconciler::Change::none);
    EXPECT_TRUE(reconciler.is_up(vip));
    EXPECT_TRUE(plan().empty());
  }
  EXPECT_EQ(logged<event::AddressPutBack>(), 0U);
  EXPECT_EQ(miss(vip), Reconciler::Change::went_down);  // this one is not ours
}

TEST_F(ReconcileTest, ARemovalBeforeTheNotificationOfOurAdditionIsLookedInto) {
  const auto vip = key("fd77::9/64");
  reconciler.want({vip});
  plan();
  answer(1);
  miss(vip);  // somebody removed it, and the kernel never told that it had come
  EXPECT_EQ(words(plan()), "add fd77::9/64 2");
  EXPECT_EQ(answer(2)->change, Reconciler::Change::none);
  see(vip, kOurs);
  EXPECT_TRUE(reconciler.is_up(vip));
  miss(vip);
  EXPECT_EQ(words(plan()), "add fd77::9/64 3");
}

TEST_F(ReconcileTest, AnOldRemovalThatWasLookedIntoChangesNothing) {
  const auto vip = key("10.0.0.9/24");
  reconciler.want({vip});
  plan();
  answer(1);
  miss(vip);
  EXPECT_EQ(words(plan()), "add 10.0.0.9/24 2");
  answer(2, FailureKind::already_there);
  EXPECT_FALSE(reconciler.foreign_since(vip));
  see(vip, kOurs);
  EXPECT_TRUE(reconciler.is_up(vip));
  reconciler.want({});
  EXPECT_EQ(words(plan()), "remove 10.0.0.9/24 3");
}

TEST_F(ReconcileTest, ATableIsTakenAtItsWord) {
  hold(key("10.0.0.8/24"));
  hold(key("10.0.0.9/24"));
  reconciler.begin_table();
  see(key("10.0.0.8/24"), kOurs);
  const auto gone = complete();
  EXPECT_EQ(gone, std::vector<AddressKey>{key("10.0.0.9/24")});
  EXPECT_TRUE(reconciler.is_up(key("10.0.0.8/24")));
  EXPECT_FALSE(reconciler.is_up(key("10.0.0.9/24")));
}

TEST_F(ReconcileTest, ATableInTheMiddleOfARequestSettlesNothingAboutIt) {
  for (const bool is_in_table : {true, false}) {
    reconciler = Reconciler(true);
    reconciler.want({key("10.0.0.9/24")});
    plan();
    reconciler.begin_table();
    if (is_in_table) see(key("10.0.0.9/24"), kOurs);
    complete();
    EXPECT_TRUE(plan().empty());
    answer(last_id());
    EXPECT_TRUE(reconciler.is_up(key("10.0.0.9/24")));
    if (!is_in_table) see(key("10.0.0.9/24"), kOurs);
    EXPECT_TRUE(plan().empty());
    EXPECT_EQ(miss(key("10.0.0.9/24")), Reconciler::Change::went_down) << is_in_table;
  }
}

TEST_F(ReconcileTest, ATableWithoutAnAddressThatIsBeingRemovedIsInOrder) {
  hold(key("10.0.0.9/24"));
  reconciler.want({});
  plan();
  reconciler.begin_table();
  complete();
  answer(last_id());
  EXPECT_EQ(logged<event::AddressPutBack>(), 0U);
  EXPECT_EQ(reconciler.ours(), 0U);
  EXPECT_TRUE(reconciler.is_settled());
}

TEST_F(ReconcileTest, CompletingATableThatWasNotBegunChangesNothing) {
  hold(key("10.0.0.9/24"));
  EXPECT_TRUE(complete().empty());
  EXPECT_TRUE(reconciler.is_up(key("10.0.0.9/24")));
}

TEST_F(ReconcileTest, AnInterfaceThatGoesTakesItsPendingRequestsWithIt) {
  reconciler.want({key("10.0.0.9/24")});
  plan();
  reconciler.interface_gone(kEth0);
  EXPECT_TRUE(plan().empty());
  EXPECT_TRUE(answer(1, FailureKind::no_interface).has_value());
  // It comes back under the same index: the same address is watched as ever.
  hold(key("10.0.0.9/24"));
  EXPECT_EQ(miss(key("10.0.0.9/24")), Reconciler::Change::went_down);
  EXPECT_EQ(plan().size(), 1U);
}

TEST_F(ReconcileTest, ARemovalWhoseInterfaceIsGoneIsDone) {
  hold(key("10.0.0.9/24"));
  reconciler.want({});
  plan();
  reconciler.interface_gone(kEth0);
  answer(2, FailureKind::no_interface);
  EXPECT_TRUE(reconciler.is_settled());
  EXPECT_EQ(reconciler.ours(), 0U);
}

TEST_F(ReconcileTest, AnOutcomeOfSomebodyElsesRequestIsNotOurs) {
  EXPECT_FALSE(answer(77).has_value());
}

TEST_F(ReconcileTest, AddressesThatComeAndGoLeaveNothingBehind) {
  for (int i = 0; i < 1000; ++i) {
    const AddressKey passing{kEth0, {Ipv4::from_number(0x0a010000U + unsigned(i)), 16}};
    see(passing, kForeign);
    miss(passing);
  }
  for (int i = 0; i < 100; ++i) {
    hold({kEth0, {Ipv4::from_number(0x0a020000U + unsigned(i)), 16}});
  }
  reconciler.want({});
  for (const auto& [id, request] : plan()) answer(id);
  for (int i = 0; i < 100; ++i) miss({kEth0, {Ipv4::from_number(0x0a020000U + unsigned(i)), 16}});
  EXPECT_EQ(reconciler.records(), 0U);
}

}  // namespace
}  // namespace vippy::core
