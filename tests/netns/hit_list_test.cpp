#include "tests/netns/cluster_test.h"
#include "tests/support/capture.h"

namespace vippy::lab {
namespace {

using namespace std::chrono_literals;
using packet::ArpOperation;

// What one round about a VIP consists of.
struct Round {
  Duration at{};
  int requests = 0;  // broadcast, sender == target
  int replies = 0;
};

bool is_announcement(const packet::ArpMessage& arp) {
  return arp.sender_ip == arp.target_ip && arp.ethernet_target == core::Mac::broadcast();
}

// Frames about one address, by kind.
struct Heard {
  std::vector<Round> rounds;
  std::vector<packet::ArpMessage> directed;  // unicast replies
  std::vector<packet::ArpMessage> asked;     // broadcast requests for a host
};

std::vector<Frame> from(std::vector<Frame> frames, core::Mac sender) {
  std::erase_if(frames, [&](const Frame& frame) { return frame.source != sender; });
  return frames;
}

Heard sort_out(const std::vector<Frame>& frames, core::Mac sender) {
  Heard heard;
  for (const auto& frame : from(frames, sender)) {
    if (frame.arp() == nullptr) continue;
    const auto& arp = *frame.arp();
    if (!is_announcement(arp)) {
      (arp.operation == ArpOperation::reply ? heard.directed : heard.asked).push_back(arp);
      continue;
    }
    // When another node held the VIP too, the winner says it once more right away, perhaps before
    // the second form of the first time.
    const bool is_close = !heard.rounds.empty() && frame.at - heard.rounds.back().at < 50ms;
    const bool is_request = arp.operation == ArpOperation::request;
    if (is_close && (is_request || heard.rounds.back().replies > 0)) continue;
    if (is_request) {
      heard.rounds.push_back({frame.at, 1, 0});
    } else if (!heard.rounds.empty()) {
      ++heard.rounds.back().replies;
    }
  }
  return heard;
}

std::vector<std::string> targets(const std::vector<packet::ArpMessage>& messages) {
  std::vector<std::string> out;
  for (const auto& message : messages) out.push_back(core::format(message.target_ip));
  return out;
}

class HitListTest : public ClusterTest {
 protected:
  // n1 injects by AF_PACKET and n2 by libpcap; both know the first host, nobody knows the network.
  Lab& running() {
    auto& cluster = lab();
    auto config = cluster.config(
        Json::array({group_at("n1", {"10.77.1.1/16"}), group_at("n2", {"10.77.1.2/16"}),
                     group_at("n1", {"fd77::9/64"}), group_at("n2", {"fd77::8/64"})}));
    config["notify"] = {"arp-cache", {{"interface", "eth0"}, {"ip", "10.77.5.0/30"}}};
    for (unsigned n = 1; n <= 2; ++n) {
      config["inject"] = n == 1 ? "packet" : "pcap";
      cluster.node(n).write_config(config);
      teach(cluster, n);
      cluster.node(n).start();
    }
    return cluster;
  }

