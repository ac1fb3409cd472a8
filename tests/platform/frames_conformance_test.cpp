// ListenFrames on both loops: what is heard, what is not, and who comes first.
#include <net/if.h>

#include <algorithm>

#include "packet/injector.h"
#include "platform/linux/frame_listener.h"
#include "tests/platform/session.h"
#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

using support::Netns;
using support::run;

constexpr char kOurMark = '\x55';  // last octet of the source MAC of frames that tests send

// A cable between here (va) and there (vb). Frames are sent from there.
class FramesTest : public ::testing::TestWithParam<LoopChoice> {
 protected:
  FramesTest() {
    here_.enter();
    cable();
    int error = 0;
    there_.run([&] { injector_ = packet::make_packet_injector(&error); });
    EXPECT_EQ(error, 0);
  }

  void cable() {
    run("ip link add va type veth peer name vb netns " + there_.path());
    run("ip link set va up");
    there_.run([&] {
      run("ip link set vb up");
      vb_ = ::if_nametoindex("vb");
    });
  }

  // 60 octets with this EtherType; `next` and `type` are where IPv6 and ICMPv6 have them.
  static std::string frame(std::uint16_t ether_type, char next = 0, char type = 0,
                           const std::string& text = "") {
    std::string out(60, '\0');
    out.replace(0, 6, 6, '\xff');
    out[6] = '\x02';
    out[11] = kOurMark;
    out[12] = static_cast<char>(ether_type >> 8U);
    out[13] = static_cast<char>(ether_type & 0xffU);
    out[14] = ether_type == kIpv6 ? '\x60' : '\0';
    out[20] = next;
    out[54] = type;
    return out + text;
  }

  void say(const std::string& bytes) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
    ASSERT_EQ(injector_->inject(vb_, {begin, bytes.size()}), 0);
  }

  static bool runs(const Session& session, const std::string& link) {
    const auto found = session.links.find(link);
    return found != session.links.end() && found->second.is_running;
  }

  void ready(Session& session) {
    ASSERT_TRUE(session.until_tables());
    ASSERT_TRUE(session.until([&] { return runs(session, "va"); }));
  }

  // What tests have sent; the kernels speak, too.
  static std::vector<std::string> heard(const Session& session) {
    std::vector<std::string> out;
    for (const auto& one : session.heard) {
      if (one.bytes.size() >= 60 && one.bytes[11] == kOurMark) out.push_back(one.bytes);
    }
    return out;
  }

  static constexpr std::uint16_t kArp = 0x0806;
  static constexpr std::uint16_t kIpv6 = 0x86dd;
  static constexpr char kIcmp6 = 58;
  static constexpr char kNs = '\x87';
  static constexpr char kNa = '\x88';

  Netns there_ = Netns::fresh();
  Netns here_ = Netns::fresh();
  InterfaceIndex vb_ = 0;
  std::unique_ptr<packet::Injector> injector_;
};

TEST_P(FramesTest, ArpAndNeighbourDiscoveryAreHeardAndNothingElse) {
  Session session(GetParam());
  ready(session);
  const auto va = session.index_of("va");
  session.platform().perform(ListenFrames{va, true});
  session.platform().perform(ListenFrames{va, true});
  const auto before = session.platform().now();
  say(frame(0x0800));
  say(frame(kIpv6, 17, kNs));
  say(frame(kIpv6, kIcmp6, '\x80'));
  say(frame(kIpv6, kIcmp6, '\x86'));
  say(frame(kIpv6, kIcmp6, '\x89'));
  say(frame(0x88b5, kIcmp6, kNs));
  const std::vector<std::string> wanted = {frame(kArp), frame(kArp, 0, 0, "more"),
                                           frame(kIpv6, kIcmp6, kNs), frame(kIpv6, kIcmp6, kNa)};
  for (const auto& one : wanted) say(one);
  const auto after = session.platform().now();
  ASSERT_TRUE(session.until([&] { return heard(session).size() >= wanted.size(); }));
  auto found = heard(session);
  std::sort(found.begin(), found.end());
  auto sorted = wanted;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(found, sorted);
  for (const auto& one : session.heard) {
    EXPECT_EQ(one.index, va);
    if (one.bytes[11] != kOurMark) continue;
    EXPECT_GE(one.received, before - std::chrono::milliseconds(1));
    EXPECT_LE(one.received, after + std::chrono::milliseconds(1));
  }
}

