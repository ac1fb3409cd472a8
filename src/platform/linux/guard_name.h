// Only one guard of a name in a network namespace.
//
// Purpose: a guard that was stopped while its daemon died, and that wakes when another daemon runs
//          already, must not take that one's addresses away.
// Errors:  an errno value; EADDRINUSE: somebody who is not ours has the name.
// Order:   waits up to kFarewell for the earlier guard to end by itself, then kills it.
// Source:  unix(7): names in the abstract space belong to the network namespace, and SO_PEERCRED
//          tells who listens even when that process is stopped.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "platform/linux/abstract_name.h"
#include "platform/linux/descriptor.h"

namespace vippy::platform {

// A descriptor of this process of ours, if the name is its. The number may be another process's by
// the time that it is opened: if its first bearer has the name still, it did not end in between.
[[nodiscard]] Descriptor open_owner(const AbstractName& name, pid_t pid);

class GuardName {
 public:
  static constexpr std::string_view kSpace = "vippy-guard/";

  // No name: nothing is claimed.
  [[nodiscard]] int claim(std::string_view name);

 private:
  Descriptor listener_;
};

}  // namespace vippy::platform
