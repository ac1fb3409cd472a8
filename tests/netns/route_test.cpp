// VIPs that are plumbed as local host routes: the same promises as for addresses, and thousands.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <set>

#include "packet/arp.h"
#include "tests/netns/cluster_test.h"

namespace vippy::lab {
namespace {

using namespace std::chrono_literals;

const std::string kVip = "10.77.1.1";
const Json kOne = Json::array({group_at("n1", {"10.77.1.1/16"})});

// Asks by ARP, as a neighbour does that knows nothing yet.
class ArpAsker {
 public:
  explicit ArpAsker(const NetSpace& space) : mac_(mac_of(space, "eth0")) {
    space.in([&] {
      fd_ = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP));
      sockaddr_ll at{};
      at.sll_family = AF_PACKET;
      at.sll_protocol = htons(ETH_P_ARP);
      at.sll_ifindex = static_cast<int>(::if_nametoindex("eth0"));
      if (::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
        throw std::runtime_error("a packet socket is refused");
      }
    });
  }
  ~ArpAsker() { ::close(fd_); }
  ArpAsker(const ArpAsker&) = delete;
  ArpAsker& operator=(const ArpAsker&) = delete;

  // Who answers for each of them, asked until all have answered.
  std::map<std::string, core::Mac> ask(const std::vector<std::string>& vips) {
    std::map<std::string, core::Mac> answers;
    wait_until("all of them are answered for", [&] {
      for (const auto& vip : vips) {
        if (answers.contains(vip)) continue;
        send(vip);
        read(answers, 0);
      }
      read(answers, 20);
      return answers.size() == vips.size();
    });
    return answers;
  }

 private:
  void send(const std::string& vip) const {
    std::array<std::uint8_t, 128> frame{};
    const auto own = core::parse_ip("10.77.0.201")->v4();
    const auto size = packet::encode(
        packet::arp_request(own, mac_, core::parse_ip(vip)->v4(), core::Mac::broadcast()), frame);
    static_cast<void>(::send(fd_, frame.data(), size, 0));
  }
  void read(std::map<std::string, core::Mac>& answers, int patience_ms) const {
    std::array<std::uint8_t, 128> frame{};
    pollfd ready{fd_, POLLIN, 0};
    while (::poll(&ready, 1, patience_ms) == 1) {
      const auto count = ::recv(fd_, frame.data(), frame.size(), MSG_DONTWAIT);
      if (count <= 0) return;
      const auto arp = packet::decode_arp(std::span(frame).first(static_cast<std::size_t>(count)));
      const bool is_answer =
          arp && arp->operation == packet::ArpOperation::reply && arp->ethernet_target == mac_;
      if (is_answer) answers[core::format(core::IpAddress(arp->sender_ip))] = arp->sender_mac;
    }
  }

  core::Mac mac_;
  int fd_ = -1;
};

class RouteTest : public ClusterTest {
 protected:
  static Json by_route(Json config) {
    config["plumb"] = "route";
    return config;
  }
  // The nodes whose kernel has the route, and none the address.
  static void wait_routed(const Lab& cluster, const std::string& ip, std::vector<unsigned> by) {
    wait_until(ip + " is a route where it should be", [&] {
      std::vector<unsigned> found;
      for (unsigned n = 1; n <= cluster.nodes(); ++n) {
        if (has_route(cluster.space(n), ip)) found.push_back(n);
      }
      return found == by;
    });
    EXPECT_TRUE(cluster.holders(ip).empty());
  }
  static void reload(Lab& cluster, unsigned n, const Json& config) {
    cluster.node(n).write_config(config);
    cluster.node(n).reload();
  }
};

TEST_F(RouteTest, AStopHandsOverAndTheReturnTakesBack) {
  auto& cluster = lab();
  cluster.start(by_route(cluster.config(kOne)));
  wait_routed(cluster, kVip, {1});
  cluster.wait_owned(kVip, "n1");
  cluster.node(2).wait_log("node n1 is active");
  ArpAsker client(cluster.host());
  EXPECT_EQ(client.ask({kVip}).at(kVip), mac_of(cluster.space(1), "eth0"));
  const auto echo = cluster.echo();
  Client talker(cluster.host(), {kVip}, 200);
  wait_until("n1 answers", [&] { return talker.look(kVip).last_from == 1; });
  EXPECT_EQ(cluster.node(1).stop(), 0);
  wait_routed(cluster, kVip, {2});
  wait_until("n2 answers", [&] { return talker.look(kVip).last_from == 2; });
  cluster.node(1).start();
  wait_routed(cluster, kVip, {1});
  wait_until("n1 answers again", [&] { return talker.look(kVip).last_from == 1; });
}

TEST_F(RouteTest, TheGuardRemovesTheRoutesOfAKilledDaemon) {
  auto& cluster = lab();
  cluster.start(by_route(cluster.config(kOne)));
  wait_routed(cluster, kVip, {1});
  cluster.node(1).wait_log("guarded by process");
  cluster.node(2).wait_log("node n1 is active");
  cluster.node(1).kill();
  wait_routed(cluster, kVip, {2});
}

