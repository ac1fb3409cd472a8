#include "core/node.h"

#include "tests/core/stepped_node.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const Config kPair = small_config(1, {"a", "b"}, {{"a", "10.0.0.9/24"}, {"b", "10.0.0.8/24"}});
const Config kAlone = small_config(1, {"a"}, {{"", "10.0.0.9/24"}});

class NodeTest : public NodeTestBase {};

TEST_F(NodeTest, OpensManagementFirstAndNothingElseBeforeThatIsOpen) {
  step(ConfigLoaded{kPair});
  tables();
  now += 10s;
  tick();
  EXPECT_EQ(count<OpenManagement>(), 1U);
  EXPECT_EQ(count<OpenChat>() + count<UseInjector>() + count<SendAnnouncement>() +
                count<AddAddress>() + count<RemoveAddress>(),
            0U);
  answer(last<OpenManagement>().id);
  EXPECT_EQ(count<OpenChat>(), 1U);
  EXPECT_EQ(count<UseInjector>(), 1U);
  EXPECT_EQ(last<OpenManagement>().path, "/run/v");
}

TEST_F(NodeTest, RefusesToStartWhenTheManagementSocketIsInUse) {
  step(ConfigLoaded{kPair});
  answer(last<OpenManagement>().id, FailureKind::in_use);
  EXPECT_EQ(last<Exit>().code, 1);
  EXPECT_EQ(logged<event::OpenFailed>().size(), 1U);
  EXPECT_EQ(count<OpenChat>(), 0U);
}

TEST_F(NodeTest, RefusesToStartWhenTheChatCannotBeOpenedInWhateverOrderTheAnswersCome) {
  step(ConfigLoaded{kPair});
  answer(last<OpenManagement>().id);
  answer(last<UseInjector>().id);
  EXPECT_FALSE(node.has_opened());
  answer(last<OpenChat>().id, FailureKind::not_permitted);
  EXPECT_EQ(last<Exit>().code, 1);
}

TEST_F(NodeTest, HasOpenedWhenEverythingHas) {
  start(kPair);
  EXPECT_TRUE(node.has_opened());
}

TEST_F(NodeTest, AnnouncesAtOnceAsInactiveAndThenEveryInterval) {
  start(kAlone);
  ASSERT_EQ(count<SendAnnouncement>(), 1U);
  const auto said = last<SendAnnouncement>().announcement;
  EXPECT_EQ(said.me, "a");
  EXPECT_FALSE(said.is_active);
  EXPECT_TRUE(AnnouncementHash(*kAlone.shared, "s").matches(said.hash, said.nonce));
  EXPECT_EQ(said.nonce.size(), 64U);
  run(500ms);
  EXPECT_EQ(count<SendAnnouncement>(), 6U);
  EXPECT_NE(last<SendAnnouncement>().announcement.nonce, said.nonce);
  EXPECT_EQ(status().counters.announcements_sent, 6U);
}

TEST_F(NodeTest, DecidesAtMaturityExactlyAtTheDeadlineAndTellsEverybodyAtOnce) {
  start(kAlone);
  run(1s - 1ns);
  EXPECT_EQ(count<AddAddress>(), 0U);
  EXPECT_FALSE(status().is_mature);
  EXPECT_EQ(node.next_deadline(), now + 1ns);
  now += 1ns;
  tick();
  EXPECT_EQ(count<AddAddress>(), 1U);
  EXPECT_TRUE(last<SendAnnouncement>().announcement.is_active);
  EXPECT_EQ(owner(), "a");
  EXPECT_EQ(logged<event::GroupMoved>().at(0).reason, MoveReason::start);
}

TEST_F(NodeTest, IsNotMatureBeforeItHasSeenTheKernelsTables) {
  step(ConfigLoaded{kAlone});
  answer(last<OpenManagement>().id);
  answer(last<OpenChat>().id);
  answer(last<UseInjector>().id);
  tick();
  run(5s);
  EXPECT_FALSE(status().is_mature);
  tables();
  tick();
  EXPECT_TRUE(status().is_active);
}

TEST_F(NodeTest, TellsTheNeighboursWhenTheAddressIsThereAndCountsTheFrames) {
  start(kAlone);
  run(1s - 1ns);
  now += 1ns;
  tick();
  EXPECT_EQ(count<Advertise>(), 0U);
  answer(last<AddAddress>().id);
  EXPECT_EQ(count<Advertise>(), 1U);
  EXPECT_EQ(last<Advertise>().form, AdvertiseForm::everyone);
  EXPECT_EQ(status().counters.frames_sent, 1U);
  tick();
  EXPECT_EQ(status().counters.frames_sent, 2U);  // both forms of ARP
  run(100ms);
  EXPECT_EQ(status().counters.frames_sent, 4U);
}

