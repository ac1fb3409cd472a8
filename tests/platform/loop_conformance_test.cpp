// The contract of platform.h on both loops, in network namespaces of the test's own.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>

#include "platform/linux/descriptor.h"
#include "tests/platform/session.h"
#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

using support::Netns;
using support::run;

class LoopTest : public ::testing::TestWithParam<LoopChoice> {
 protected:
  Netns netns_ = Netns::fresh();
};

// A cable between here (va) and another namespace (vb), both up and running.
Netns cable(const Netns& here) {
  auto there = Netns::fresh();
  here.enter();
  run("ip link add va type veth peer name vb netns " + there.path());
  run("ip link set va up");
  there.run([] { run("ip link set vb up"); });
  return there;
}

bool is_running(const Session& session, const std::string& link) {
  const auto found = session.links.find(link);
  return found != session.links.end() && found->second.is_running;
}

TEST_P(LoopTest, SaysItsNameAndWhy) {
  Session session(GetParam());
  EXPECT_EQ(session.platform().name(),
            GetParam() == LoopChoice::io_uring ? "linux/io_uring" : "linux/epoll");
  EXPECT_TRUE(session.until([&] { return session.has_notice("is used: asked for"); }));
  EXPECT_NE(session.platform().seed(), session.platform().seed());
}

TEST_P(LoopTest, SendsTheTablesAtStartInOrder) {
  run("ip link add va type veth peer name vb");
  run("ip addr add 10.0.0.1/24 dev va");
  run("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev va nud permanent");
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  EXPECT_EQ(session.marks, (std::vector<std::string>{"begin links", "complete links",
                                                     "begin addresses", "complete addresses",
                                                     "begin neighbours", "complete neighbours"}));
  EXPECT_TRUE(session.links.contains("lo"));
  EXPECT_FALSE(session.links["lo"].is_ethernet);
  EXPECT_TRUE(session.links["lo"].is_loopback);
  EXPECT_TRUE(session.links["va"].is_ethernet);
  EXPECT_FALSE(session.links["va"].is_loopback);
  EXPECT_FALSE(session.links["va"].mac.is_zero());
  EXPECT_FALSE(session.links["va"].is_running);
  EXPECT_TRUE(session.has_address("va", "10.0.0.1/24"));
  EXPECT_FALSE(session.is_tagged("va", "10.0.0.1/24"));
  EXPECT_EQ(session.neighbours.size(), 1U);
}

TEST_P(LoopTest, SaysWhetherTheHostRoutesIpv6) {
  run("ip link add va type veth peer name vb");
  run("sysctl -qw net.ipv6.conf.va.forwarding=1");
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  EXPECT_TRUE(session.links["va"].forwards_ipv6);
  EXPECT_FALSE(session.links["vb"].forwards_ipv6);
}

TEST_P(LoopTest, MeetsDeadlinesAndPollsWithPastOnes) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  while (session.pump(core::Duration{}) != 0) {
  }
  const auto begin = session.platform().now();
  EXPECT_EQ(session.pump(std::chrono::milliseconds(20)), 0U);
  const auto took = session.platform().now() - begin;
  EXPECT_GE(took, std::chrono::milliseconds(20));
  EXPECT_LT(took, std::chrono::milliseconds(500));
  std::array<Event, 4> events;
  EXPECT_EQ(session.platform().wait(core::Instant{}, events), 0U);
  // As far back as an Instant goes: the difference to now does not fit into a Duration.
  EXPECT_EQ(session.platform().wait(core::Instant::min(), events), 0U);
  EXPECT_LT(session.platform().now() - begin, std::chrono::seconds(1));
}

// In the middle of so many waits.
core::Duration lateness(Platform& platform, core::Duration delay, std::size_t rounds) {
  std::vector<core::Duration> late;
  std::array<Event, 16> events;
  while (late.size() < rounds) {
    const auto deadline = platform.now() + delay;
    if (platform.wait(deadline, events) == 0) late.push_back(platform.now() - deadline);
  }
  std::sort(late.begin(), late.end());
  EXPECT_GE(late.front(), core::Duration{}) << "never before";
  return late[late.size() / 2];
}

