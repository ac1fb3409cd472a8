#include "core/advertise.h"

#include <gtest/gtest.h>

#include <map>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

class AdvertiseTest : public testing::Test {
 protected:
  AdvertiseTest() {
    for (InterfaceIndex index : {2U, 3U}) {
      interfaces.on_link({index, "eth" + std::to_string(index - 2), mac(index), true, true, true,
                          index == 3});
    }
    interfaces.on_address({2, *parse_prefix("10.0.0.1/24"), true, false});
  }
  static Mac mac(unsigned number) { return {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(number)}}; }
  static NotifyEntry network(const std::string& prefix) {
    return {NotifyNetwork{"eth0", *parse_prefix(prefix)}};
  }
  void knows(const std::string& address, unsigned number) {
    neighbours.on_local({2, *parse_ip(address), mac(number), true}, now);
  }
  // "host" or "host=last octet of its MAC", blank between them.
  std::string hits(const std::string& vip, const std::vector<NotifyEntry>& notify) {
    const auto prefix = *parse_prefix(vip);
    std::string out;
    for (const auto& hit : hit_list(prefix.address, prefix, notify, neighbours, interfaces)) {
      out += (out.empty() ? "" : " ") + format(hit.host);
      if (hit.mac) out += "=" + std::to_string(hit.mac->octets[5]);
    }
    return out;
  }
  // Those that follow in the other form are counted, and left out of what was sent.
  void take(const Actions& out) {
    for (const auto& action : out) {
      const auto& what = std::get<Advertise>(action);
      if (what.form == AdvertiseForm::everyone_reply) {
        seconds.push_back(what);
      } else {
        sent.push_back(what);
      }
    }
  }
  void start(const std::string& vip, InterfaceIndex index = 2) {
    Actions out;
    advertiser.start(index, *parse_prefix(vip), interfaces, now, out);
    take(out);
  }
  void stop(const std::string& vip) { advertiser.stop(2, *parse_prefix(vip)); }
  void poll() {
    Actions out;
    advertiser.poll(neighbours, interfaces, now, out);
    take(out);
  }
  void run_until(Instant until) {
    while (advertiser.next_deadline() <= until) {
      now = std::max(now, advertiser.next_deadline());
      poll();
    }
    now = until;
  }
  std::size_t count(AdvertiseForm form) const {
    return static_cast<std::size_t>(std::count_if(
        sent.begin(), sent.end(), [&](const Advertise& what) { return what.form == form; }));
  }

  Interfaces interfaces;
  Neighbours neighbours;
  Advertiser advertiser;
  Instant now{100s};
  std::vector<Advertise> sent;
  std::vector<Advertise> seconds;
};

TEST_F(AdvertiseTest, TheFirstBroadcastLeavesWithTheStart) {
  advertiser.configure({}, 1000, 0s);
  start("10.0.0.9/24");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].form, AdvertiseForm::everyone);
  EXPECT_EQ(sent[0].index, 2U);
  EXPECT_EQ(sent[0].mac, mac(2));
  EXPECT_EQ(format(sent[0].vip), "10.0.0.9");
  EXPECT_EQ(advertiser.next_deadline(), now);
  start("fd00::9/64", 3);
  EXPECT_TRUE(sent[1].is_router);
}

TEST_F(AdvertiseTest, TheSecondFormOfAnIpv4AddressFollowsAtOnce) {
  advertiser.configure({}, 1000, 0s);
  start("10.0.0.9/24");
  EXPECT_TRUE(seconds.empty());
  poll();
  ASSERT_EQ(seconds.size(), 1U);
  EXPECT_EQ(format(seconds[0].vip), "10.0.0.9");
  start("fd00::9/64", 3);
  poll();
  EXPECT_EQ(seconds.size(), 1U);
}

TEST_F(AdvertiseTest, SecondFormsDoNotHoldUpTheFirstWordAboutAnotherAddress) {
  advertiser.configure({}, 1000, 0s);
  for (int i = 1; i <= 250; ++i) start("10.0.1." + std::to_string(i) + "/16");
  poll();
  EXPECT_EQ(sent.size(), Advertiser::kBroadcastsPerMs);
  EXPECT_TRUE(seconds.empty());
  run_until(now + 1ms);
  EXPECT_EQ(sent.size(), 250U);
  EXPECT_LE(seconds.size(), 2 * Advertiser::kRepeatsPerMs);
  stop("10.0.1.250/16");
  run_until(now + 20ms);
  ASSERT_EQ(seconds.size(), 249U);
  for (int i = 0; i < 249; ++i) {
    EXPECT_EQ(format(seconds[static_cast<std::size_t>(i)].vip), "10.0.1." + std::to_string(i + 1));
  }
}

