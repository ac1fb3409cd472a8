#include "ctl/render_json.h"

#include <gtest/gtest.h>

#include "tests/ctl/golden_status.h"

namespace vippy::ctl {
namespace {

core::Vip vip(const char* text) {
  return {"eth0", text, *core::parse_ip(text), 24, std::nullopt};
}

// Two nodes, of which "b" is away, and three groups.
core::Status small_status() {
  auto shared = std::make_shared<core::Shared>();
  shared->nodes = {"a", "b"};
  shared->groups = {{std::nullopt, {vip("10.0.0.1")}},
                    {"a", {vip("10.0.0.2"), vip("10.0.0.3")}},
                    {"b", {vip("10.0.0.4")}}};
  core::Status status;
  status.identity = "a";
  status.shared = shared;
  status.peers = {{"a", true, true, true, std::chrono::milliseconds(1234)}, {"b"}};
  status.groups = {
      {0, core::Holding::complete, core::MoveReason::owner_silent, std::chrono::seconds(61)},
      {0, core::Holding::partial, core::MoveReason::start, std::chrono::microseconds(1500)},
      {core::kNobody, core::Holding::none, core::MoveReason::nobody_active, {}}};
  return status;
}

// dump() keeps the order of keys, so equal texts are equal values with equal key order.
TEST(RenderJsonTest, BeginsWithExactlyWhatTheReferenceShows) {
  for (const auto& [reference, text] : golden_statuses()) {
    auto ours = Json::parse(render_json(status_of(reference)));
    EXPECT_EQ(ours.items().begin().key(), "identity");
    ASSERT_EQ(ours.erase("vippy"), 1U);
    EXPECT_EQ(ours.dump(), reference.dump());
  }
}

TEST(RenderJsonTest, PutsOursLast) {
  const auto ours = Json::parse(render_json(status_of(golden_statuses()[0].status)));
  std::string last;
  for (const auto& [key, value] : ours.items()) last = key;
  EXPECT_EQ(last, "vippy");
}

TEST(RenderJsonTest, ShowsGroupsOfNobodyAndPreferredGroupsFirst) {
  const auto ownership = Json::parse(render_json(small_status()))["state"]["ownership"];
  std::vector<std::string> keys;
  for (const auto& [key, value] : ownership.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"_", "a"}));
  EXPECT_EQ(ownership["_"][0][0], "b");
  EXPECT_EQ(ownership["a"][0][0], "a");
  EXPECT_EQ(ownership["a"][1][0]["ip"], "10.0.0.1");
}

TEST(RenderJsonTest, ShowsActiveNodesThatOwnNothing) {
  auto status = small_status();
  status.peers[1].is_active = true;
  EXPECT_EQ(Json::parse(render_json(status))["state"]["ownership"]["b"], Json::array());
}

TEST(RenderJsonTest, ShowsPeersGroupsAndTroubles) {
  auto status = small_status();
  status.program = "vippyd 0.1.0";
  status.platform = "linux/epoll";
  status.injector = "pcap";
  status.neighbours = 17;
  status.troubles = {{"10.0.0.4", "eth9", "there is no \"eth9\""}};
  const auto ours = Json::parse(render_json(status))["vippy"];
  EXPECT_EQ(ours["peers"].dump(),
            R"([{"name":"a","self":true,"active":true,"heard_ago":1.234,"protocol":null,)"
            R"("hears_us":null,"leaving":false,"longest_gap":0.0},)"
            R"({"name":"b","self":false,"active":false,"heard_ago":null,"protocol":null,)"
            R"("hears_us":null,"leaving":false,"longest_gap":0.0}])");
  EXPECT_EQ(ours["groups"][0].dump(), R"({"group":"10.0.0.1","owner":"a","holding":"complete",)"
                                      R"("reason":"owner silent","since":61.0})");
  EXPECT_EQ(ours["groups"][1]["since"], 0.001);
  EXPECT_EQ(ours["groups"][2]["owner"], nullptr);
  EXPECT_EQ(ours["troubles"][0]["text"], "there is no \"eth9\"");
  EXPECT_EQ(ours["neighbours"], 17);
  EXPECT_EQ(ours["program"], "vippyd 0.1.0");
  EXPECT_EQ(ours["counters"].size(), sizeof(core::Counters) / sizeof(std::uint64_t));
}

