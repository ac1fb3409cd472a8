#include "ctl/render_text.h"

#include <gtest/gtest.h>

#include "core/rng.h"
#include "ctl/render_json.h"
#include "tests/ctl/golden_status.h"

namespace vippy::ctl {
namespace {

std::string with_state(const std::string& state) { return "{\"state\":" + state + "}"; }

// The last line is that of an IPv6 address, which the reference prints without its length.
std::string with_v6_length(std::string lines) {
  lines.insert(lines.rfind('\n'), "/64");
  return lines;
}

TEST(RenderTextTest, PrintsTheReferencesLines) {
  for (const auto& [status, text] : golden_statuses()) {
    EXPECT_EQ(render_text(status.dump(), Detail::brief), text);
    EXPECT_EQ(render_text(render_json(status_of(status)), Detail::brief), text);
  }
}

TEST(RenderTextTest, SaysWhyANodeIsInactive) {
  EXPECT_EQ(render_text(with_state(R"({"active":false,"inactive_reason":"link down",)"
                                   R"("ownership":{"_":[[{"ip":"fd00::1"}]]}})"),
                        Detail::brief),
            "State:  inactive (link down)\n    _: fd00::1\n");
  EXPECT_EQ(render_text(with_state(R"({"active":false,"inactive_reason":null,"ownership":{}})"),
                        Detail::brief),
            "State:  inactive\n");
}

TEST(RenderTextTest, AddsOursWhenVerbose) {
  auto status = status_of(golden_statuses()[0].status);
  status.program = "vippyd 0.1.0";
  status.platform = "linux/epoll";
  status.injector = "packet";
  status.neighbours = 3;
  status.peers[0].was_heard = true;
  status.peers[0].heard_ago = std::chrono::milliseconds(250);
  status.peers[1].was_heard = true;
  status.peers[1].heard_ago = std::chrono::milliseconds(900);
  status.peers[1].protocol = 2;
  status.peers[1].hears_us = true;
  status.peers[1].longest_gap = std::chrono::microseconds(1250);
  status.interval = std::chrono::milliseconds(1);
  status.stale = std::chrono::milliseconds(3);
  status.failover_bound = std::chrono::microseconds(7200);
  status.failback = std::chrono::seconds(30);
  status.groups[1].since = std::chrono::seconds(3725);
  status.groups[1].holding = core::Holding::complete;
  status.troubles = {{"fd77::9", "eth0", "no carrier"}};
  status.guard = core::GuardStatus{4711, 1, 2};
  const auto text = render_text(render_json(status), Detail::verbose).value();
  const auto wanted = with_v6_length(golden_statuses()[0].text) +
                      "Node:   n1, configuration version 1\n"
                      "Daemon: vippyd 0.1.0 on linux/epoll, frames by packet, 3 neighbours known\n"
                      "Guard:  process 4711, restarted 1 times, took this vippyd for hung 2 "
                      "times\n"
                      "Protocol: 2\n"
                      "Failback: after 30 s: a node that returns takes its groups back from "
                      "others once it has been active for 30 s\n"
                      "Hand-over: make-first: the old owner lets go when the new one has it\n"
                      "Failover: at most 7.2 ms (stale 3 ms + interval 1 ms + this machine's "
                      "delay 3.2 ms)\n"
                      "Isolation: hold: alone, this node goes on and takes what it can\n"
                      "Quorum: none: any number of nodes serves\n"
                      "Witness: none is asked\n"
                      "Plumb: address: VIPs as addresses of their interfaces, where they do not "
                      "say otherwise\n"
                      "Peers:\n"
                      "    n1  active  this node\n"
                      "    n2  active  heard 0.9 s ago  protocol 2, hears us, longest silence "
                      "1.2 ms\n"
                      "Groups:\n"
                      "    10.77.1.1  n1  none      for 0.0 s    start\n"
                      "    10.77.1.2  n1  complete  for 1:02:05  start\n"
                      "    fd77::9    n2  none      for 0.0 s    start\n"
                      "Troubles:\n"
                      "    fd77::9  eth0  no carrier (for 0.0 s)\n"
                      "Counters:\n";
  EXPECT_EQ(text.substr(0, wanted.size()), wanted);
  EXPECT_NE(text.find("    announcements_sent      26\n"), std::string::npos) << text;
}

TEST(RenderTextTest, SaysWhetherAGuardRuns) {
  auto status = status_of(golden_statuses()[0].status);
  const auto verbose = [&] { return render_text(render_json(status), Detail::verbose).value(); };
  EXPECT_NE(verbose().find("\nGuard:  none is wanted\n"), std::string::npos);
  status.guard = core::GuardStatus{std::nullopt, 3, 0};
  EXPECT_NE(verbose().find("\nGuard:  NONE RUNS, restarted 3 times, took"), std::string::npos);
}

TEST(RenderTextTest, SaysHowTheNodeIsSetInWordsThatCannotBeMisread) {
  auto status = status_of(golden_statuses()[0].status);
  const auto has = [&](const char* line) {
    const auto text = render_text(render_json(status), Detail::verbose).value();
    return text.find(line) != std::string::npos ? "yes" : text;
  };
  status.failback = core::Duration::zero();
  EXPECT_EQ(has("Failback: immediate: a node that returns takes its groups back at once\n"), "yes");
  status.failback.reset();
  EXPECT_EQ(has("Failback: never: a node that returns takes only what nobody has\n"), "yes");
  status.handover = core::HandOver::break_first;
  EXPECT_EQ(has("Hand-over: break-first: the new owner waits until the old one let go\n"), "yes");
  status.is_draining = true;
  EXPECT_EQ(has("Drained: by the operator; `vippyctl undrain` brings this node back\n"), "yes");
  status.protocol = core::Protocol::both;
  EXPECT_EQ(has("what nobody has (at once while a node speaks only protocol 1)\n"), "yes");
  status.protocol = core::Protocol::v1;
  EXPECT_EQ(has("Failback: immediate: protocol 1 knows nothing else\n"), "yes");
  EXPECT_EQ(has("Hand-over: protocol 1 knows none: both act at once\n"), "yes");
  status.peers[1].was_heard = true;
  status.peers[1].protocol = 2;
  status.peers[1].is_leaving = true;
  EXPECT_EQ(has("protocol 2, DOES NOT HEAR US, leaves or is drained, longest silence 0 ms"), "yes");
}

TEST(RenderTextTest, SaysTroublesBelowTheReferencesLines) {
  auto status = status_of(golden_statuses()[0].status);
  const std::chrono::seconds long_ago(3725);
  const std::chrono::seconds lately(4);
  status.troubles = {{"fd77::9", "eth0", "no carrier", std::chrono::seconds(3)},
                     {"", "", "another secret", long_ago, lately},
                     {"", "", "late", lately, lately}};
  EXPECT_EQ(render_text(render_json(status), Detail::brief).value(),
            golden_statuses()[0].text +
                "Trouble: fd77::9 eth0 no carrier (for 3.0 s)\n"
                "Trouble: another secret (first 1:02:05 ago, last 4.0 s ago)\n"
                "Trouble: late (4.0 s ago)\n");
}

TEST(RenderTextTest, SaysWhenTheDaemonTellsNoMore) {
  const auto golden = golden_statuses()[0];
  EXPECT_EQ(render_text(golden.status.dump(), Detail::verbose),
            with_v6_length(golden.text) + "Node:   n1, configuration version 1\n"
                                          "The daemon at this socket tells no more.\n");
}

TEST(RenderTextTest, RefusesWhatIsNoStatus) {
  for (const auto* text : {"", "null", "[]", "{", R"({"state":{}})",
                           R"({"state":{"ownership":[]}})", R"({"error":"no such command"})",
                           "\xff\xfe", "<html>"}) {
    EXPECT_FALSE(render_text(text, Detail::verbose)) << text;
  }
}

TEST(RenderTextTest, ShowsWhatItCanOfStrangeStatuses) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"active":true,"ownership":{"a":7,"b":[7,[],["x"],[{}],[{"ip":1,"netmask":2}]]}})",
       "State:  active\n    b:\n    b: P(x)\n    b: ?\n    b: ?\n"},
      {R"({"active":1,"inactive_reason":[],"ownership":{}})", "State:  inactive\n"},
      {R"({"active":true,"ownership":{"\u001b[2J\n":[[{"ip":"\u009b1","netmask":"1.2.3.4"}]]}})",
       "State:  active\n    ?[2J?: ??1\n"},
  };
  for (const auto& [state, text] : cases) {
    EXPECT_EQ(render_text(with_state(state), Detail::brief), text);
  }
}