TEST_F(AdvertiseTest, SecondFormsWaitUntilHundredsHaveCome) {
  advertiser.configure({}, 1000, 0s);
  unsigned came = 0;
  for (int ms = 0; ms < 5; ++ms) {
    const auto network = "10.0." + std::to_string(ms) + ".";
    for (int i = 1; i <= 100; ++i) start(network + std::to_string(i) + "/16");
    came += 100;
    run_until(now + 1ms);
    EXPECT_EQ(sent.size(), came);
    if (came > Advertiser::kBroadcastsPerMs) {
      EXPECT_LE(seconds.size(), 2 * Advertiser::kRepeatsPerMs);
    }
  }
  run_until(now + Advertiser::kStreamPause);
  const auto before = seconds.size();
  run_until(now + 10ms);
  EXPECT_GE(seconds.size(), before + 9 * Advertiser::kRepeatsPerMs);
  run_until(now + 40ms);
  EXPECT_EQ(seconds.size(), came);
}

TEST_F(AdvertiseTest, InterfacesWithoutEthernetAreNotSpokenOn) {
  interfaces.on_link({4, "tun0", {}, true, true, false, false});
  start("10.0.0.9/24", 4);
  start("10.0.0.9/24", 77);
  EXPECT_TRUE(sent.empty());
  EXPECT_EQ(advertiser.jobs(), 0U);
}

TEST_F(AdvertiseTest, TheHitListIsTheUnionOfNotifyInItsOrderWithoutAnybodyTwice) {
  knows("10.0.0.40", 40);
  knows("10.0.0.21", 21);
  EXPECT_EQ(hits("10.0.0.9/24", {network("10.0.0.20/30"), {}}),
            "10.0.0.21=21 10.0.0.22 10.0.0.40=40");
  EXPECT_EQ(hits("10.0.0.9/24", {{}, network("10.0.0.20/30")}),
            "10.0.0.21=21 10.0.0.40=40 10.0.0.22");
}

TEST_F(AdvertiseTest, TheHitListIsCutToTheNetworkOfTheAddress) {
  knows("10.0.1.7", 7);
  knows("10.0.0.7", 8);
  EXPECT_EQ(hits("10.0.0.9/24", {{}, network("10.0.1.0/24")}), "10.0.0.7=8");
  EXPECT_EQ(hits("10.0.0.9/29", {network("10.0.0.0/24")}),
            "10.0.0.10 10.0.0.11 10.0.0.12 10.0.0.13 10.0.0.14");
  EXPECT_EQ(hits("255.255.255.253/30", {network("255.255.255.252/30")}), "255.255.255.254");
}

TEST_F(AdvertiseTest, NetworkAndBroadcastAddressesOurselvesAndTheAddressItselfAreLeftOut) {
  EXPECT_EQ(hits("10.0.0.2/29", {network("10.0.0.0/29")}), "10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6");
  knows("10.0.0.0", 1);
  knows("10.0.0.7", 1);
  EXPECT_EQ(hits("10.0.0.2/29", {{}}), "");
  EXPECT_EQ(hits("10.0.0.8/31", {network("10.0.0.8/31")}), "10.0.0.9");  // RFC 3021
}

TEST_F(AdvertiseTest, OfIpv6OnlyKnownHostsAreTold) {
  knows("fd00::7", 7);
  knows("10.0.0.7", 8);
  EXPECT_EQ(hits("fd00::9/64", {{}, network("fd00::/120"), network("10.0.0.0/24")}), "fd00::7=7");
}

TEST_F(AdvertiseTest, AHostPrefixUsesTheSubnetOfItsInterface) {
  advertiser.configure({network("10.0.0.20/30"), network("10.5.0.0/30")}, 1000, 0s);
  start("10.0.0.9/32");
  poll();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[1].form, AdvertiseForm::ask_everyone);
  EXPECT_EQ(format(sent[1].host), "10.0.0.21");
  start("10.9.9.9/32");  // no subnet: nobody
  poll();
  EXPECT_EQ(sent.size(), 4U);
}

TEST_F(AdvertiseTest, KnownHostsAreToldDirectlyAndOthersAreAsked) {
  knows("10.0.0.21", 21);
  advertiser.configure({network("10.0.0.20/30")}, 1000, 0s);
  start("10.0.0.9/24");
  poll();
  EXPECT_EQ(sent[1].form, AdvertiseForm::directed);
  EXPECT_EQ(sent[1].host_mac, mac(21));
  EXPECT_EQ(sent[2].form, AdvertiseForm::ask_everyone);
}