TEST_F(NodeTest, SaysNotOneWordMoreAboutAnAddressThatItGivesUp) {
  start(kPair);
  run_with("b", kPair, 1500ms);
  ASSERT_EQ(count<AddAddress>(), 1U);
  step(HealthReported{"disk", false});
  forget();
  tick();
  EXPECT_EQ(count<RemoveAddress>(), 1U);
  for (int i = 0; i < 100; ++i) {  // the kernel takes its time
    now += 50ms;
    hear("b", kPair);
    tick();
  }
  for (const auto& action : actions) {
    const auto* told = std::get_if<Advertise>(&action);
    if (told == nullptr) continue;
    EXPECT_TRUE(told->vip.is_unspecified());  // b's MAC is asked for
  }
}

TEST_F(NodeTest, AnAddressThatComesAfterItWasGivenUpIsNotAnnounced) {
  start(kPair);
  while (count<AddAddress>() == 0) {
    now += 50ms;
    hear("b", kPair);
    tick();
  }
  const auto id = last<AddAddress>().id;
  step(HealthReported{"disk", false});
  tick();
  answer(id);
  tick();
  for (const auto& action : actions) {
    const auto* told = std::get_if<Advertise>(&action);
    if (told == nullptr) continue;
    EXPECT_TRUE(told->vip.is_unspecified());  // b's MAC is asked for
  }
  EXPECT_EQ(count<RemoveAddress>(), 1U);
}

TEST_F(NodeTest, AnAddressLostFromTheTableIsNotAnnouncedUntilItIsBack) {
  start(kAlone);
  run(1500ms);
  forget();
  tables();  // the VIP is not in it
  tick();
  EXPECT_EQ(count<AddAddress>(), 1U);
  now += 10s;
  tick();
  EXPECT_EQ(count<Advertise>(), 0U);
}

TEST_F(NodeTest, CountsWhatItIgnoresByItsCause) {
  start(kPair);
  auto forged = kPair;
  forged.secret = "guess";
  hear("b", forged);
  hear("stranger", kPair);
  hear("b", small_config(0, {"a", "b"}, {{"", "10.0.0.7/24"}}));
  hear("b", small_config(1, {"a", "b"}, {{"", "10.0.0.7/24"}}));
  step(DatagramRefused{WireError::not_json, *parse_ip("10.0.0.3")});
  hear("b", kPair);
  hear("a", kPair);  // our own comes back to us
  const auto counters = status().counters;
  EXPECT_EQ(counters.ignored, 5U);
  EXPECT_EQ(counters.ignored_forged, 1U);
  EXPECT_EQ(counters.ignored_stranger, 1U);
  EXPECT_EQ(counters.ignored_old, 1U);
  EXPECT_EQ(counters.ignored_differing, 1U);
  EXPECT_EQ(counters.ignored_malformed, 1U);
  EXPECT_EQ(counters.announcements_received, 2U);
}

TEST_F(NodeTest, AnswersANewcomerWithinAnEighthOfAnInterval) {
  start(kPair);
  now += 10ms;
  hear("b", kPair, false);
  EXPECT_EQ(node.next_deadline(), now + 12500us);
}

TEST_F(NodeTest, StopSaysInactiveFirstThenRemovesThenExits) {
  start(kPair);
  run_with("b", kPair, 1500ms);
  forget();
  step(StopRequested{});
  ASSERT_EQ(count<SendAnnouncement>(), 1U);
  EXPECT_FALSE(last<SendAnnouncement>().announcement.is_active);
  EXPECT_EQ(count<RemoveAddress>(), 0U);
  tick();
  EXPECT_EQ(count<RemoveAddress>(), 1U);
  EXPECT_EQ(count<Exit>(), 0U);
  comply();
  tick();
  EXPECT_EQ(last<Exit>().code, 0);
  EXPECT_EQ(logged<event::Stopped>().at(0).left_behind, 0U);
  EXPECT_EQ(count<Advertise>(), 0U);
  EXPECT_EQ(node.next_deadline(), Instant::max());
}

