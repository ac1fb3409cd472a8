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

struct RosterOptions {
  std::string plumb;  // the key of that name in vippyd's configuration; empty: left out
};

// "vippy-fast", "vippy-lan", "vippy-classic", "keepalived", "keepalived-many", "ucarp"
[[nodiscard]] const std::vector<std::string>& roster_names();
[[nodiscard]] std::unique_ptr<Contender> make_contender(Lab& lab, const std::string& name,
                                                        const RosterOptions& options);
// Why this one cannot keep so many addresses on so many nodes; empty: it can.
[[nodiscard]] std::string lacks_room(const std::string& name, std::size_t addresses,
                                     unsigned nodes);

}  // namespace vippy::lab
