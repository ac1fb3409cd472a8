// errno values as names, classes and remedies: what the operating system meant.
//
// Purpose: one table from errno to its symbolic name, what it means for the core, and what an
//          operator can do about it.
// Purity:  a table; no errno is read here.
// Errors:  an unknown value is class `other` with the name "errno N".
#pragma once

#include <cstdint>
#include <string>

#include "core/failure.h"

namespace vippy::platform {

// The meaning of an errno value for the core; 0 is FailureKind::none.
[[nodiscard]] core::FailureKind classify(int os_error);

// "EPERM: not permitted; vippyd needs CAP_NET_ADMIN and CAP_NET_RAW: run it as root"
[[nodiscard]] std::string explain(int os_error);

}  // namespace vippy::platform