TEST_F(NodeTest, StopEndsAfterTwoSecondsEvenIfTheKernelNeverAnswers) {
  start(kAlone);
  run(1500ms);
  step(StopRequested{});
  tick();
  now += 2s - 1ns;
  tick();
  EXPECT_EQ(count<Exit>(), 0U);
  EXPECT_EQ(node.next_deadline(), now + 1ns);
  now += 1ns;
  tick();
  EXPECT_EQ(count<Exit>(), 1U);
  EXPECT_EQ(logged<event::Stopped>().at(0).left_behind, 1U);
}

TEST_F(NodeTest, StopBeforeTheStartEndsAtOnce) {
  step(ConfigLoaded{kPair});
  step(StopRequested{});
  EXPECT_EQ(last<Exit>().code, 0);
}

TEST_F(NodeTest, LeftoversThatAreWantedAreAdoptedAndAnnounced) {
  start(kAlone, {"10.0.0.9/24", "10.0.0.77/24"});
  EXPECT_EQ(count<RemoveAddress>(), 0U);
  run(1100ms);
  EXPECT_EQ(count<AddAddress>(), 0U);
  EXPECT_EQ(count<RemoveAddress>(), 1U);
  EXPECT_EQ(logged<event::LeftoverAdopted>().at(0).vip, "10.0.0.9");
  EXPECT_GE(count<Advertise>(), 1U);
}

TEST_F(NodeTest, WithoutTagsLeftoversAreKnownEvenIfTheTablesCameBeforeTheStart) {
  SteppedNode untagged("a", false);
  untagged.step(ConfigLoaded{kAlone});
  untagged.tables({"10.0.0.9/24"}, false);
  untagged.answer(untagged.last<OpenManagement>().id);
  untagged.answer(untagged.last<OpenChat>().id);
  untagged.answer(untagged.last<UseInjector>().id);
  untagged.tick();
  untagged.step(StopRequested{});
  untagged.tick();
  EXPECT_EQ(untagged.count<RemoveAddress>(), 1U);
}

TEST_F(NodeTest, ExtraTicksBetweenDeadlinesChangeNothing) {
  SteppedNode sparse("a");
  for (auto* each : {static_cast<SteppedNode*>(this), &sparse}) {
    each->start(kPair);
    each->forget();
  }
  Rng rng(5);
  for (int i = 0; i < 40; ++i) {
    const auto is_heard = i < 12 || i > 25;
    if (is_heard) {
      hear("b", kPair);
      sparse.hear("b", kPair);
    }
    const auto until = now + 97ms;
    for (int extra = 0; extra < 5; ++extra) {
      run(Duration(static_cast<Duration::rep>(rng.below(19'000'000))));
      tick();
    }
    run(until - now);
    sparse.run(until - sparse.now);
    ASSERT_EQ(now, sparse.now);
    ASSERT_EQ(actions.size(), sparse.actions.size()) << i;
  }
  EXPECT_EQ(status().counters.announcements_sent, sparse.status().counters.announcements_sent);
  EXPECT_GT(count<Advertise>(), 3U);
}

TEST_F(NodeTest, AnotherHostWithOurNameIsSaidAndOurOwnVoiceIsNot) {
  const auto config = small_config(1, {"a", "b"}, {{"", "10.0.0.9/24"}});
  start(config);
  run(1500ms);
  const auto own = last<SendAnnouncement>().announcement;
  step(AnnouncementHeard{own, *parse_ip("10.0.0.1"), now});
  EXPECT_TRUE(logged<event::IdentityTaken>().empty());
  hear("a", config);
  hear("a", config);
  ASSERT_EQ(logged<event::IdentityTaken>().size(), 1U);
  EXPECT_EQ(logged<event::IdentityTaken>().front().source, "10.0.0.2");
}

TEST_F(NodeTest, WhoeverIsNotBelievedIsSaidOnceAMinuteAndShown) {
  const auto config = small_config(1, {"a", "b"}, {{"", "10.0.0.9/24"}});
  start(config);
  auto other = config;
  other.secret = "another";
  hear("b", other);
  hear("b", other);
  ASSERT_EQ(logged<event::Unbelieved>().size(), 1U);
  EXPECT_TRUE(logged<event::Unbelieved>().front().is_forged);
  hear("x", config);
  ASSERT_EQ(logged<event::Unbelieved>().size(), 2U);
  EXPECT_FALSE(logged<event::Unbelieved>().back().is_forged);
  EXPECT_EQ(status().troubles.size(), 2U);
  now += std::chrono::seconds(61);
  hear("b", other);
  EXPECT_EQ(logged<event::Unbelieved>().size(), 3U);
}

}  // namespace
}  // namespace vippy::core