TEST_P(FramesTest, WhatThisHostSendsIsNotHeard) {
  Session session(GetParam());
  ready(session);
  session.platform().perform(ListenFrames{session.index_of("va"), true});
  int error = 0;
  const auto ours = packet::make_packet_injector(&error);
  for (const auto& bytes : {frame(kArp), frame(kIpv6, kIcmp6, kNa)}) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
    ASSERT_EQ(ours->inject(session.index_of("va"), {begin, bytes.size()}), 0);
  }
  say(frame(kArp, 0, 0, "theirs"));
  say(frame(kIpv6, kIcmp6, kNa, "theirs"));
  ASSERT_TRUE(session.until([&] { return heard(session).size() >= 2; }));
  for (const auto& one : heard(session)) EXPECT_EQ(one.substr(60), "theirs");
}

TEST_P(FramesTest, OnlyWhatWasAskedForAndNotAfterItIsOff) {
  run("ip link add other type veth peer name end");
  run("ip link set other up");
  run("ip link set end up");
  Session session(GetParam());
  ready(session);
  ASSERT_TRUE(session.until([&] { return runs(session, "other"); }));
  session.platform().perform(ListenFrames{session.index_of("other"), true});
  say(frame(kArp, 0, 0, "before"));
  session.platform().perform(ListenFrames{session.index_of("va"), true});
  say(frame(kArp, 0, 0, "during"));
  ASSERT_TRUE(session.until([&] { return !heard(session).empty(); }));
  session.platform().perform(ListenFrames{session.index_of("va"), false});
  say(frame(kArp, 0, 0, "off"));
  session.platform().perform(ListenFrames{session.index_of("va"), true});
  say(frame(kArp, 0, 0, "again"));
  ASSERT_TRUE(session.until([&] { return heard(session).size() >= 2; }));
  EXPECT_EQ(heard(session)[0].substr(60), "during");
  EXPECT_EQ(heard(session)[1].substr(60), "again");
}

TEST_P(FramesTest, ALinkThatGoesEndsItAndOneThatWasDownIsHeardAgain) {
  Session session(GetParam());
  ready(session);
  session.platform().perform(ListenFrames{session.index_of("va"), true});
  run("ip link set va down");
  ASSERT_TRUE(session.until([&] { return !runs(session, "va"); }));
  run("ip link set va up");
  ASSERT_TRUE(session.until([&] { return runs(session, "va"); }));
  say(frame(kArp, 0, 0, "up again"));
  ASSERT_TRUE(session.until([&] { return !heard(session).empty(); }));
  run("ip link del va");
  ASSERT_TRUE(session.until([&] { return !session.links.contains("va"); }));
  cable();
  ASSERT_TRUE(session.until([&] { return runs(session, "va"); }));
  say(frame(kArp, 0, 0, "nobody asked"));
  session.platform().perform(ListenFrames{session.index_of("va"), true});
  say(frame(kArp, 0, 0, "asked"));
  ASSERT_TRUE(session.until([&] { return heard(session).size() >= 2; }));
  EXPECT_EQ(heard(session)[1].substr(60), "asked");
}

TEST_P(FramesTest, ARefusalIsSaidOnce) {
  Session session(GetParam());
  ready(session);
  for (int i = 0; i < 3; ++i) {
    session.platform().perform(ListenFrames{session.index_of("lo"), true});
    session.platform().perform(ListenFrames{0xfffffU, true});
    session.platform().perform(ListenFrames{0, true});
  }
  ASSERT_TRUE(session.until([&] { return session.has_notice("not heard on interface 0"); }));
  EXPECT_TRUE(session.has_notice("not heard on lo: it is no Ethernet interface"));
  EXPECT_TRUE(session.has_notice("not heard on interface 1048575: ENODEV"));
  const auto said = std::count_if(
      session.notices.begin(), session.notices.end(),
      [](const std::string& text) { return text.find("not heard") != std::string::npos; });
  EXPECT_EQ(said, 3);
}