TEST_F(AdvertiseTest, AllOfItIsRepeatedAfter100MillisecondsOneAndFiveSeconds) {
  advertiser.configure({network("10.0.0.20/30")}, 1000, 0s);
  const auto began = now;
  start("10.0.0.9/24");
  std::vector<Duration> rounds;
  while (advertiser.next_deadline() != Instant::max()) {
    now = std::max(now, advertiser.next_deadline());
    const auto before = count(AdvertiseForm::everyone);
    poll();
    if (count(AdvertiseForm::everyone) > before) rounds.push_back(now - began);
  }
  EXPECT_EQ(rounds, (std::vector<Duration>{100ms, 1s, 5s}));
  EXPECT_EQ(count(AdvertiseForm::ask_everyone), 8U);
  EXPECT_EQ(advertiser.jobs(), 0U);
}

TEST_F(AdvertiseTest, WithARefreshTheBroadcastAloneGoesOnForGood) {
  advertiser.configure({network("10.0.0.20/30")}, 1000, 60s);
  start("10.0.0.9/24");
  run_until(now + 5s + 600s);
  EXPECT_EQ(count(AdvertiseForm::everyone), 4U + 10U);
  EXPECT_EQ(count(AdvertiseForm::ask_everyone), 8U);
}

TEST_F(AdvertiseTest, StoppedMeansNotOneMoreFrame) {
  advertiser.configure({network("10.0.0.0/24")}, 100, 1s);
  start("10.0.0.9/24");
  start("10.0.0.8/24");
  run_until(now + 50ms);
  sent.clear();
  stop("10.0.0.9/24");
  run_until(now + 20s);
  EXPECT_FALSE(sent.empty());
  for (const auto& what : sent) EXPECT_EQ(format(what.vip), "10.0.0.8");
}

TEST_F(AdvertiseTest, ThePaceIsTheRateOnEachInterface) {
  interfaces.on_address({3, *parse_prefix("10.3.0.1/16"), true, false});
  advertiser.configure({network("10.0.0.0/16"), network("10.3.0.0/16")}, 400, 0s);
  start("10.0.9.9/16", 2);
  start("10.3.9.9/16", 3);
  sent.clear();
  const auto began = now;
  run_until(began + 10s);
  std::map<InterfaceIndex, std::size_t> frames;
  for (const auto& what : sent) {
    if (what.form != AdvertiseForm::everyone) ++frames[what.index];
  }
  for (const InterfaceIndex index : {2U, 3U}) {
    EXPECT_GE(frames[index], 3990U);
    EXPECT_LE(frames[index], 4002U);
  }
}

TEST_F(AdvertiseTest, ManyAddressesAllMakeProgressFromTheBeginning) {
  advertiser.configure({network("10.0.0.0/16")}, 1000, 0s);
  for (int i = 1; i <= 50; ++i) start("10.0.200." + std::to_string(i) + "/16");
  sent.clear();
  run_until(now + 500ms);
  std::map<IpAddress, std::size_t> frames;
  for (const auto& what : sent) {
    if (what.form != AdvertiseForm::everyone) ++frames[what.vip];
  }
  ASSERT_EQ(frames.size(), 50U);
  for (const auto& [vip, count] : frames) {
    EXPECT_GE(count, 9U) << format(vip);
    EXPECT_LE(count, 11U) << format(vip);
  }
}

TEST_F(AdvertiseTest, AddressesOfANetworkShareTheirListAndNobodyIsToldOfItself) {
  advertiser.configure({network("10.0.0.8/29")}, 1000, 0s);
  start("10.0.0.9/24");
  start("10.0.0.10/24");
  run_until(now + 50ms);
  std::map<IpAddress, std::size_t> frames;
  for (const auto& what : sent) {
    if (what.form == AdvertiseForm::everyone) continue;
    EXPECT_NE(what.host, what.vip);
    ++frames[what.vip];
  }
  EXPECT_GE(frames[*parse_ip("10.0.0.9")], 4U);  // .11 to .14
  EXPECT_GE(frames[*parse_ip("10.0.0.10")], 4U);
}

TEST_F(AdvertiseTest, PollingBeforeTheDeadlineChangesNothing) {
  advertiser.configure({network("10.0.0.0/24")}, 333, 2s);
  start("10.0.0.9/24");
  int idle = 0;
  for (int i = 0; i < 500; ++i) {
    const auto due = advertiser.next_deadline();
    if (due > now + 1ns) {
      const auto before = sent.size();
      now = due - 1ns;
      poll();
      ASSERT_EQ(sent.size(), before);
      ASSERT_EQ(advertiser.next_deadline(), due);
    }
    now = std::max(now, due);
    const auto before = sent.size();
    poll();
    // A poll may end a round that the next one follows at once; two idle ones would be a spin.
    idle = sent.size() > before || advertiser.next_deadline() > due ? 0 : idle + 1;
    ASSERT_LE(idle, 1) << i;
  }
}

