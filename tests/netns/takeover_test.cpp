#include <csignal>

#include "tests/netns/cluster_test.h"

namespace vippy::lab {
namespace {

using namespace std::chrono_literals;

constexpr const char* kVip = "10.77.1.1";
constexpr const char* kVip6 = "fd77::9";

const Json kGroups =
    Json::array({group_at("n1", {"10.77.1.1/16"}), group_at("n1", {"fd77::9/64"})});

class TakeoverTest : public ClusterTest {
 protected:
  // n1 has both addresses, and a client talks to them.
  Lab& running() {
    auto& cluster = lab();
    return running(cluster.config(kGroups));
  }
  Lab& running(const Json& config) {
    auto& cluster = lab();
    cluster.start(config);
    for (const auto* ip : {kVip, kVip6}) {
      cluster.wait_held(ip, {1});
      cluster.wait_owned(ip, "n1");
    }
    // What a test then takes away, the other one must have known.
    cluster.node(1).wait_log("node n2 is active");
    cluster.node(2).wait_log("node n1 is active");
    echo_.emplace(std::vector<const NetSpace*>{&cluster.space(1), &cluster.space(2)});
    client_.emplace(cluster.host(), std::vector<std::string>{kVip, kVip6}, 200);
    wait_answered(1);
    return cluster;
  }

  void wait_answered(unsigned by) {
    for (const auto* ip : {kVip, kVip6}) {
      wait_until(std::string(ip) + " is answered by n" + std::to_string(by),
                 [&] { return client_->look(ip).last_from == by; });
    }
  }

  void wait_moved(const Lab& cluster, unsigned to) {
    for (const auto* ip : {kVip, kVip6}) {
      cluster.wait_held(ip, {to});
      cluster.wait_neighbour(ip, to);
    }
    wait_answered(to);
  }

  std::optional<Echo> echo_;
  std::optional<Client> client_;
};

TEST_F(TakeoverTest, ACleanStopHandsTheAddressesOver) {
  auto& cluster = running();
  EXPECT_EQ(cluster.node(1).stop(), 0);
  EXPECT_FALSE(has_address(cluster.space(1), kVip));
  wait_moved(cluster, 2);
  EXPECT_THAT(cluster.node(1).log(),
              testing::HasSubstr("stopped, every address that vippyd had set is removed"));
  EXPECT_THAT(cluster.node(2).log(), testing::HasSubstr("node n1 is no longer active, it says"));
  client_->finish();
  EXPECT_LT(client_->look(kVip).longest_gap, 4s);
}

TEST_F(TakeoverTest, AKilledOwnerIsReplacedWithinStale) {
  auto& cluster = running(unguarded(lab().config(kGroups)));
  cluster.node(1).kill();
  // Nobody takes the addresses off the dead node's kernel: the client must learn the new place.
  for (const auto* ip : {kVip, kVip6}) {
    wait_until("n2 has it", [&] { return has_address(cluster.space(2), ip); });
    cluster.wait_neighbour(ip, 2);
  }
  wait_answered(2);
  cluster.node(2).wait_log("node n1 is lost: silent for");
}

TEST_F(TakeoverTest, ACutLinkMovesTheAddresses) {
  auto& cluster = running();
  cluster.cut(1);
  wait_moved(cluster, 2);
  cluster.node(1).wait_log("interface eth0 is down");
  client_->finish();
  EXPECT_LT(client_->look(kVip).longest_gap, 8s);
}

TEST_F(TakeoverTest, ThePreferredNodeTakesItsAddressesBack) {
  auto& cluster = running();
  cluster.node(1).stop();
  wait_moved(cluster, 2);
  cluster.node(1).start();
  wait_moved(cluster, 1);
  cluster.node(2).wait_log("group 10.77.1.1 moves from n2 to n1: ");
}

TEST_F(TakeoverTest, AMendedLinkBringsThePreferredNodeBack) {
  auto& cluster = running();
  cluster.cut(1);
  wait_moved(cluster, 2);
  cluster.mend(1);
  wait_moved(cluster, 1);
}

TEST_F(TakeoverTest, ASilentCutHealsToOneOwnerThatAnnouncesAgain) {
  auto& cluster = running();
  cluster.cut_silently(1);
  for (const auto* ip : {kVip, kVip6}) cluster.wait_held(ip, {1, 2});
  wait_answered(2);
  cluster.node(1).wait_log("node n2 is lost: silent for");
  cluster.node(1).mark_log();
  cluster.mend(1);
  wait_moved(cluster, 1);
  for (const auto* ip : {kVip, kVip6}) cluster.wait_owned(ip, "n1");
  cluster.node(1).wait_log("a split from node n2 healed: 2 addresses announced again");
}

TEST_F(TakeoverTest, AFrozenOwnerIsReplacedAndYieldsWhenItThaws) {
  auto& cluster = running(unguarded(lab().config(kGroups)));
  cluster.node(1).freeze();
  wait_answered(2);
  cluster.node(1).thaw();
  cluster.node(1).wait_log("this node itself was silent for");
  wait_moved(cluster, 1);
}

TEST_F(TakeoverTest, FewRequestsAreLostWhenThePreferredNodeReturns) {
  auto& cluster = running();
  cluster.node(1).stop();
  wait_moved(cluster, 2);
  client_.emplace(cluster.host(), std::vector<std::string>{kVip, kVip6}, 1'000);
  wait_answered(2);
  cluster.node(1).start();
  wait_moved(cluster, 1);
  client_->finish();
  // None or one on an idle machine. IPv6 is not counted: where many namespaces come and go, the
  // kernel takes seconds until an address that it has accepted answers.
  EXPECT_LT(client_->look(kVip).lost(), 1'000U);
}

}  // namespace
}  // namespace vippy::lab
