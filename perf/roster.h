// Who can take part in a comparison, by name.
//
// Purpose: vippyd with the profiles of conf/profiles, keepalived and ucarp at their fastest.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "perf/contender.h"

namespace vippy::lab {

// Keys of vippyd's configuration that take the place of its profile's.
struct RosterOptions {
  std::string plumb;    // empty: as in the profile
  double interval = 0;  // seconds; zero: as in the profile
  double stale = 0;
};
[[nodiscard]] Json keys_of(const RosterOptions& options);

// "vippy-fast", "vippy-lan", "vippy-classic", "keepalived", "keepalived-many", "ucarp"
[[nodiscard]] const std::vector<std::string>& roster_names();
[[nodiscard]] std::unique_ptr<Contender> make_contender(Lab& lab, const std::string& name,
                                                        const RosterOptions& options);
// Why this one cannot keep so many addresses on so many nodes; empty: it can.
[[nodiscard]] std::string lacks_room(const std::string& name, std::size_t addresses,
                                     unsigned nodes);

}  // namespace vippy::lab
