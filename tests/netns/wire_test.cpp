#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/auth.h"
#include "core/config.h"
#include "core/wire1.h"
#include "tests/netns/cluster_test.h"

namespace vippy::lab {
namespace {

Json recording(const std::string& name) {
  return Json::parse(read_file(VIPPY_SOURCE_DIR "/tests/golden/vippy1/" + name));
}

// A stranger on the segment who sends to the cluster's address.
class Sender {
 public:
  explicit Sender(const NetSpace& space) {
    space.in([&] { fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); });
    ip_mreqn interface{};
    interface.imr_ifindex = static_cast<int>(space.index_of("eth0"));
    ::setsockopt(fd_, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface);
  }
  ~Sender() { ::close(fd_); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void send(const std::string& bytes) const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(5007);
    ::inet_pton(AF_INET, "224.1.1.1", &to.sin_addr);
    EXPECT_EQ(::sendto(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&to),
                       sizeof to),
              static_cast<ssize_t>(bytes.size()));
  }

 private:
  int fd_ = -1;
};

// What a node with this configuration would say.
std::string announcement(const Json& config, const std::string& me, bool is_active) {
  const auto reading = core::read_config(config.dump());
  core::Announcement out;
  out.me = me;
  out.is_active = is_active;
  out.shared = reading.config->shared;
  out.nonce = std::string(64, '7');
  out.hash = core::AnnouncementHash(*out.shared, reading.config->secret).of(out.nonce);
  std::string bytes;
  core::encode(out, bytes);
  return bytes;
}

class WireTest : public ClusterTest {
 protected:
  static Json counters(const VippydProcess& daemon) {
    return daemon.must_status()["vippy"]["counters"];
  }

  // The reference's configuration of a node, with this lab's times.
  static Json recorded_config(const Lab& cluster, std::size_t node) {
    auto config = recording("status.json")["steady"][node]["config"];
    const auto ours = cluster.config(Json::array());
    for (const auto* key : {"interval", "mature", "stale"}) config[key] = ours[key];
    config.erase("management");
    config["protocol"] = 1;
    return config;
  }
};

TEST_F(WireTest, AnnouncementsOfTheReferenceAreBelieved) {
  auto& cluster = lab({.nodes = 1});
  cluster.node(1).write_config(recorded_config(cluster, 0));
  cluster.node(1).start();
  cluster.wait_held("10.77.1.1", {1});
  cluster.wait_held("fd77::9", {1});
  const Sender sender(cluster.host());
  const auto before = counters(cluster.node(1))["announcements_received"].get<int>();
  const auto recorded = recording("announcements.json")["datagrams"];
  std::string latest;
  for (const auto& datagram : recorded) {
    sender.send(datagram["payload"]);
    if (datagram["me"] == "n2") latest = datagram["payload"];
  }
  wait_until("all of them are counted", [&] {
    return counters(cluster.node(1))["announcements_received"].get<int>() >=
           before + static_cast<int>(recorded.size());
  });
  // As long as n2 is heard it owns what the reference gave to it.
  wait_until("n2 owns its group", [&] {
    sender.send(latest);
    return !has_address(cluster.space(1), "fd77::9");
  });
  sender.send(latest);
  EXPECT_TRUE(cluster.node(1).must_status()["state"]["ownership"].contains("n2"));
  EXPECT_EQ(counters(cluster.node(1))["ignored"], 0);
  cluster.wait_held("fd77::9", {1});
}

TEST_F(WireTest, AHigherVersionFromTheWireIsAdopted) {
  auto& cluster = lab();
  auto config = cluster.config(Json::array({group_at("n1", {"10.77.1.1/16"})}));
  config["protocol"] = 1;
  cluster.start(config);
  cluster.wait_held("10.77.1.1", {1});
  config["version"] = 5;
  config["vips"] =
      Json::array({group_at("n1", {"10.77.1.1/16"}), group_at("n2", {"10.77.1.9/16"})});
  config["nodes"] = {"n1", "n2", "n3"};
  Sender(cluster.host()).send(announcement(config, "n3", false));
  cluster.wait_held("10.77.1.9", {2});
  EXPECT_EQ(cluster.node(1).must_status()["config"]["version"], 5);
  EXPECT_EQ(cluster.node(1).must_status()["config"]["nodes"].size(), 3U);
  EXPECT_EQ(cluster.holders("10.77.1.1"), std::vector<unsigned>{1});
}

TEST_F(WireTest, JunkIsCountedAndChangesNothing) {
  auto& cluster = lab({.nodes = 1});
  auto config = cluster.config(Json::array({group({"10.77.1.1/16"})}));
  config["protocol"] = 1;
  cluster.start(config);
  cluster.wait_held("10.77.1.1", {1});
  AddressWatch watch(cluster.space(1));
  const Sender sender(cluster.host());
  for (const auto& junk : {std::string("not JSON"), std::string("{}"), std::string("[1,2"),
                           std::string(60'000, 'x'), std::string(1, '\0'), std::string()}) {
    sender.send(junk);
  }
  sender.send(announcement(config, "stranger", true));
  config["version"] = 0;
  sender.send(announcement(config, "n1", true));
  config["version"] = 1;
  config["vips"] = Json::array({group({"10.77.1.2/16"})});
  sender.send(announcement(config, "n1", true));
  config["version"] = 9;
  config["secret"] = "guessed";
  sender.send(announcement(config, "n1", true));
  wait_until("all of it is counted",
             [&] { return counters(cluster.node(1))["ignored"].get<int>() >= 10; });
  const auto counted = counters(cluster.node(1));
  EXPECT_EQ(counted["ignored_malformed"], 6);
  EXPECT_EQ(counted["ignored_stranger"], 1);
  EXPECT_EQ(counted["ignored_old"], 1);
  EXPECT_EQ(counted["ignored_differing"], 1);
  EXPECT_EQ(counted["ignored_forged"], 1);
  EXPECT_EQ(cluster.node(1).must_status()["config"]["version"], 1);
  EXPECT_THAT(watch.changes(), testing::IsEmpty());
}

TEST_F(WireTest, VippyctlPrintsWhatTheReferencePrinted) {
  auto& cluster = lab();
  const auto golden = recording("status.json");
  for (unsigned n = 1; n <= 2; ++n) {
    cluster.node(n).write_config(recorded_config(cluster, n - 1));
    cluster.node(n).start();
  }
  cluster.wait_owned("fd77::9", "n2");
  cluster.wait_owned("10.77.1.1", "n1");
  for (unsigned n = 1; n <= 2; ++n) {
    const auto& recorded = golden["steady"][n - 1];
    EXPECT_EQ(cluster.node(n).ctl("status"), recorded["vippyctl"].get<std::string>());
    const auto status = cluster.node(n).must_status();
    EXPECT_EQ(status["config"], recorded["status"]["config"]);
    EXPECT_EQ(status["state"], recorded["status"]["state"]);
  }
  EXPECT_THAT(cluster.node(1).ctl("foo"),
              testing::HasSubstr("\n{\"error\":\"no such command\"}\n"));
  cluster.node(2).stop();
  cluster.wait_owned("fd77::9", "n1");
  EXPECT_EQ(cluster.node(1).ctl("status"), golden["after_stop"]["vippyctl"].get<std::string>());
}

}  // namespace
}  // namespace vippy::lab
