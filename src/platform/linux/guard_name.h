// Only one guard of a name in a network namespace.
//
// Purpose: a guard that was stopped while its daemon died, and that wakes when another daemon runs
//          already, must not take that one's addresses away.
// Errors:  an errno value; EADDRINUSE: somebody who is not ours has the name.
// Order:   waits up to kFarewell for the earlier guard to end by itself, then kills it.
// Source:  unix(7): names in the abstract space belong to the network namespace, and SO_PEERCRED
//          tells who listens even when that process is stopped.
#pragma once

#include <string_view>

#include "platform/linux/descriptor.h"

namespace vippy::platform {

class GuardName {
 public:
  // No name: nothing is claimed.
  [[nodiscard]] int claim(std::string_view name);

 private:
  Descriptor listener_;
};

}  // namespace vippy::platform
