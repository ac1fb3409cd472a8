// On what, with what and by which command line something was measured.
//
// Purpose: figures that can be judged, and measured again.
// Order:   before enter_world(): git and the host name belong to the outer world.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vippy::lab {

// Keys: kernel, processor, processors, memory_mib, preemption, date, commit, build, command.
[[nodiscard]] nlohmann::ordered_json describe_machine(const std::vector<std::string>& command);

}  // namespace vippy::lab
