// The paths of announcements on both loops: redundant interfaces, IPv6 groups, unicast peers.
#include <algorithm>

#include "tests/platform/session.h"
#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

using support::Netns;
using support::run;

// Two cables between here (va, vc) and there (vb, vd), each a network of its own.
class ChatTest : public ::testing::TestWithParam<LoopChoice> {
 protected:
  ChatTest() {
    here_.enter();
    run("sysctl -qw net.ipv6.conf.default.accept_dad=0");
    there_.run([] { run("sysctl -qw net.ipv6.conf.default.accept_dad=0"); });
    run("ip link add va type veth peer name vb netns " + there_.path());
    run("ip link add vc type veth peer name vd netns " + there_.path());
    for (const std::string link : {"va", "vc"}) run("ip link set " + link + " up");
    there_.run([] {
      for (const std::string link : {"vb", "vd"}) run("ip link set " + link + " up");
      address("vb", "10.7.0.2/24", "fd00:7::2/64");
      address("vd", "10.8.0.2/24", "fd00:8::2/64");
    });
    address("va", "10.7.0.1/24", "fd00:7::1/64");
    address("vc", "10.8.0.1/24", "fd00:8::1/64");
  }

  static void address(const std::string& link, const std::string& v4, const std::string& v6) {
    run("ip addr add " + v4 + " dev " + link);
    run("ip addr add " + v6 + " dev " + link + " nodad");
  }

  // Both ends, ready to open a chat; the body runs here.
  void with_both(const std::function<void(Session& here, Session& there)>& body) {
    Session here(GetParam());
    std::unique_ptr<Session> there;
    there_.run([&] { there = std::make_unique<Session>(GetParam()); });
    there_session_ = there.get();
    for (auto* session : {&here, there.get()}) ASSERT_TRUE(session->until_tables());
    ASSERT_TRUE(here.until([&] { return runs(here, "va") && runs(here, "vc"); }));
    ASSERT_TRUE(there->until([&] { return runs(*there, "vb") && runs(*there, "vd"); }));
    body(here, *there);
  }

  // The outcome; sockets belong to the namespace in which they are made.
  int open_paths(Session& session, const std::string& group,
                 const std::vector<std::string>& interfaces) {
    int out = -1;
    (&session == there_session_ ? there_ : here_).run([&] {
      out = session.outcome(session.open_paths(group, 4000, interfaces));
    });
    return out;
  }
  int open_peers(Session& session, const std::vector<std::string>& peers,
                 const std::vector<std::string>& interfaces = {"all"}) {
    int out = -1;
    (&session == there_session_ ? there_ : here_).run([&] {
      out = session.outcome(session.open_peers(4000, peers, interfaces));
    });
    return out;
  }

  static bool runs(const Session& session, const std::string& link) {
    const auto found = session.links.find(link);
    return found != session.links.end() && found->second.is_running;
  }

