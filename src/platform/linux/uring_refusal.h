// Why this system refuses io_uring, in words for an operator.
//
// Purpose: one line for the log and for the error of a forced choice.
// Errors:  an unknown errno is named with its number.
// Source:  Documentation/admin-guide/sysctl/kernel.rst (io_uring_disabled, io_uring_group).
#pragma once

#include <string>
#include <string_view>

namespace vippy::platform {

// `step` is what was asked for ("io_uring_setup"), `os_error` the answer.
[[nodiscard]] std::string explain_uring_refusal(std::string_view step, int os_error);

}  // namespace vippy::platform