TEST(RenderJsonTest, ShowsWhatAPeerSaysOfItself) {
  auto status = small_status();
  status.peers[1].protocol = 2;
  status.peers[1].is_leaving = true;
  status.peers[1].longest_gap = std::chrono::microseconds(1250);
  auto peer = Json::parse(render_json(status))["vippy"]["peers"][1];
  EXPECT_EQ(peer["protocol"], 2);
  EXPECT_EQ(peer["hears_us"], false);
  EXPECT_EQ(peer["leaving"], true);
  EXPECT_EQ(peer["longest_gap"], 0.00125);
  status.peers[1].protocol = 1;
  peer = Json::parse(render_json(status))["vippy"]["peers"][1];
  EXPECT_EQ(peer["protocol"], 1);
  EXPECT_EQ(peer["hears_us"], nullptr);
}

TEST(RenderJsonTest, ShowsWhoHasLearntAndWhoseWordCounts) {
  auto status = small_status();
  status.groups[0].asked = 3;
  status.groups[0].answered = 2;
  auto ours = Json::parse(render_json(status))["vippy"];
  EXPECT_EQ(ours["groups"][0]["asked"], 3);
  EXPECT_FALSE(ours["groups"][0].contains("silent"));
  EXPECT_FALSE(ours["groups"][1].contains("asked"));
  EXPECT_FALSE(ours.contains("witnesses"));
  status.groups[0].converged_in = std::chrono::microseconds(2600);
  status.groups[0].silent = {*core::parse_ip("10.0.0.77")};
  status.witnesses = {{*core::parse_ip("10.0.0.254"), true}};
  ours = Json::parse(render_json(status))["vippy"];
  EXPECT_EQ(ours["groups"][0]["answered"], 2);
  EXPECT_EQ(ours["groups"][0]["converged_in"], 0.0026);
  EXPECT_EQ(ours["groups"][0]["silent"].dump(), R"(["10.0.0.77"])");
  EXPECT_EQ(ours["witnesses"].dump(), R"([{"host":"10.0.0.254","answers":true}])");
}

TEST(RenderJsonTest, ShowsHowTheNodeIsSetAndHowFastItCanBe) {
  auto status = small_status();
  status.is_draining = true;
  status.protocol = core::Protocol::both;
  status.handover = core::HandOver::break_first;
  status.failback = std::chrono::seconds(30);
  status.interval = std::chrono::milliseconds(1);
  status.stale = std::chrono::milliseconds(3);
  status.failover_bound = std::chrono::microseconds(7200);
  status.turn_delay = std::chrono::microseconds(3100);
  auto ours = Json::parse(render_json(status))["vippy"];
  EXPECT_EQ(ours["draining"], true);
  EXPECT_EQ(ours["protocol"], "1+2");
  EXPECT_EQ(ours["handover"], "break-first");
  EXPECT_EQ(ours["failback"], 30.0);
  EXPECT_EQ(ours["interval"], 0.001);
  EXPECT_EQ(ours["stale"], 0.003);
  EXPECT_EQ(ours["failover_bound"], 0.0072);
  EXPECT_EQ(ours["turn_delay"], 0.0031);
  status.failback = core::Duration::zero();
  EXPECT_EQ(Json::parse(render_json(status))["vippy"]["failback"], "immediate");
  status.failback.reset();
  EXPECT_EQ(Json::parse(render_json(status))["vippy"]["failback"], "never");
}

TEST(RenderJsonTest, RendersAnEmptyStatus) {
  const auto ours = Json::parse(render_json(core::Status{}));
  EXPECT_EQ(ours["state"]["ownership"].dump(), R"({"_":[]})");
  EXPECT_EQ(ours["config"].dump(), R"({"version":0,"vips":[],"nodes":[]})");
}

TEST(RenderJsonTest, ShowsTheReasonOfAnInactiveNode) {
  auto status = small_status();
  status.inactive_reason = "link \"eth0\" down";
  EXPECT_EQ(Json::parse(render_json(status))["state"]["inactive_reason"], "link \"eth0\" down");
}

TEST(RenderJsonTest, IsJsonWhateverTheTextsHold) {
  auto status = small_status();
  status.troubles = {{"10.0.0.4", "a\xff\xfe\xc3", "\x80"}, {"\u00fc", "\n", ""}};
  const auto ours = Json::parse(render_json(status))["vippy"]["troubles"];
  EXPECT_EQ(ours[0]["interface"], "a\ufffd\ufffd\ufffd");
  EXPECT_EQ(ours[0]["text"], "\ufffd");
  EXPECT_EQ(ours[1]["vip"], "\u00fc");
}

}  // namespace
}  // namespace vippy::ctl
