// Facts about this host that the configuration check wants: its name and its interfaces.
//
// Purpose: `vippyd --check` and the start can warn of VIPs that nothing here can carry.
// Errors:  what cannot be read is left out; the check then says nothing about it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config_check.h"

namespace vippy::hall {

[[nodiscard]] std::string host_name();
[[nodiscard]] std::optional<std::vector<core::LocalInterface>> local_interfaces();

}  // namespace vippy::hall