TEST_F(AdvertiseTest, RefreshesThatWereMissedAreNotMadeUpFor) {
  advertiser.configure({}, 1000, 1s);
  start("10.0.0.9/24");
  run_until(now + 10s);
  sent.clear();
  now += 1h;  // the process was stopped
  for (int i = 0; i < 100 && advertiser.next_deadline() <= now; ++i) poll();
  EXPECT_EQ(sent.size(), 1U);
  EXPECT_GT(advertiser.next_deadline(), now);
}

TEST_F(AdvertiseTest, AnInterfaceThatIsGoneIsNotSpokenOn) {
  advertiser.configure({network("10.0.0.0/24")}, 1000, 1s);
  start("10.0.0.9/24");
  interfaces.on_link({2, "eth0", {}, false, false, false, false});
  sent.clear();
  run_until(now + 10s);
  EXPECT_TRUE(sent.empty());
}

TEST_F(AdvertiseTest, OfManyThatComeTogetherOneAfterTheOtherIsAnnouncedAtAKnownPace) {
  constexpr std::size_t kVips = 10'000;
  advertiser.configure({}, 1000, 0s);
  const auto began = now;
  std::vector<std::string> vips;
  for (std::size_t i = 0; i < kVips; ++i) {
    vips.push_back("10.0." + std::to_string(i / 250 + 1) + "." + std::to_string(i % 250 + 1));
    start(vips.back() + "/16");
  }
  EXPECT_EQ(sent.size(), Advertiser::kBroadcastsPerMs);
  while (sent.size() < kVips) {
    now = std::max(now, advertiser.next_deadline());
    poll();
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(now - began).count() + 1;
    ASSERT_LE(sent.size(), static_cast<std::size_t>(ms) * Advertiser::kBroadcastsPerMs);
  }
  EXPECT_LE(now - began, kVips * 1ms / Advertiser::kBroadcastsPerMs);
  for (std::size_t i = 0; i < kVips; ++i) ASSERT_EQ(format(sent[i].vip), vips[i]);
}

TEST_F(AdvertiseTest, NoMoreLeaveAtOnceThanTheBurst) {
  advertiser.configure({}, 1000, 0s, 32);
  for (int i = 1; i <= 200; ++i) start("10.0.1." + std::to_string(i) + "/16");
  EXPECT_EQ(sent.size(), 32U);
  while (sent.size() < 200) {
    const auto before = sent.size();
    now = std::max(now + 1ns, advertiser.next_deadline());
    poll();
    ASSERT_LE(sent.size() - before, 32U);
  }
}

TEST_F(AdvertiseTest, WhatCameJustNowIsAnnouncedBeforeWhatIsRepeated) {
  advertiser.configure({}, 1000, 0s);
  for (int i = 1; i <= 250; ++i) start("10.0.1." + std::to_string(i) + "/16");
  run_until(now + 99ms);
  sent.clear();
  for (int i = 1; i <= 250; ++i) start("10.0.2." + std::to_string(i) + "/16");
  run_until(now + 40ms);
  ASSERT_EQ(sent.size(), 500U);
  for (int i = 0; i < 250; ++i) EXPECT_EQ(format(sent[i].vip), "10.0.2." + std::to_string(i + 1));
  EXPECT_EQ(format(sent[250].vip), "10.0.1.1");
}

// Many contests one after the other are not to be made up for later.
TEST_F(AdvertiseTest, WhatIsToldManyTimesInAMomentFollowsOnceInTheOtherForm) {
  for (int i = 0; i < 40; ++i) start("10.0.0." + std::to_string(10 + i) + "/24");
  for (int round = 0; round < 5; ++round) {
    Actions out;
    for (int i = 0; i < 40; ++i) {
      const auto vip = *parse_prefix("10.0.0." + std::to_string(10 + i) + "/24");
      advertiser.again(2, vip, interfaces, now, out);
    }
    take(out);
  }
  EXPECT_GE(sent.size(), 100U);
  run_until(now + 50ms);
  EXPECT_EQ(seconds.size(), 40U);
}

TEST_F(AdvertiseTest, WhatIsStoppedWhileItWaitsForItsTurnIsNotAnnounced) {
  advertiser.configure({}, 1000, 0s);
  for (int i = 1; i <= 200; ++i) start("10.0.1." + std::to_string(i) + "/16");
  stop("10.0.1.200/16");
  start("10.0.1.199/16");  // and again: once
  run_until(now + 10ms);
  EXPECT_EQ(sent.size(), 199U);
  EXPECT_EQ(advertiser.jobs(), 199U);
}

}  // namespace
}  // namespace vippy::core
