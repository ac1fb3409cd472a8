// What the daemons of a lab wrote, as lines with times.
//
// Purpose: explain what was measured by what the daemons said about it.
// Units:   Duration of the wall clock, in steps of a millisecond as the daemons stamp.
// Errors:  a line without a stamp (what another program wrote) has the time of the line before.
#pragma once

#include <string>
#include <vector>

#include "tests/support/lab.h"

namespace vippy::lab {

struct DaemonLine {
  Duration at{};
  std::string node;
  std::string text;  // without stamp, priority and process
};

// Of all daemons, in order of time, not older than `since`.
[[nodiscard]] std::vector<DaemonLine> daemon_lines(Lab& lab, Duration since);
// Says why a node stepped back or gave somebody up.
[[nodiscard]] bool is_about_lateness(const std::string& text);
// A group goes from one node to another.
[[nodiscard]] bool is_move(const std::string& text);

}  // namespace vippy::lab
