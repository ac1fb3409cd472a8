// What can happen to the node that has the addresses.
//
// Purpose: one list of faults and orders for the promises, the comparison and the tests.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace vippy::lab {

enum class Fault : std::uint8_t {
  clean_stop,
  preferred_returns,
  drain,
  undrain,
  reload_moves,
  reload_stays,
  graduation,
  kill_daemon,
  kill_both,
  freeze_daemon,
  cut_silently,
  link_down,
  node_lost,
};
inline constexpr std::array kFaults = {
    Fault::clean_stop,   Fault::preferred_returns, Fault::drain,      Fault::undrain,
    Fault::reload_moves, Fault::reload_stays,      Fault::graduation, Fault::kill_daemon,
    Fault::kill_both,    Fault::freeze_daemon,     Fault::cut_silently, Fault::link_down,
    Fault::node_lost,
};

[[nodiscard]] const char* name_of(Fault fault);  // "kill-daemon"
// What is done, for people.
[[nodiscard]] const char* story_of(Fault fault);
[[nodiscard]] std::optional<Fault> fault_named(const std::string& name);
// The preferred node takes again what others have kept for it.
[[nodiscard]] bool is_return(Fault fault);
// The addresses go to another node by it.
[[nodiscard]] bool is_move(Fault fault);

}  // namespace vippy::lab