  // On which links a text came in, sorted, one for each copy.
  static std::vector<std::string> heard_on(const Session& session, const std::string& text) {
    std::vector<std::string> out;
    for (const auto& datagram : session.datagrams) {
      if (datagram.text != text) continue;
      for (const auto& [name, link] : session.links) {
        if (link.index == datagram.index) out.push_back(name);
      }
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  // Says it twice: when the second has come in on each of these links, so has all of the first.
  static std::vector<std::string> heard_after(Session& from, Session& to, const std::string& text,
                                              const std::vector<std::string>& links) {
    from.send(text);
    from.send(text + " end");
    EXPECT_TRUE(to.until([&] { return heard_on(to, text + " end").size() >= links.size(); }));
    EXPECT_EQ(heard_on(to, text + " end"), links);
    return heard_on(to, text);
  }

  Session* there_session_ = nullptr;
  Netns there_ = Netns::fresh();
  Netns here_ = Netns::fresh();
};

using Names = std::vector<std::string>;

TEST_P(ChatTest, SeveralInterfacesAreRedundantPaths) {
  with_both([this](Session& here, Session& there) {
    ASSERT_EQ(open_paths(here, "239.1.2.3", {"va", "10.8.0.1"}), 0);
    ASSERT_EQ(open_paths(there, "239.1.2.3", {"vb", "vd"}), 0);
    EXPECT_EQ(heard_after(here, there, "one", {"vb", "vd"}), (Names{"vb", "vd"}));
    EXPECT_EQ(heard_after(there, here, "two", {"va", "vc"}), (Names{"va", "vc"}));
    for (const auto& datagram : there.datagrams) {
      const bool is_first = datagram.index == there.links["vb"].index;
      if (datagram.text != "one") continue;
      EXPECT_EQ(core::format(datagram.source), is_first ? "10.7.0.1" : "10.8.0.1");
    }
    EXPECT_FALSE(heard_on(here, "one").empty()) << "our own come back";
    there_.run([] { run("ip link set vb down"); });
    ASSERT_TRUE(here.until([&] { return !runs(here, "va"); }));
    EXPECT_EQ(heard_after(here, there, "three", {"vd"}), Names{"vd"});
  });
}

TEST_P(ChatTest, WhatBearsOurOwnMarkDoesNotComeBack) {
  for (const std::string group : {"239.1.2.3", "ff02::4242"}) {
    with_both([&](Session& here, Session& there) {
      here.own = OwnMark{4, 0x3132333435363738};
      ASSERT_EQ(open_paths(here, group, {"va"}), 0);
      ASSERT_EQ(open_paths(there, group, {"vb"}), 0);
      const Names others = {"our 12345679", "our 02345678", "our12345678", "our 1234567", "x"};
      here.send("our 12345678");
      here.send("our 12345678 and more");
      for (const auto& text : others) here.send(text);
      for (const auto& text : others) {
        EXPECT_TRUE(here.until([&] { return here.has_datagram(text); })) << text;
      }
      EXPECT_FALSE(here.has_datagram("our 12345678"));
      EXPECT_FALSE(here.has_datagram("our 12345678 and more"));
      EXPECT_TRUE(there.until([&] { return there.has_datagram("x"); }));
      EXPECT_TRUE(there.has_datagram("our 12345678 and more"));
    });
  }
}

TEST_P(ChatTest, TheSameInterfaceTwiceIsOnePath) {
  with_both([this](Session& here, Session& there) {
    ASSERT_EQ(open_paths(there, "239.1.2.3", {"all"}), 0);
    ASSERT_EQ(open_paths(here, "239.1.2.3", {"va", "10.7.0.1"}), 0);
    EXPECT_EQ(heard_after(here, there, "one", {"vb"}), Names{"vb"});
    ASSERT_EQ(open_paths(here, "239.1.2.3", {"all", "vc", "10.7.0.1"}), 0);
    EXPECT_EQ(heard_after(here, there, "two", {"vb", "vd"}), (Names{"vb", "vd"}));
    ASSERT_EQ(open_paths(here, "239.1.2.3", {}), 0);
    EXPECT_EQ(heard_after(here, there, "three", {"vb", "vd"}), (Names{"vb", "vd"}));
  });
}

TEST_P(ChatTest, APathThatIsMissingHoldsNoOtherUp) {
  with_both([this](Session& here, Session& there) {
    ASSERT_EQ(open_paths(there, "239.1.2.3", {"all"}), 0);
    ASSERT_EQ(open_paths(here, "239.1.2.3", {"va", "later"}), 0);
    EXPECT_EQ(heard_after(here, there, "one", {"vb"}), Names{"vb"});
    EXPECT_TRUE(here.has_notice("no interface named later: its announcements wait"));
    EXPECT_FALSE(here.has_notice("named va"));
  });
}

TEST_P(ChatTest, Ipv6GroupsOfEveryScopeGoByAllNamesAndAddresses) {
  const std::vector<Names> choices = {{"all"}, {"va", "vc"}, {"fd00:7::1", "10.8.0.1"}};
  with_both([&, this](Session& here, Session& there) {
    for (const std::string group : {"ff02::7654", "ff05::7654"}) {
      ASSERT_EQ(open_paths(there, group, {"all"}), 0);
      for (const auto& interfaces : choices) {
        there.datagrams.clear();
        ASSERT_EQ(open_paths(here, group, interfaces), 0);
        EXPECT_EQ(heard_after(here, there, "hello", {"vb", "vd"}), (Names{"vb", "vd"}))
            << group << " " << interfaces.front();
        here.datagrams.clear();
        EXPECT_EQ(heard_after(there, here, "answer", {"va", "vc"}), (Names{"va", "vc"}))
            << group << " " << interfaces.front();
      }
    }
  });
}

TEST_P(ChatTest, PeersAreSpokenToOneByOneWithoutAGroup) {
  with_both([this](Session& here, Session& there) {
    ASSERT_EQ(open_peers(there, {"10.7.0.1", "10.7.0.2"}), 0);
    ASSERT_EQ(open_peers(here, {"10.7.0.1", "10.7.0.2", "fd00:8::2"}), 0);
    EXPECT_EQ(heard_after(there, here, "one", {"va"}), Names{"va"});
    EXPECT_EQ(heard_after(here, there, "two", {"vb"}), Names{"vb"}) << "no IPv6 peers there";
    ASSERT_EQ(open_peers(there, {"fd00:8::1", "10.7.0.1"}), 0);
    EXPECT_EQ(heard_after(here, there, "three", {"vb", "vd"}), (Names{"vb", "vd"}));
    for (const auto& datagram : there.datagrams) EXPECT_EQ(datagram.port, 4000);
    EXPECT_TRUE(heard_on(here, "two").empty()) << "our own address is left out";
    EXPECT_FALSE(here.has_notice("was not sent"));
  });
}

TEST_P(ChatTest, PeersInTheNetworkOfAPathAreSentToOnThatPathOnly) {
  with_both([this](Session& here, Session& there) {
    ASSERT_EQ(open_peers(there, {"10.7.0.1"}), 0);
    const Names peers = {"10.7.0.2", "10.8.0.2"};
    ASSERT_EQ(open_peers(here, peers, {"va", "10.8.0.1"}), 0);
    EXPECT_EQ(heard_after(here, there, "one", {"vb", "vd"}), (Names{"vb", "vd"}));
    there_.run([] { run("ip addr add 10.9.0.2/32 dev lo"); });
    ASSERT_EQ(open_peers(here, {"10.9.0.2"}, {"va", "vc"}), 0);
    EXPECT_EQ(heard_after(here, there, "two", {"vb", "vd"}), (Names{"vb", "vd"}))
        << "a peer behind none of them is sent to on each";
  });
}

TEST_P(ChatTest, LinkLocalPeersAreSpokenToOnEveryPath) {
  there_.run([] { run("ip addr add fe80::7777/64 dev vb nodad"); });
  with_both([this](Session& here, Session& there) {
    ASSERT_EQ(open_peers(there, {"fe80::1"}), 0);
    for (const std::string interface : {"va", "all"}) {
      there.datagrams.clear();
      ASSERT_EQ(open_peers(here, {"fe80::7777"}, {interface}), 0);
      EXPECT_EQ(heard_after(here, there, "one", {"vb"}), Names{"vb"}) << interface;
    }
  });
}

TEST_P(ChatTest, AVipIsNeverTheSourceOfWhatPeersHear) {
  run("ip addr del 10.7.0.1/24 dev va");
  with_both([this](Session& here, Session& there) {
    ASSERT_EQ(open_peers(there, {"10.7.0.1"}), 0);
    ASSERT_EQ(here.outcome(here.add("va", "10.7.0.9/24")), 0);
    run("ip addr add 10.7.0.1/24 dev va");
    ASSERT_TRUE(here.until([&] { return here.has_address("va", "10.7.0.1/24"); }));
    ASSERT_EQ(open_peers(here, {"10.7.0.2"}), 0);
    EXPECT_EQ(heard_after(here, there, "one", {"vb"}), Names{"vb"});
    EXPECT_EQ(core::format(there.datagrams.front().source), "10.7.0.1");
  });
}

TEST_P(ChatTest, APeerThatIsNoHostIsRefusedAndTheEarlierChatStays) {
  with_both([this](Session& here, Session& there) {
    ASSERT_EQ(open_peers(there, {"10.7.0.1"}), 0);
    ASSERT_EQ(open_peers(here, {"10.7.0.2"}), 0);
    for (const std::string wrong : {"239.1.2.3", "ff02::1", "0.0.0.0", "::", "255.255.255.255"}) {
      EXPECT_EQ(open_peers(here, {"10.7.0.2", wrong}), EINVAL) << wrong;
    }
    EXPECT_EQ(heard_after(here, there, "one", {"vb"}), Names{"vb"});
  });
}

TEST_P(ChatTest, AHostThatIsItsOnlyPeerIsQuiet) {
  with_both([this](Session& here, Session&) {
    ASSERT_EQ(open_peers(here, {"10.7.0.1", "fd00:7::1"}), 0);
    here.send("nobody");
    here.pump(core::Duration{});
    EXPECT_FALSE(here.has_notice("was not sent"));
    EXPECT_TRUE(here.datagrams.empty());
  });
}

INSTANTIATE_TEST_SUITE_P(Loops, ChatTest,
                         ::testing::Values(LoopChoice::io_uring, LoopChoice::epoll),
                         [](const auto& one) { return loop_name(one.param); });

}  // namespace
}  // namespace vippy::platform
