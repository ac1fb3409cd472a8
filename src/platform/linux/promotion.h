// Does an interface promote secondary IPv4 addresses when their primary goes?
//
// Purpose: the question before a removal; docs/adr/0003-secondary-addresses.md is the answer.
// Errors:  what cannot be read counts as off, the kernel's default.
// Order:   asks the kernel for the name each time: an interface may have been renamed.
// Source:  Documentation/networking/ip-sysctl.rst, promote_secondaries: on for an interface when
//          it is on for "all" or for the interface.
#pragma once

#include "platform/platform.h"

namespace vippy::platform {

[[nodiscard]] bool promotes_secondaries(InterfaceIndex index);

}  // namespace vippy::platform
