// This operating system's platform, whichever it is: CMake chooses the folder that implements it.
//
// Purpose: let the hall start without knowing the operating system.
// Errors:  a StartFailure says what, why, and the remedy.
// Order:   make_host_platform() after every fork(); drop_privileges() once everything is open.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

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

}  // namespace vippy::platform