  // The node's kernel knows host 1 for good.
  static void teach(const Lab& cluster, unsigned n) {
    const auto mac = core::format(mac_of(cluster.host(1), "eth0"));
    cluster.space(n).ip("neigh replace 10.77.0.201 lladdr " + mac + " dev eth0 nud permanent\n" +
                        "neigh replace fd77::201 lladdr " + mac + " dev eth0 nud permanent");
  }
};

void expect_rounds(const std::vector<Round>& rounds) {
  ASSERT_EQ(rounds.size(), 4U);
  for (const auto& round : rounds) {
    EXPECT_EQ(round.requests, 1);
    EXPECT_EQ(round.replies, 1);
  }
  const std::array<Duration, 4> due = {0ms, 100ms, 1s, 5s};
  for (std::size_t i = 1; i < due.size(); ++i) {
    const auto after = rounds[i].at - rounds[0].at;
    EXPECT_GE(after, due[i] - 50ms);
    EXPECT_LT(after, due[i] + 900ms);
  }
}

TEST_F(HitListTest, EveryoneIsToldThenTheKnownThenTheNetworkAndAllOfItFourTimes) {
  // Nobody is taken for lost on a busy machine: that would be one round more.
  Capture first(lab({.nodes = 2, .hosts = 2, .stale = 5}).host(1), "eth0");
  Capture second(lab().host(2), "eth0");
  auto& cluster = running();
  const std::array<std::pair<const char*, const char*>, 2> vips = {
      {{"10.77.1.1", "fd77::9"}, {"10.77.1.2", "fd77::8"}}};
  const auto mac_1 = mac_of(cluster.host(1), "eth0");
  for (unsigned n = 1; n <= 2; ++n) {
    const auto owner = mac_of(cluster.space(n), "eth0");
    const auto [v4, v6] = vips[n - 1];
    wait_until("four rounds of frames", [&, v4 = v4, v6 = v6] {
      const auto heard = sort_out(first.about(v4), owner);
      return heard.rounds.size() >= 4 && heard.asked.size() >= 8 && heard.directed.size() >= 4 &&
             from(first.about(v6), owner).size() >= 8;
    });
    const auto told = sort_out(first.about(v4), owner);
    expect_rounds(told.rounds);
    // Host 1 is told by itself, host 2 (whom nobody knows) is not.
    EXPECT_EQ(targets(told.directed), std::vector<std::string>(4, "10.77.0.201"));
    for (const auto& reply : told.directed) EXPECT_EQ(reply.ethernet_target, mac_1);
    const auto overheard = sort_out(second.about(v4), owner);
    EXPECT_EQ(overheard.rounds.size(), 4U);
    EXPECT_TRUE(overheard.directed.empty());
    EXPECT_THAT(targets(overheard.asked),
                testing::ElementsAre("10.77.5.1", "10.77.5.2", "10.77.5.1", "10.77.5.2",
                                     "10.77.5.1", "10.77.5.2", "10.77.5.1", "10.77.5.2"));
    int to_all = 0;
    Duration last = -1s;
    for (const auto& frame : from(second.about(v6), owner)) {
      ASSERT_NE(frame.na(), nullptr);
      EXPECT_EQ(frame.na()->destination, packet::all_nodes_group());
      EXPECT_TRUE(frame.na()->is_override);
      EXPECT_FALSE(frame.na()->is_solicited);
      EXPECT_EQ(frame.na()->link_layer, owner);
      if (frame.at - last >= 50ms) ++to_all;  // once more when another node held it too
      last = frame.at;
    }
    EXPECT_EQ(to_all, 4);
    int directed = 0;
    for (const auto& frame : from(first.about(v6), owner)) {
      if (frame.na() != nullptr && frame.na()->ethernet_target == mac_1) ++directed;
    }
    EXPECT_EQ(directed, 4);
  }
}

TEST_F(HitListTest, ThePaceIsTheNotifyRate) {
  auto& cluster = lab({.nodes = 1});
  auto config = cluster.config(Json::array({group_at("n1", {"10.77.1.1/16"})}));
  config["notify"] = {{{"interface", "eth0"}, {"ip", "10.77.5.0/24"}}};
  config["notify-rate"] = 500;
  Capture capture(cluster.host(), "eth0");
  cluster.start(config);
  const auto asked = [&] {
    std::vector<Duration> times;
    for (const auto& frame : capture.about("10.77.1.1")) {
      if (frame.arp() != nullptr && !is_announcement(*frame.arp())) times.push_back(frame.at);
    }
    return times;
  };
  wait_until("the network has been asked for", [&] { return asked().size() >= 254; });
  const auto times = asked();
  // 254 frames at 500 a second take half a second, whatever happens.
  EXPECT_GT(times[253] - times[0], 450ms);
}

TEST_F(HitListTest, PeersTellOfTheNeighboursThatTheyKnow) {
  auto& cluster = lab();
  teach(cluster, 2);
  const auto config = cluster.config(Json::array({group_at("n1", {"10.77.1.1/16"})}));
  Capture capture(cluster.host(), "eth0");
  cluster.start(config);
  // Only n2's kernel knows the host; n1 tells it all the same.
  wait_until("the host is told", [&] {
    const auto heard = sort_out(capture.about("10.77.1.1"), mac_of(cluster.space(1), "eth0"));
    return !heard.directed.empty();
  });
}

}  // namespace
}  // namespace vippy::lab