TEST(RenderTextTest, SurvivesDeepNestingAndHugeNumbers) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_FALSE(render_text(R"({"x":)" + deep + R"(,"state":{"ownership":{"a":)" + deep + "}}}",
                           Detail::verbose));
  EXPECT_FALSE(render_text(R"({"x":"\\","y":)" + deep + "}", Detail::brief));
  const std::string text(1000, '[');
  EXPECT_TRUE(render_text(R"({"x":"\"[)" + text + R"(","state":{"ownership":{}}})", Detail::brief));
  EXPECT_TRUE(render_text(R"({"state":{"ownership":{}},"vippy":{"peers":[{"heard_ago":1e308},)"
                          R"({"heard_ago":-1e308}],"groups":[{"since":1e300}],"neighbours":-1}})",
                          Detail::verbose));
}

TEST(RenderTextTest, SurvivesChangedStatuses) {
  core::Rng rng(5);
  const auto whole = render_json(status_of(golden_statuses()[0].status));
  for (int i = 0; i < 3000; ++i) {
    auto text = whole;
    for (std::uint64_t changes = 1 + rng.below(4); changes > 0; --changes) {
      text[rng.below(text.size())] = static_cast<char>(rng.below(256));
    }
    static_cast<void>(render_text(text, Detail::verbose));
  }
}

TEST(RenderTextTest, SaysWhatASplitMeansAndWhyAPeerIsOut) {
  auto status = status_of(golden_statuses()[0].status);
  status.isolation = core::Isolation::release;
  status.quorum = core::Quorum::majority;
  status.plumb = core::Plumb::route;
  status.witnesses = {{*core::parse_ip("10.77.0.1"), true}, {*core::parse_ip("10.77.0.2"), false}};
  status.peers[1].is_active = false;
  status.peers[1].out = core::OutReason::silent;
  const auto text = render_text(render_json(status), Detail::verbose).value();
  for (const auto* line :
       {"Isolation: release: a node that hears nobody, no witness either, steps back\n",
        "Quorum: majority: only nodes that see more than half of the cluster serve\n",
        "Witness: 10.77.0.1 answers, 10.77.0.2 DOES NOT ANSWER\n", "Plumb: route: ",
        "inactive  not heard  lost: fell silent for longer than stale\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

}  // namespace
}  // namespace vippy::ctl
