#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/netns/cluster_test.h"

namespace vippy::lab {
namespace {

using namespace std::chrono_literals;

class ProcessTest : public ClusterTest {
 protected:
  Lab& alone() {
    auto& cluster = lab({.nodes = 1});
    cluster.start(cluster.config(Json::array({group({"10.77.1.1/16"})})));
    cluster.wait_held("10.77.1.1", {1});
    return cluster;
  }

  // A line of /proc/PID/status: "CapEff:\t0000000000003000".
  static std::string line(const std::string& text, const std::string& name) {
    const auto at = text.find(name + ":\t");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }

  static int sent(const VippydProcess& daemon) {
    return daemon.must_status()["vippy"]["counters"]["announcements_sent"];
  }
};

TEST_F(ProcessTest, ASecondDaemonOnTheSameSocketSaysWhyItDoesNotStart) {
  auto& cluster = alone();
  AddressWatch watch(cluster.space(1));
  const auto second = run_program({built_program("vippyd"), "--loop", loop_of_environment(), "-n",
                                   "n1", "-c", cluster.node(1).config_file()},
                                  "", &cluster.space(1));
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.output, testing::HasSubstr(": in use by another program (another vippyd?)"));
  EXPECT_THAT(watch.changes(), testing::IsEmpty());
  EXPECT_EQ(cluster.node(1).must_status()["identity"], "n1");
}

// A copy of the file with another socket, as in a container with the host's network.
TEST_F(ProcessTest, ASecondDaemonOfTheSameChatDoesNotFight) {
  auto& cluster = alone();
  AddressWatch watch(cluster.space(1));
  for (const char* interface : {"all", "eth0", "10.77.0.101"}) {
    auto config = cluster.config(Json::array({group({"10.77.1.1/16"})}));
    config["management"] = cluster.node(1).socket() + "2";
    config["chat_interface"] = interface;
    const auto file = cluster.node(1).config_file() + "2";
    write_file(file, config.dump());
    const auto second = run_program({built_program("vippyd"), "--loop", loop_of_environment(),
                                     "-n", "n1", "-c", file},
                                    "", &cluster.space(1));
    EXPECT_EQ(second.code, 1) << interface;
    EXPECT_THAT(second.output, testing::ContainsRegex("cannot open chat .*: in use by another "
                                                      "program .another vippyd.*would fight"));
  }
  EXPECT_THAT(watch.changes(), testing::IsEmpty());
  EXPECT_EQ(cluster.node(1).must_status()["vippy"]["counters"]["ignored"], 0);
}

TEST_F(ProcessTest, TheGuardOfAKilledDaemonSaysWhatItDid) {
  auto& cluster = alone();
  cluster.node(1).mark_log();
  cluster.node(1).kill();
  cluster.node(1).wait_log("vippy-guard: vippyd ended without a word: its guard has said for it "
                           "that this node leaves and removed 1 address");
}

TEST_F(ProcessTest, ItCanBeStartedAgainRightAfterItWasKilled) {
  auto& cluster = alone();
  for (int i = 0; i < 5; ++i) {
    cluster.node(1).kill();
    cluster.node(1).mark_log();
    cluster.node(1).start();
    cluster.node(1).wait_log("started as n1");
  }
}

TEST_F(ProcessTest, OnlyTwoCapabilitiesAreKept) {
  auto& cluster = alone();
  const auto text = read_file("/proc/" + std::to_string(cluster.node(1).pid()) + "/status");
  const std::string kept = "0000000000003000";  // CAP_NET_ADMIN 12, CAP_NET_RAW 13
  EXPECT_EQ(line(text, "Name"), "vippyd");
  EXPECT_EQ(line(text, "CapEff"), kept);
  EXPECT_EQ(line(text, "CapPrm"), kept);
  EXPECT_EQ(line(text, "CapInh"), "0000000000000000");
  EXPECT_EQ(line(text, "CapAmb"), "0000000000000000");
  EXPECT_EQ(line(text, "CapBnd"), kept);
  EXPECT_EQ(line(text, "NoNewPrivs"), "1");
}

TEST_F(ProcessTest, SlowAndHostileClientsDoNotDelayAnnouncements) {
  auto& cluster = alone();
  auto& node = cluster.node(1);
  const auto before = sent(node);
  const auto start = std::chrono::steady_clock::now();
  std::vector<int> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(connect_unix(node.socket()));
    ASSERT_GE(clients.back(), 0);
  }
  // Half a request; many requests and no reading; no HTTP at all.
  const std::string half = "GET /status HTT";
  std::string flood;
  for (int i = 0; i < 2'000; ++i) flood += "GET /status HTTP/1.1\r\n\r\n";
  const std::string noise(100'000, '\x16');
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const auto& text = i % 3 == 0 ? half : i % 3 == 1 ? flood : noise;
    ::send(clients[i], text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  wait_until("20 more announcements", [&] { return sent(node) > before + 20; });
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_EQ(node.must_status()["vippy"]["counters"]["late"], 0);
  for (const auto client : clients) ::close(client);
  EXPECT_TRUE(has_address(cluster.space(1), "10.77.1.1"));
}

TEST_F(ProcessTest, MoreConnectionsThanItTakesAreAnsweredAgainWhenTheyAreGone) {
  auto& cluster = alone();
  std::vector<int> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(connect_unix(cluster.node(1).socket()));
  for (const auto client : clients) {
    if (client >= 0) ::close(client);
  }
  EXPECT_EQ(cluster.node(1).must_status()["identity"], "n1");
}

TEST_F(ProcessTest, AnInterfaceThatComesLaterIsUsed) {
  auto& cluster = lab({.nodes = 1});
  Json late = Json::array({vip("10.78.1.1/16", "late0")});
  cluster.start(cluster.config(Json::array({group({"10.77.1.1/16"}), late})));
  cluster.wait_held("10.77.1.1", {1});
  cluster.node(1).wait_log("10.78.1.1 has no interface on this host");
  cluster.space(1).ip("link add late0 type veth peer name far0\nlink set far0 up\n"
                      "link set late0 up\naddr add 10.78.0.1/16 dev late0");
  cluster.wait_held("10.78.1.1", {1});
  cluster.space(1).ip("link del late0");
  cluster.node(1).wait_log("interface late0 is down");
  EXPECT_TRUE(has_address(cluster.space(1), "10.77.1.1"));
}

}  // namespace
}  // namespace vippy::lab
