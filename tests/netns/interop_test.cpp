// One cluster of vippyd and an independent implementation of protocol 1 (reference_peer.py).
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "tests/netns/cluster_test.h"

namespace vippy::lab {
namespace {

// The other implementation, as node n2: it decides and says so, but plumbs nothing.
class ReferencePeer {
 public:
  ReferencePeer(const NetSpace& space, const Json& config) {
    write_file(config_file_, config.dump());
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int log = ::open(log_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    pid_ = start_program({"python3", VIPPY_SOURCE_DIR "/tests/support/reference_peer.py",
                          config_file_, "n2", "10.77.0.102"},
                         nothing, log, &space);
    ::close(nothing);
    ::close(log);
  }
  ~ReferencePeer() {
    if (pid_ > 0) stop();
  }
  ReferencePeer(const ReferencePeer&) = delete;
  ReferencePeer& operator=(const ReferencePeer&) = delete;

  void stop() {
    ::kill(pid_, SIGTERM);
    EXPECT_EQ(wait_for_end(pid_), 0) << read_file(log_file_);
    pid_ = -1;
  }

  // The last thing it said; null before it said anything.
  [[nodiscard]] Json state() const {
    const auto log = read_file(log_file_);
    const auto end = log.rfind('\n');
    if (end == std::string::npos) return {};
    const auto begin = end == 0 ? std::string::npos : log.rfind('\n', end - 1);
    return Json::parse(log.substr(begin + 1, end - begin - 1), nullptr, false);
  }

 private:
  std::string config_file_ = std::string(kFolder) + "/reference.json";
  std::string log_file_ = std::string(kFolder) + "/reference.log";
  pid_t pid_ = -1;
};

// vippyd's ownership in the other's form: names and bare addresses.
Json ownership(const VippydProcess& node) {
  const auto status = node.must_status();
  Json out = Json::object();
  for (const auto& [owner, groups] : status["state"]["ownership"].items()) {
    out[owner] = Json::array();
    for (const auto& group : groups) {
      Json members = Json::array();
      for (const auto& member : group) {
        members.push_back(member.is_string() ? member : member["ip"]);
      }
      out[owner].push_back(members);
    }
  }
  return out;
}

Json sorted(const Json& ownership) {
  Json out = Json::object();
  for (const auto& [owner, groups] : ownership.items()) {
    std::set<std::string> texts;
    for (const auto& group : groups) texts.insert(group.dump());
    out[owner] = texts;
  }
  return out;
}

// A machine that is busy for a while must not look like a lost node here.
const LabShape kShape = {.stale = 3.0};

class InteropTest : public ClusterTest {
 protected:
  static Json groups() {
    return Json::array({group_at("n1", {"10.77.1.1/16"}), group_at("n2", {"10.77.1.2/16"}),
                        group({"10.77.1.3/16", "10.77.1.4/16"}), group({"10.77.1.5/16"}),
                        group({"10.77.1.6/16"}), group({"fd77::9/64"})});
  }
  // As it is done while a cluster moves to protocol 2.
  static Json speaking_both(Json config) {
    config["protocol"] = "1+2";
    return config;
  }
  static void start_first(Lab& cluster, const Json& config) {
    cluster.node(1).write_config(speaking_both(config));
    cluster.node(1).start();
  }
  static void reload_first(Lab& cluster, const Json& config) {
    cluster.node(1).write_config(speaking_both(config));
    cluster.node(1).reload();
  }
  static void wait_agreed(Lab& cluster, const ReferencePeer& peer) {
    wait_until("both see the same owners", [&] {
      const auto theirs = peer.state();
      return theirs.is_object() && theirs.contains("ownership") &&
             theirs["active"] == Json::array({"n1", "n2"}) &&
             sorted(theirs["ownership"]) == sorted(ownership(cluster.node(1)));
    });
  }
};

TEST_F(InteropTest, BothAgreeOnEveryOwnerAndTakeOverFromEachOther) {
  auto& cluster = lab(kShape);
  const auto config = cluster.config(groups());
  start_first(cluster, config);
  ReferencePeer peer(cluster.space(2), config);
  wait_agreed(cluster, peer);
  cluster.wait_held("10.77.1.1", {1});
  cluster.wait_held("10.77.1.2", {});
  peer.stop();
  cluster.wait_held("10.77.1.2", {1});
}

TEST_F(InteropTest, TheOtherFollowsAVersionThatIsRaisedHere) {
  auto& cluster = lab(kShape);
  auto config = cluster.config(groups());
  start_first(cluster, config);
  const ReferencePeer peer(cluster.space(2), config);
  wait_agreed(cluster, peer);
  config["version"] = 2;
  config["vips"].push_back(group({"10.77.1.7/16"}));
  reload_first(cluster, config);
  wait_until("the other runs version 2", [&] { return peer.state()["version"] == 2; });
  wait_agreed(cluster, peer);
}

TEST_F(InteropTest, AVersionThatIsRaisedThereIsAdoptedHereAndMovesNothingElse) {
  auto& cluster = lab(kShape);
  auto config = cluster.config(groups());
  start_first(cluster, config);
  {
    const ReferencePeer peer(cluster.space(2), config);
    wait_agreed(cluster, peer);
  }
  cluster.wait_held("10.77.1.2", {1});
  config["version"] = 7;
  config["vips"].push_back(group_at("n1", {"10.77.1.7/16"}));
  AddressWatch watch(cluster.space(1));
  const ReferencePeer peer(cluster.space(2), config);
  cluster.wait_held("10.77.1.7", {1});
  wait_agreed(cluster, peer);
  EXPECT_EQ(cluster.node(1).must_status()["config"]["version"], 7);
  EXPECT_FALSE(watch.saw("-10.77.1.1/16"));
}

// The other one matures again on every configuration change: it says that it is inactive, and
// keeps what it has. Nothing may move for that.
TEST_F(InteropTest, APeerThatMaturesAgainKeepsItsGroups) {
  auto& cluster = lab(kShape);
  auto config = cluster.config(groups());
  start_first(cluster, config);
  const ReferencePeer peer(cluster.space(2), config);
  wait_agreed(cluster, peer);
  cluster.wait_held("10.77.1.2", {});
  AddressWatch watch(cluster.space(1));
  config["version"] = 2;
  reload_first(cluster, config);
  wait_until("the other matures again", [&] {
    const auto state = peer.state();
    return state["version"] == 2 && state["mature"] == false;
  });
  wait_agreed(cluster, peer);
  EXPECT_FALSE(watch.saw("+10.77.1.2/16"));
}

}  // namespace
}  // namespace vippy::lab
