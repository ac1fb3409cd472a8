// This operating system's platform, whichever it is: CMake chooses the folder that implements it.
//
// Purpose: let the hall start without knowing the operating system.
// Errors:  a StartFailure says what, why, and the remedy.
// Order:   make_host_platform() after every fork(); drop_privileges() once everything is open;
//          apply_scheduling() before that, later calls get what the limits then allow.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "platform/platform.h"

namespace vippy::platform {

struct StartFailure {
  std::string text;
};

// `loop` is the event loop that is wanted: "auto" or a name that this system knows.
[[nodiscard]] core::Result<std::unique_ptr<Platform>, StartFailure> make_host_platform(
    std::string_view loop);

// Which of the privileges that vippyd needs this process does not have; nullopt: none.
[[nodiscard]] std::optional<std::string> missing_privileges();

// Gives up every privilege that a running vippyd does not need; the text says why it failed.
[[nodiscard]] std::optional<std::string> drop_privileges();

// How this process competes with others. The defaults are what every process has.
struct Scheduling {
  unsigned realtime_priority = 0;  // SCHED_FIFO; 0: as it was started
  bool lock_memory = false;        // no page of the process, now or later, is ever paged out
};

// Applies both, also in place of an earlier choice, to the calling thread and the process. For
// each one that could not be had a text with the remedy; the other one is applied all the same.
[[nodiscard]] std::vector<std::string> apply_scheduling(const Scheduling& scheduling);

// Gives memory back to the system that was needed once, to read and to start.
void return_free_memory();

}  // namespace vippy::platform