TEST_F(RouteTest, LeftoversAreKnownByTheirMarkAndForeignRoutesStay) {
  auto& cluster = lab({.nodes = 1});
  const auto groups = Json::array({group({"10.77.1.1/16"}), group({"10.77.1.2/16"})});
  auto config = unguarded(by_route(cluster.config(groups)));
  cluster.start(config);
  wait_routed(cluster, kVip, {1});
  wait_routed(cluster, "10.77.1.2", {1});
  cluster.node(1).kill();
  EXPECT_EQ(local_routes(cluster.space(1)).size(), 2U);
  cluster.space(1).ip("route add local 10.77.1.9 dev eth0 table local scope host proto static");
  config["vips"] = Json::array({group({"10.77.1.1/16"}), group({"10.77.1.9/16"})});
  cluster.node(1).write_config(config);
  cluster.node(1).start();
  cluster.node(1).wait_log("10.77.1.2 on eth0 was left over from an earlier run: removed");
  wait_routed(cluster, "10.77.1.2", {});
  wait_routed(cluster, "10.77.1.9", {1});  // ours beside theirs
  EXPECT_TRUE(has_route(cluster.space(1), kVip));
  EXPECT_EQ(cluster.node(1).stop(), 0);
  EXPECT_TRUE(local_routes(cluster.space(1)).empty());
  EXPECT_EQ(local_routes(cluster.space(1), 4), std::vector<std::string>{"10.77.1.9"});
}

TEST_F(RouteTest, WhatIsLostIsPutBackAlsoWhenTheKernelDoesNotSaySo) {
  auto& cluster = lab({.nodes = 1});
  cluster.start(by_route(cluster.config(kOne)));
  wait_routed(cluster, kVip, {1});
  cluster.space(1).ip("route del local 10.77.1.1 dev eth0 table local");
  cluster.node(1).wait_log("somebody else removed 10.77.1.1 from eth0: putting it back");
  wait_routed(cluster, kVip, {1});
  // Without its last address an interface loses its routes, and nobody is told.
  cluster.node(1).mark_log();
  cluster.space(1).ip("addr del 10.77.0.101/16 dev eth0\naddr add 10.77.0.101/16 dev eth0");
  wait_until("it was missed", [&] {
    return cluster.node(1).new_log().find("somebody else removed 10.77.1.1") != std::string::npos;
  });
  wait_routed(cluster, kVip, {1});
  cluster.space(1).ip("link set eth0 down\nlink set eth0 up");
  cluster.node(1).wait_log("interface eth0 is up");
  wait_routed(cluster, kVip, {1});
}

TEST_F(RouteTest, AReloadChangesTheFormWithoutAGap) {
  auto& cluster = lab({.nodes = 1});
  const auto by_address = cluster.config(kOne);
  auto config = by_address;
  config["nodes"] = {"n1"};
  cluster.start(config);
  cluster.wait_held(kVip, {1});
  const auto echo = cluster.echo();
  Client talker(cluster.host(), {kVip}, 500);
  wait_until("it answers", [&] { return talker.look(kVip).last_from == 1; });
  for (int i = 0; i < 3; ++i) {
    reload(cluster, 1, by_route(config));
    wait_until("it is a route", [&] {
      return has_route(cluster.space(1), kVip) && !has_address(cluster.space(1), kVip);
    });
    reload(cluster, 1, config);
    wait_until("it is an address", [&] {
      return !has_route(cluster.space(1), kVip) && has_address(cluster.space(1), kVip);
    });
  }
  const auto before = talker.look(kVip).answered;
  wait_until("it goes on", [&] { return talker.look(kVip).answered > before + 10; });
  talker.finish();
  EXPECT_EQ(talker.look(kVip).lost(), 0U);
}

TEST_F(RouteTest, AThousandVipsOfALostNodeAnswerOnTheOthers) {
  constexpr unsigned kVips = 1'000;
  LabShape shape;
  shape.nodes = 3;
  auto& cluster = lab(shape);
  std::vector<std::string> vips;
  auto groups = Json::array();
  for (unsigned i = 0; i < kVips; ++i) {
    vips.push_back("10.77." + std::to_string(1 + i / 250) + "." + std::to_string(1 + i % 250));
    groups.push_back(group_at("n1", {vips.back() + "/16"}));
  }
  cluster.start(unguarded(by_route(cluster.config(groups))));
  wait_until("n1 has all of them", [&] {
    return local_routes(cluster.space(1)).size() == kVips &&
           local_routes(cluster.space(2)).empty() && local_routes(cluster.space(3)).empty();
  });
  ArpAsker client(cluster.host());
  for (const auto& [vip, mac] : client.ask(vips)) {
    ASSERT_EQ(mac, mac_of(cluster.space(1), "eth0")) << vip;
  }
  const auto began = std::chrono::steady_clock::now();
  cluster.cut_silently(1);
  ArpAsker later(cluster.host());  // without what n1 answered twice
  const auto answers = later.ask(vips);
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_LT(took, 10 * (400ms + 150ms));
  std::map<core::Mac, std::size_t> shares;
  for (const auto& [vip, mac] : answers) ++shares[mac];
  const auto second = shares[mac_of(cluster.space(2), "eth0")];
  const auto third = shares[mac_of(cluster.space(3), "eth0")];
  EXPECT_EQ(second + third, kVips);
  EXPECT_GT(second, kVips / 3);
  EXPECT_GT(third, kVips / 3);
}

}  // namespace
}  // namespace vippy::lab