// A busy machine is late now and then; a loop that counts in milliseconds always is.
TEST_P(LoopTest, DeadlinesAreMetToSomeMicroseconds) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  EXPECT_TRUE(session.once([&] {
    return lateness(session.platform(), std::chrono::microseconds(300), 21) <
           std::chrono::microseconds(200);
  }));
  EXPECT_TRUE(session.once([&] {
    return lateness(session.platform(), std::chrono::microseconds(500'300), 3) <
           std::chrono::microseconds(300);
  })) << "the kernel's leave to be late grows with the time-out";
}

TEST_P(LoopTest, HearsItselfOnLoopbackWhenThatIsAllThereIs) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ASSERT_EQ(session.outcome(session.open_chat("239.1.2.3", 4000, "all")), 0);
  const auto before = session.platform().now();
  session.send("hello");
  ASSERT_TRUE(session.until([&] { return session.has_datagram("hello"); }));
  const auto& datagram = session.datagrams.front();
  EXPECT_EQ(datagram.index, session.links["lo"].index);
  EXPECT_EQ(datagram.port, 4000);
  EXPECT_EQ(core::format(datagram.source), "127.0.0.1");
  EXPECT_GE(datagram.received, before - std::chrono::milliseconds(5));
  EXPECT_LE(datagram.received, session.platform().now());
}

TEST_P(LoopTest, DatagramsOfEverySizeArriveWholeAndInOrder) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ASSERT_EQ(session.outcome(session.open_chat("127.0.0.1", 4000, "all")), 0);
  std::vector<std::string> sent;
  for (const std::size_t size : {0UL, 1UL, 1400UL, 9000UL, 65'507UL}) sent.emplace_back(size, 'x');
  for (const auto& text : sent) session.send(text);
  ASSERT_TRUE(session.until([&] { return session.datagrams.size() == sent.size(); }));
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(session.datagrams[i].text, sent[i]);
}

TEST_P(LoopTest, ManyDatagramsOutliveTheBuffers) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ASSERT_EQ(session.outcome(session.open_chat("239.1.2.3", 4000, "lo")), 0);
  constexpr int kCount = 1000;
  for (int i = 0; i < kCount; ++i) session.send(std::to_string(i));
  ASSERT_TRUE(session.until([&] { return session.datagrams.size() == kCount; }))
      << session.datagrams.size();
  for (int i = 0; i < kCount; ++i) {
    EXPECT_EQ(session.datagrams[static_cast<std::size_t>(i)].text, std::to_string(i));
  }
}

TEST_P(LoopTest, SpansStayValidWhileASmallOutputIsFilledAgain) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ASSERT_EQ(session.outcome(session.open_chat("239.1.2.3", 4000, "lo")), 0);
  for (int i = 0; i < 300; ++i) session.send("datagram " + std::to_string(i));
  int next = 0;
  const auto end = session.platform().now() + std::chrono::seconds(10);
  while (next < 300 && session.platform().now() < end) {
    std::array<Event, 1> one;
    if (session.platform().wait(session.platform().now(), one) == 0) continue;
    const auto* datagram = std::get_if<Datagram>(one.data());
    if (datagram == nullptr) continue;
    EXPECT_EQ(std::string(datagram->bytes.begin(), datagram->bytes.end()),
              "datagram " + std::to_string(next++));
  }
  EXPECT_EQ(next, 300);
}

TEST_P(LoopTest, ReceiveTimesAreTheKernels) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ASSERT_EQ(session.outcome(session.open_chat("239.1.2.3", 4000, "lo")), 0);
  // The first datagrams may come before the kernel has begun to stamp.
  ASSERT_TRUE(session.once([&] {
    const auto before = session.platform().now();
    session.datagrams.clear();
    session.send("stamped");
    const auto after = session.platform().now();
    while (session.platform().now() < after + std::chrono::milliseconds(30)) {
    }
    session.until([&] { return !session.datagrams.empty(); });
    const auto received = session.datagrams.front().received;
    return received >= before - std::chrono::milliseconds(1) &&
           received <= after + std::chrono::milliseconds(10);
  }));
}

// What did not fit into a batch is not younger for having waited.
TEST_P(LoopTest, ReceiveTimesOfAFloodAreThoseOfItsArrival) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ASSERT_EQ(session.outcome(session.open_chat("239.1.2.3", 4000, "lo")), 0);
  ASSERT_TRUE(session.once([&] {
    session.datagrams.clear();
    for (int i = 0; i < 300; ++i) session.send("flood");
    const auto after = session.platform().now();
    while (session.platform().now() < after + std::chrono::milliseconds(10)) {
    }
    session.until([&] {
      const auto looked = session.platform().now();
      while (session.platform().now() < looked + std::chrono::milliseconds(3)) {
      }
      return session.datagrams.size() >= 300;
    });
    return std::all_of(session.datagrams.begin(), session.datagrams.end(), [&](const auto& one) {
      return one.received <= after + std::chrono::milliseconds(1);
    });
  }));
}

