#include "log_text.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

namespace vippy::hall {
namespace {

using core::LogEvent;
using core::Priority;
namespace event = core::event;

template <std::size_t... I>
std::vector<LogEvent> one_of_each(std::index_sequence<I...>) {
  return {LogEvent(std::in_place_index<I>)...};
}

TEST(LogTextTest, EachEventIsOneLineOfItsOwnWithoutANewline) {
  std::set<std::string> lines;
  for (const auto& event :
       one_of_each(std::make_index_sequence<std::variant_size_v<LogEvent>>())) {
    const auto line = describe(event);
    EXPECT_FALSE(line.text.empty()) << event.index();
    EXPECT_EQ(line.text.find('\n'), std::string::npos) << line.text;
    EXPECT_TRUE(lines.insert(line.text).second) << line.text;
  }
}

TEST(LogTextTest, WhatNeedsAnOperatorIsCriticalAndWhatGoesByItselfIsANotice) {
  using namespace std::chrono_literals;
  const std::pair<LogEvent, Priority> cases[] = {
      {event::NotANode{"a"}, Priority::crit},
      {event::PeerDiffers{"b", 3}, Priority::crit},
      {event::PeerOld{"b", 2, 3}, Priority::crit},
      {event::ConfigNotAdopted{"b", 3, "why"}, Priority::crit},
      {event::VipHasNoInterface{"10.0.0.9"}, Priority::crit},
      {event::OpenFailed{"chat", core::FailureKind::in_use}, Priority::crit},
      {event::PeerSilent{"b", 3s}, Priority::err},
      {event::AddressFailed{"10.0.0.9", "eth0", true, core::FailureKind::other}, Priority::err},
      {event::Stopped{1}, Priority::err},
      {event::Stopped{0}, Priority::notice},
      {event::GroupMoved{"10.0.0.9", "a", "_", core::MoveReason::nobody_active}, Priority::notice},
      {event::AddressUp{"10.0.0.9", "eth0"}, Priority::notice},
  };
  for (const auto& [event, priority] : cases) {
    EXPECT_EQ(describe(event).priority, priority) << describe(event).text;
  }
}

TEST(LogTextTest, TheWordsHoldTheFields) {
  using namespace std::chrono_literals;
  EXPECT_EQ(describe(event::GroupMoved{"10.0.0.9", "a", "b", core::MoveReason::owner_silent}).text,
            "group 10.0.0.9 moves from a to b: owner silent");
  EXPECT_EQ(describe(event::PeerSilent{"b", 3000500us}).text,
            "node b is lost: silent for 3000.5 ms");
  EXPECT_EQ(describe(event::AddressFailed{"10.0.0.9", "eth0", false,
                                          core::FailureKind::no_resources}).text,
            "10.0.0.9 cannot be removed from eth0: the system is short of resources; trying again");
}

TEST(LogTextTest, ATakeOverThatNobodyAnsweredHasNotConverged) {
  const auto line = describe(core::event::Converged{"10.0.0.9", {}, 0, 1, "10.0.0.7"});
  EXPECT_EQ(line.text, "no neighbour of 10.0.0.9 has shown that it has learnt the new MAC (silent: "
                       "10.0.0.7)");
  EXPECT_EQ(line.priority, core::Priority::notice);
}

}  // namespace
}  // namespace vippy::hall
