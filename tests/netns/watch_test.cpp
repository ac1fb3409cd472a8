#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/netns/cluster_test.h"
#include "tests/support/capture.h"

namespace vippy::lab {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* kVip = "10.77.1.1";
const Json kOne = Json::array({group_at("n1", {"10.77.1.1/16"})});

// A host that was given a VIP by mistake and says so.
class Stranger {
 public:
  explicit Stranger(const NetSpace& space) : mac_(mac_of(space, "eth0")) {
    space.ip("addr add 10.77.1.1/16 dev eth0");
    space.in([&] { fd_ = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); });
    where_.sll_family = AF_PACKET;
    where_.sll_ifindex = static_cast<int>(space.index_of("eth0"));
  }
  ~Stranger() { ::close(fd_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  void announce() const {
    std::array<std::uint8_t, packet::kArpFrameBytes> frame{};
    packet::encode(packet::arp_announcement(core::parse_ip(kVip)->v4(), mac_), frame);
    const auto sent = ::sendto(fd_, frame.data(), frame.size(), 0,
                               reinterpret_cast<const sockaddr*>(&where_), sizeof(where_));
    ASSERT_EQ(sent, static_cast<ssize_t>(frame.size()));
  }
  [[nodiscard]] core::Mac mac() const { return mac_; }

 private:
  core::Mac mac_;
  int fd_ = -1;
  sockaddr_ll where_{};
};

// When `mac` announced the VIP to everybody.
std::vector<Duration> announced(Capture& capture, core::Mac mac) {
  std::vector<Duration> out;
  for (const auto& frame : capture.about(kVip)) {
    const auto* arp = frame.arp();
    const bool is_request = arp != nullptr && arp->operation == packet::ArpOperation::request &&
                            arp->sender_ip == arp->target_ip;
    if (is_request && frame.source == mac) out.push_back(frame.at);
  }
  return out;
}

class WatchTest : public ClusterTest {};

TEST_F(WatchTest, AStrangerIsNamedAndSpokenAgainstOnceASecond) {
  auto& cluster = lab({.nodes = 2, .hosts = 2, .stale = 2});
  Capture capture(cluster.host(2), "eth0");
  cluster.start(cluster.config(kOne));
  cluster.wait_held(kVip, {1});
  const auto owner = mac_of(cluster.space(1), "eth0");
  // After the rounds of the take-over n1 has nothing to say by itself for a minute.
  wait_until("the rounds of the take-over", [&] {
    const auto times = announced(capture, owner);
    return times.size() >= 4 && times.back() - times.front() > 4s;
  });
  const auto rounds = announced(capture, owner).size();
  const Stranger stranger(cluster.host(1));
  wait_until("three defences", [&] {
    stranger.announce();
    return announced(capture, owner).size() >= rounds + 3;
  });
  const auto first = announced(capture, stranger.mac()).at(0);
  auto defences = announced(capture, owner);
  defences.erase(defences.begin(), defences.begin() + static_cast<std::ptrdiff_t>(rounds));
  EXPECT_GE(defences[0], first);
  EXPECT_LT(defences[0] - first, 500ms);
  EXPECT_GT(defences[1] - defences[0], 900ms);
  EXPECT_GT(defences[2] - defences[1], 900ms);
  cluster.node(1).wait_log("10.77.1.1 is claimed by " + core::format(stranger.mac()) +
                           " on eth0, which is no node that is heard here");
  EXPECT_THAT(cluster.node(2).log(), testing::Not(testing::HasSubstr("is claimed by")));
  EXPECT_TRUE(has_address(cluster.space(1), kVip));
}

TEST_F(WatchTest, HandOversBetweenNodesAreNoConflicts) {
  auto& cluster = lab({.nodes = 2, .hosts = 1, .stale = 2});
  cluster.start(cluster.config(kOne));
  cluster.wait_held(kVip, {1});
  EXPECT_EQ(cluster.node(1).stop(), 0);
  cluster.wait_held(kVip, {2});
  cluster.node(1).start();
  cluster.wait_held(kVip, {1});
  EXPECT_THAT(cluster.logs(), testing::Not(testing::HasSubstr("is claimed by")));
}

TEST_F(WatchTest, TheReportNamesWhoDoesNotAnswer) {
  auto& cluster = lab({.nodes = 1, .hosts = 3});
  for (const unsigned m : {1U, 2U, 3U}) {
    const auto number = std::to_string(200 + m);
    const auto mac = core::format(mac_of(cluster.host(m), "eth0"));
    cluster.space(1).ip("neigh replace 10.77.0." + number + " lladdr " + mac +
                        " dev eth0 nud permanent");
  }
  const auto mac = core::format(mac_of(cluster.host(1), "eth0"));
  cluster.space(1).ip("neigh replace fd77::201 lladdr " + mac + " dev eth0 nud permanent\n" +
                      "neigh replace fd77::209 lladdr 02:00:00:00:00:99 dev eth0 nud permanent");
  cluster.host(2).sysctl("ipv4/conf/eth0/arp_ignore", "8");
  cluster.start(cluster.config(
      Json::array({group_at("n1", {"10.77.1.1/16"}), group_at("n1", {"fd77::9/64"})})));
  auto& node = cluster.node(1);
  node.wait_log("10.77.1.1 converged in ? ms, 2 of 3 neighbours, silent: 10.77.0.202");
  node.wait_log("fd77::9 converged in ? ms, 1 of 2 neighbours, silent: fd77::209");
  EXPECT_EQ(neighbour(cluster.host(1), kVip), mac_of(cluster.space(1), "eth0"));
}

class WitnessedTest : public WatchTest {
 protected:
  // n1 has the address, and both nodes ask host 1 for its word.
  Lab& running(const std::string& key, const std::string& value) {
    auto& cluster = lab();
    auto config = cluster.config(kOne);
    config[key] = value;
    config["witness"] = {"10.77.0.201"};
    Capture capture(cluster.host(), "eth0");
    cluster.start(config);
    cluster.wait_held(kVip, {1});
    cluster.wait_owned(kVip, "n1");
    wait_until("the witness is asked", [&] {
      return !capture.about("10.77.0.201").empty() || !capture.about("0.0.0.0").empty();
    });
    return cluster;
  }
  static constexpr Duration kStale = 400ms;
};

TEST_F(WitnessedTest, WhoIsCutOffLetsGoAndTheOtherTakesOver) {
  auto& cluster = running("isolation", "release");
  cluster.cut_silently(1);
  const auto began = Clock::now();
  wait_until("n1 lets go", [&] { return !has_address(cluster.space(1), kVip); });
  EXPECT_LT(Clock::now() - began, 2 * kStale + 700ms);
  cluster.wait_held(kVip, {2});
  cluster.node(1).wait_log("this node is inactive: hears no other node, and no witness answers");
  EXPECT_TRUE(holds_for(3 * kStale, [&] {
    return cluster.holders(kVip) == std::vector<unsigned>{2};
  }));
  cluster.mend(1);
  cluster.wait_held(kVip, {1});
}

TEST_F(WitnessedTest, OfTwoHalvesTheOneWithTheWitnessIsTheMajority) {
  auto& cluster = running("quorum", "majority");
  cluster.cut_silently(1);
  cluster.wait_held(kVip, {2});
  cluster.network().ip("link set h1 nomaster");
  cluster.wait_held(kVip, {});
  cluster.network().ip("link set h1 master br0");
  cluster.wait_held(kVip, {2});
}

}  // namespace
}  // namespace vippy::lab