TEST_P(LoopTest, TwoNodesTalkOverTheInterfaceNamedByNameAddressOrAll) {
  for (const std::string how : {"va", "10.7.0.1", "all"}) {
    netns_ = Netns::fresh();
    const auto there = cable(netns_);
    run("ip addr add 10.7.0.1/24 dev va");
    there.run([] { run("ip addr add 10.7.0.2/24 dev vb"); });
    Session here(GetParam());
    ASSERT_TRUE(here.until([&] { return is_running(here, "va"); }));
    ASSERT_TRUE(here.until_tables());
    ASSERT_EQ(here.outcome(here.open_chat("239.1.2.3", 4000, how)), 0);
    there.run([&] {
      Session peer(GetParam());
      ASSERT_TRUE(peer.until([&] { return is_running(peer, "vb"); }));
      ASSERT_TRUE(peer.until_tables());
      ASSERT_EQ(peer.outcome(peer.open_chat("239.1.2.3", 4000, "vb")), 0);
      peer.send("from there");
      here.send("from here");
      EXPECT_TRUE(peer.until([&] { return peer.has_datagram("from here"); })) << how;
      EXPECT_TRUE(here.until([&] { return here.has_datagram("from there"); })) << how;
      EXPECT_TRUE(here.has_datagram("from here")) << "our own come back";
      for (const auto& datagram : peer.datagrams) {
        if (datagram.text != "from here") continue;
        EXPECT_EQ(core::format(datagram.source), "10.7.0.1");
        EXPECT_EQ(datagram.index, peer.links["vb"].index);
      }
    });
  }
}

TEST_P(LoopTest, Ipv6GroupsWorkAndOtherGroupsAreNotHeard) {
  const auto there = cable(netns_);
  for (const std::string group : {"ff02::7654", "ff05::7654"}) {
    Session here(GetParam());
    ASSERT_TRUE(here.until_tables());
    ASSERT_TRUE(here.until([&] { return is_running(here, "va"); }));
    ASSERT_EQ(here.outcome(here.open_chat(group, 4000, "va")), 0);
    Session other(GetParam());
    ASSERT_TRUE(other.until_tables());
    ASSERT_EQ(other.outcome(other.open_chat("ff02::1234", 4000, "va")), 0);
    // A link-local address is tentative for a moment, and nothing leaves from it.
    EXPECT_TRUE(here.until([&] {
      other.send("not for you");
      here.send("hello");
      here.pump(std::chrono::milliseconds(50));
      return here.has_datagram("hello");
    })) << group;
    ASSERT_TRUE(other.until([&] { return other.has_datagram("not for you"); }));
    EXPECT_FALSE(here.has_datagram("not for you"));
    EXPECT_FALSE(other.has_datagram("hello"));
  }
}

TEST_P(LoopTest, SeveralDaemonsOfOneHostShareAGroupButNotAPort) {
  Session first(GetParam());
  Session second(GetParam());
  Session stranger(GetParam());
  ASSERT_TRUE(first.until_tables() && second.until_tables() && stranger.until_tables());
  ASSERT_EQ(first.outcome(first.open_chat("239.1.2.3", 4000, "lo")), 0);
  ASSERT_EQ(second.outcome(second.open_chat("239.1.2.3", 4000, "lo")), 0);
  ASSERT_EQ(stranger.outcome(stranger.open_chat("239.1.2.4", 4000, "lo")), 0);
  first.send("to both");
  stranger.send("elsewhere");
  EXPECT_TRUE(first.until([&] { return first.has_datagram("to both"); }));
  EXPECT_TRUE(second.until([&] { return second.has_datagram("to both"); }));
  EXPECT_TRUE(stranger.until([&] { return stranger.has_datagram("elsewhere"); }));
  EXPECT_EQ(stranger.datagrams.size(), 1U);
  first.pump(core::Duration{});
  EXPECT_FALSE(first.has_datagram("elsewhere"));
}

