#include "ctl/render_why.h"

#include <gtest/gtest.h>

#include "core/rng.h"
#include "ctl/render_json.h"
#include "tests/ctl/golden_status.h"

namespace vippy::ctl {
namespace {

core::Vip vip(const char* text) {
  return {"eth0", text, *core::parse_ip(text), 24, std::nullopt};
}

// a has the first group, nobody the second.
core::Status four_nodes() {
  auto shared = std::make_shared<core::Shared>();
  shared->nodes = {"a", "b", "c", "d"};
  shared->groups = {{"b", {vip("10.0.0.1"), vip("10.0.0.2")}}, {std::nullopt, {vip("fd00::1")}}};
  core::Status status;
  status.identity = "a";
  status.shared = shared;
  status.is_active = true;
  status.peers = {{.name = "a", .is_self = true, .is_active = true},
                  {.name = "b"},
                  {.name = "c", .is_active = true, .was_heard = true, .protocol = 2,
                   .hears_us = true},
                  {.name = "d", .was_heard = true, .protocol = 2, .hears_us = true,
                   .is_leaving = true}};
  const auto since = std::chrono::seconds(3725);
  status.groups = {{0, core::Holding::complete, core::MoveReason::owner_silent, since},
                   {core::kNobody, core::Holding::none, core::MoveReason::nobody_active, since}};
  return status;
}

TEST(RenderWhyTest, TellsOwnerReasonAndWhoElseCould) {
  EXPECT_EQ(render_why(render_json(four_nodes()), "10.0.0.2").value(),
            "10.0.0.1: on a (this node) for 1:02:05; its addresses are up here\n"
            "    why:       the owner before was lost: not heard for longer than stale\n"
            "    prefers:   b\n"
            "    others:    c could take it; b cannot: not heard; d cannot: it stops or is "
            "drained\n");
}

TEST(RenderWhyTest, TellsWhyAGroupStaysAwayFromANodeThatIsBack) {
  auto status = four_nodes();
  status.peers[1] = status.peers[2];
  status.peers[1].name = "b";
  status.failback.reset();
  const auto text = render_why(render_json(status), "10.0.0.1").value();
  EXPECT_NE(text.find("    prefers:   b\n"
                      "    failback:  never: a node that returns takes only what nobody has\n"
                      "    others:    b, c could take it"),
            std::string::npos) << text;
  EXPECT_EQ(render_why(render_json(four_nodes()), "").value().find("failback"), std::string::npos);
}

TEST(RenderWhyTest, TellsWhoRefusesTheGroup) {
  auto status = four_nodes();
  status.groups[0].refused_by = {2};
  const auto text = render_why(render_json(status), "10.0.0.1").value();
  EXPECT_NE(text.find("others:    nobody else could take it; b cannot: not heard; c cannot: it has "
                      "no interface for it, or its kernel refuses it (see its status); d cannot"),
            std::string::npos) << text;
}

TEST(RenderWhyTest, GivesTheJsonOfOneGroup) {
  const auto group = Json::parse(why_json(render_json(four_nodes()), "fd00:0::1/24").value());
  EXPECT_EQ(group.at("group"), "fd00::1");
  EXPECT_EQ(group.at("reason"), "no node is active");
  EXPECT_EQ(group.at("vips").at(0).at("ip"), "fd00::1");
  EXPECT_FALSE(group.contains("peers"));
  EXPECT_EQ(why_json(render_json(four_nodes()), "10.0.0.99").error(), WhyError::no_such_group);
  EXPECT_EQ(why_json("{}", "10.0.0.1").error(), WhyError::not_a_status);
}

TEST(RenderWhyTest, TellsWhyNobodyHasIt) {
  auto status = four_nodes();
  status.is_active = status.peers[0].is_active = status.peers[2].is_active = false;
  status.peers[2].hears_us = false;
  status.inactive_reason = "link down";
  EXPECT_EQ(render_why(render_json(status), "FD00:0::1/64").value(),
            "fd00::1: nobody has it, as far as this node hears, for 1:02:05\n"
            "    why:       no node that is heard here is active\n"
            "    others:    nobody else could take it; a cannot: link down; b cannot: not heard; "
            "c cannot: it does not hear this node; d cannot: it stops or is drained\n");
}

TEST(RenderWhyTest, TellsOfAllGroupsWithoutAnAddress) {
  const auto text = render_why(render_json(four_nodes()), "").value();
  EXPECT_NE(text.find("10.0.0.1: on a"), std::string::npos);
  EXPECT_NE(text.find("fd00::1: nobody"), std::string::npos);
}

// Every reason that a daemon may give is a sentence here.
TEST(RenderWhyTest, KnowsEveryReason) {
  auto status = four_nodes();
  for (int i = 0; i <= static_cast<int>(core::MoveReason::owner_died); ++i) {
    const auto reason = static_cast<core::MoveReason>(i);
    status.groups[0].reason = reason;
    const auto text = render_why(render_json(status), "10.0.0.1").value();
    const auto bare = "why:       " + std::string(core::name(reason)) + "\n";
    EXPECT_EQ(text.find(bare), std::string::npos) << bare;
  }
}

TEST(RenderWhyTest, RefusesUnknownAddressesAndStatusesOfOthers) {
  const auto json = render_json(four_nodes());
  for (const auto* address : {"10.0.0.3", "10.0.0", "x", "/", " "}) {
    EXPECT_EQ(render_why(json, address).error(), WhyError::no_such_group) << address;
  }
  for (const auto& text : {std::string(), std::string("{}"), golden_statuses()[0].status.dump()}) {
    EXPECT_EQ(render_why(text, "").error(), WhyError::not_a_status) << text;
  }
}

TEST(RenderWhyTest, SurvivesChangedStatuses) {
  core::Rng rng(6);
  const auto whole = render_json(four_nodes());
  for (int i = 0; i < 3000; ++i) {
    auto text = whole;
    for (std::uint64_t changes = 1 + rng.below(4); changes > 0; --changes) {
      text[rng.below(text.size())] = static_cast<char>(rng.below(256));
    }
    static_cast<void>(render_why(text, ""));
  }
}

TEST(RenderWhyTest, TellsWhyANodeIsOutAndForHowLong) {
  auto status = four_nodes();
  status.peers[1].out = core::OutReason::never;
  status.peers[3].out = core::OutReason::died;
  status.peers[3].heard_ago = std::chrono::seconds(4);
  EXPECT_NE(render_why(render_json(status), "10.0.0.1").value().find(
                "c could take it; b cannot: was never heard; d cannot: died or hung, its guard "
                "said (heard 4.0 s ago)\n"),
            std::string::npos);
}

}  // namespace
}  // namespace vippy::ctl