// Each of thousands of broadcasts would wake all nodes, while some of them have much to do.
TEST_P(FramesTest, FramesThatFollowEachOtherWakeOnceInAPause) {
  constexpr std::size_t kFrames = 20;
  Session session(GetParam());
  ready(session);
  session.platform().perform(ListenFrames{session.index_of("va"), true});
  const auto began = session.platform().now();
  for (std::size_t i = 0; i < kFrames; ++i) {
    say(frame(kArp, 0, 0, std::to_string(i)));
    ASSERT_TRUE(session.until([&] { return heard(session).size() > i; }));
    EXPECT_EQ(heard(session)[i].substr(60), std::to_string(i));
  }
  EXPECT_GE(session.platform().now() - began, (kFrames - 2) * kFramesPause);
}

TEST_P(FramesTest, AStormOfFramesIsReadInSharesAndTheChatComesFirst) {
  run("ip addr add 10.7.0.1/24 dev va");
  there_.run([] { run("ip addr add 10.7.0.2/24 dev vb"); });
  Session session(GetParam());
  ready(session);
  ASSERT_EQ(session.outcome(session.open_chat("239.1.2.3", 4000, "va")), 0);
  session.platform().perform(ListenFrames{session.index_of("va"), true});
  while (session.pump(core::Duration{}) != 0) {
  }
  constexpr std::size_t kFrames = 150;
  for (std::size_t i = 0; i < kFrames; ++i) say(frame(kArp, 0, 0, std::to_string(i)));
  session.send("chat");
  std::array<Event, 256> events;
  std::size_t frames = 0;
  std::size_t frames_before_chat = 0;
  bool has_chat = false;
  const auto end = session.platform().now() + std::chrono::seconds(10);
  while ((frames < kFrames || !has_chat) && session.platform().now() < end) {
    const auto count = session.platform().wait(session.platform().now(), events);
    std::size_t in_batch = 0;
    for (const auto& event : std::span(events).first(count)) {
      const auto* one = std::get_if<FrameHeard>(&event);
      if (one != nullptr) {
        frames += one->bytes.size() > 60 && one->bytes[11] == kOurMark ? 1 : 0;
        ++in_batch;
      }
      if (!std::holds_alternative<Datagram>(event)) continue;
      has_chat = true;
      frames_before_chat = frames;
      EXPECT_EQ(in_batch, 0U) << "chat comes first";
    }
    EXPECT_LE(in_batch, 64U);
  }
  EXPECT_EQ(frames, kFrames);
  EXPECT_TRUE(has_chat);
  EXPECT_LE(frames_before_chat, 64U) << "and does not wait for the end of the storm";
}

TEST_P(FramesTest, ManyInterfacesShareTheReading) {
  run("ip link add vx type veth peer name vy netns " + there_.path());
  run("ip link set vx up");
  InterfaceIndex vy = 0;
  there_.run([&] {
    run("ip link set vy up");
    vy = ::if_nametoindex("vy");
  });
  Session session(GetParam());
  ready(session);
  ASSERT_TRUE(session.until([&] { return runs(session, "vx"); }));
  for (const std::string link : {"va", "vx"}) {
    session.platform().perform(ListenFrames{session.index_of(link), true});
  }
  while (session.pump(core::Duration{}) != 0) {
  }
  session.heard.clear();
  for (int i = 0; i < 100; ++i) say(frame(kArp));
  std::swap(vb_, vy);
  say(frame(kArp, 0, 0, "the other"));
  ASSERT_TRUE(session.until([&] {
    return !session.heard.empty() && session.heard.back().index == session.index_of("vx");
  }));
  EXPECT_LT(heard(session).size(), 100U) << "one interface's storm is not another one's silence";
}

INSTANTIATE_TEST_SUITE_P(Loops, FramesTest,
                         ::testing::Values(LoopChoice::io_uring, LoopChoice::epoll),
                         [](const auto& one) { return loop_name(one.param); });

}  // namespace
}  // namespace vippy::platform