TEST_P(LoopTest, BroadcastAddressesWork) {
  const auto there = cable(netns_);
  run("ip addr add 10.7.0.1/24 brd + dev va");
  there.run([] { run("ip addr add 10.7.0.2/24 brd + dev vb"); });
  for (const std::string target : {"10.7.0.255", "255.255.255.255"}) {
    Session here(GetParam());
    ASSERT_TRUE(here.until_tables());
    ASSERT_TRUE(here.until([&] { return is_running(here, "va"); }));
    ASSERT_EQ(here.outcome(here.open_chat(target, 4000, "all")), 0);
    there.run([&] {
      Session peer(GetParam());
      ASSERT_TRUE(peer.until_tables());
      ASSERT_EQ(peer.outcome(peer.open_chat(target, 4000, "vb")), 0);
      here.send("to all");
      EXPECT_TRUE(peer.until([&] { return peer.has_datagram("to all"); })) << target;
    });
  }
}

TEST_P(LoopTest, AnInterfaceThatComesLaterIsJoinedAndOneThatComesBackIsJoinedAgain) {
  for (const std::string how : {"va", "10.7.0.1"}) {
    Session session(GetParam());
    ASSERT_TRUE(session.until_tables());
    ASSERT_EQ(session.outcome(session.open_chat("239.1.2.3", 4000, how)), 0);
    EXPECT_TRUE(session.until([&] { return session.has_notice("announcements wait"); }));
    session.send("lost");
    EXPECT_TRUE(session.until([&] { return session.has_notice("was not sent"); }));
    for (int round = 0; round < 2; ++round) {
      run("ip link add va type veth peer name vb");
      run("ip link set vb up");
      run("ip link set va up");
      run("ip addr add 10.7.0.1/24 dev va");
      ASSERT_TRUE(session.until(
          [&] { return is_running(session, "va") && session.has_address("va", "10.7.0.1/24"); }));
      session.datagrams.clear();
      session.send("here");
      EXPECT_TRUE(session.until([&] { return session.has_datagram("here"); })) << how << round;
      run("ip link del va");
      ASSERT_TRUE(session.until([&] { return !session.links.contains("va"); }));
    }
    EXPECT_FALSE(session.has_datagram("lost"));
  }
}

TEST_P(LoopTest, AllMeansEveryRunningInterfaceAlsoLaterOnes) {
  run("ip link add va type veth peer name vb");
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ASSERT_EQ(session.outcome(session.open_chat("239.1.2.3", 4000, "all")), 0);
  session.send("nobody");
  EXPECT_TRUE(session.until([&] { return !session.failed.empty(); }));
  EXPECT_EQ(session.failed.front().os_error, ENETDOWN) << "no path at all";
  EXPECT_TRUE(session.until([&] { return session.has_notice("was not sent"); }))
      << "loopback is used only when it is alone";
  run("ip link set va up");
  run("ip link set vb up");
  run("ip addr add 10.7.0.1/24 dev va");
  ASSERT_TRUE(
      session.until([&] { return is_running(session, "va") && is_running(session, "vb"); }));
  session.send("both");
  EXPECT_TRUE(session.until([&] {
    std::set<InterfaceIndex> indices;
    for (const auto& datagram : session.datagrams) indices.insert(datagram.index);
    return indices.contains(session.links["va"].index) &&
           indices.contains(session.links["vb"].index);
  }));
}

TEST_P(LoopTest, LinkUpDownAndCarrierAreEvents) {
  const auto there = cable(netns_);
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ASSERT_TRUE(session.until([&] { return is_running(session, "va"); }));
  const auto index = session.links["va"].index;
  there.run([] { run("ip link set vb down"); });
  EXPECT_TRUE(session.until([&] { return !is_running(session, "va"); }));
  there.run([] { run("ip link set vb up"); });
  EXPECT_TRUE(session.until([&] { return is_running(session, "va"); }));
  run("ip link set va down");
  EXPECT_TRUE(session.until([&] { return !is_running(session, "va"); }));
  run("ip link set va name vc");
  EXPECT_TRUE(session.until([&] { return session.links.contains("vc"); }));
  EXPECT_EQ(session.links["vc"].index, index);
  EXPECT_FALSE(session.wire->forgotten.empty());
  run("ip link add br0 type bridge");
  run("ip link set vc master br0");
  run("ip link set vc nomaster");
  run("ip link set vc up");
  EXPECT_TRUE(session.until([&] { return is_running(session, "vc"); }))
      << "leaving a bridge is not the end of a link";
  run("ip link del vc");
  EXPECT_TRUE(session.until([&] { return !session.links.contains("vc"); }));
}

