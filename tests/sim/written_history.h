// Histories written by hand, and one checker that looks at them.
//
// Purpose: what the tests of the checkers share: three machines that have been well for long.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

using namespace std::chrono_literals;
using core::MoveReason;
namespace event = core::event;

inline const core::Prefix kVip = *core::parse_prefix("10.0.100.1/16");
inline const core::Prefix kOwn = *core::parse_prefix("10.0.0.1/16");

inline std::shared_ptr<const core::Shared> version(std::uint64_t number,
                                                   const std::string& vip = "") {
  auto out = std::make_shared<core::Shared>();
  out->version = number;
  out->nodes = {"a", "b", "c"};
  auto& group = out->groups.emplace_back();
  group.preferred = "b";
  core::Vip first;
  first.text = vip.empty() ? "10.0.100.1" : vip;
  first.address = *core::parse_ip(first.text);
  first.prefix_length = 16;
  group.vips.push_back(first);
  return out;
}

// Interval 10 ms, stale 30 ms, mature 50 ms; machines a, b and c run and hear each other since
// long; a holds the address, and the only host knows it.
class CheckersTest : public testing::Test {
 protected:
  CheckersTest() {
    rules.protocol = 2;
    rules.interval = 10ms;
    rules.stale = 30ms;
    rules.mature = 50ms;
    rules.refresh = 100ms;
    rules.has_guard = true;
    rules.guard_kill = 100ms;
    rules.nodes = {"a", "b", "c"};
  }

  void judge(std::unique_ptr<Checker> checker) {
    Checkers checkers;
    checkers.push_back(std::move(checker));
    jury = std::make_unique<Jury>(rules, std::move(checkers));
    now = Instant(1s);
    for (std::size_t i = 0; i < 3; ++i) {
      see(seen::File{i, version(1)});
      see(seen::Daemon{i, DaemonState::running});
      see(seen::Guard{i, DaemonState::running});
      see(seen::Said{i, event::Started{rules.nodes[i], 1, 1}});
      see(seen::Said{i, event::SelfActive{}});
      for (std::size_t j = 0; j < 3; ++j) {
        if (i != j) see(seen::Hears{i, j, true});
      }
    }
    see(seen::Address{0, kOwn, true, false, By::somebody});
    gets(0);
    see(seen::Spoke{0, kVip.address});
    see(seen::Cached{0, kVip.address, 0});
    now += 10s;
  }

  void see(Happening what) { jury->see({now, std::move(what)}); }
  void gets(std::size_t machine) { see(seen::Address{machine, kVip, true}); }
  void loses(std::size_t machine) { see(seen::Address{machine, kVip, false}); }
  void cause(CauseKind kind, std::size_t machine = kNone) { see(seen::Cause{kind, machine}); }
  void off(std::size_t machine) {
    cause(CauseKind::kill, machine);
    see(seen::Daemon{machine, DaemonState::off});
  }
  void moved(std::size_t sayer, const std::string& from, const std::string& to,
             MoveReason reason) {
    see(seen::Said{sayer, event::GroupMoved{"10.0.100.1", from, to, reason}});
  }
  void peace(Duration within = 100ms) { see(seen::Peace{version(1), within}); }

  void expect_flagged(const std::string& words) {
    jury->end(now);
    ASSERT_FALSE(jury->violations().empty());
    EXPECT_NE(jury->violations().front().text.find(words), std::string::npos)
        << jury->violations().front().text;
  }
  void expect_passed() {
    jury->end(now);
    EXPECT_TRUE(jury->violations().empty()) << jury->violations().front().text;
  }

  Rules rules;
  std::unique_ptr<Jury> jury;
  Instant now;
};

}  // namespace vippy::sim