TEST_P(LoopTest, AFirewallThatDropsAnnouncementsIsNamed) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ASSERT_EQ(session.outcome(session.open_chat("239.1.2.3", 4000, "lo")), 0);
  run("nft add table inet t");
  run("nft add chain inet t out { type filter hook output priority 0 ; }");
  run("nft add rule inet t out udp dport 4000 drop");
  for (int i = 0; i < 100; ++i) session.send("dropped");
  EXPECT_TRUE(session.until([&] { return session.has_notice("a firewall of this host"); }));
  session.pump(core::Duration{});
  int said = 0;
  for (const auto& notice : session.notices) said += notice.find("firewall") != std::string::npos;
  EXPECT_EQ(said, 1) << "a flood of errors is no flood of notices";
  ASSERT_EQ(session.failed.size(), 1U) << "one for each wait";
  EXPECT_FALSE(session.failed.front().is_frame);
  EXPECT_EQ(session.failed.front().os_error, EPERM);
  session.send("dropped");
  EXPECT_TRUE(session.until([&] { return session.failed.size() == 2; })) << "and each time";
}

TEST_P(LoopTest, AChatThatFailsLeavesTheEarlierOne) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ASSERT_EQ(session.outcome(session.open_chat("239.1.2.3", 4000, "lo")), 0);
  const Descriptor taken(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(4001);
  ASSERT_EQ(::bind(taken.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(session.outcome(session.open_chat("239.1.2.3", 4001, "lo")), EADDRINUSE);
  session.send("still here");
  EXPECT_TRUE(session.until([&] { return session.has_datagram("still here"); }));
  EXPECT_EQ(session.outcome(session.open_chat("239.1.2.9", 4002, "lo")), 0);
  session.send("moved");
  EXPECT_TRUE(session.until([&] { return session.has_datagram("moved"); }));
  EXPECT_EQ(session.datagrams.back().port, 4002);
}

TEST_P(LoopTest, FramesGoToTheInjectorAndItsFailuresAreSaid) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  const std::array<std::uint8_t, 14> frame{};
  session.platform().perform(SendFrame{1, frame});
  EXPECT_EQ(session.wire->frames.size(), 1U);
  session.wire->error = ENETDOWN;
  for (int i = 0; i < 10; ++i) session.platform().perform(SendFrame{1, frame});
  EXPECT_TRUE(
      session.until([&] { return session.has_notice("a frame was not sent on lo: ENETDOWN"); }));
  ASSERT_EQ(session.failed.size(), 1U);
  EXPECT_TRUE(session.failed.front().is_frame);
  EXPECT_EQ(session.failed.front().os_error, ENETDOWN);
  session.platform().perform(UseInjector{77, "carrier pigeon"});
  EXPECT_EQ(session.outcome(77), ENOTSUP);
  session.platform().perform(UseInjector{78, "packet"});
  EXPECT_EQ(session.outcome(78), 0);
}

TEST_P(LoopTest, SignalsAreEvents) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  ::raise(SIGHUP);
  EXPECT_TRUE(session.until([&] { return !session.signals.empty(); }));
  EXPECT_EQ(session.signals.back().signal, Signal::reload);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
    session.signals.clear();
    ::raise(number);
    EXPECT_TRUE(session.until([&] { return !session.signals.empty(); }));
    EXPECT_EQ(session.signals.back().signal, Signal::stop);
    EXPECT_EQ(session.signals.back().number, number);
  }
}

TEST_P(LoopTest, WorkIsDoneBesideTheLoopAndToldOfInOrder) {
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  std::string done;
  for (const char name : {'a', 'b', 'c'}) {
    session.platform().perform(RunBeside{[&done, name] { done += name; }});
  }
  EXPECT_TRUE(session.until([&] { return session.works_done == 3; }));
  EXPECT_EQ(done, "abc");
}

INSTANTIATE_TEST_SUITE_P(Loops, LoopTest,
                         ::testing::Values(LoopChoice::io_uring, LoopChoice::epoll),
                         [](const auto& one) { return loop_name(one.param); });

}  // namespace
}  // namespace vippy::platform
