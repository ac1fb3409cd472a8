// Only one daemon of a chat in a network namespace.
//
// Purpose: a second daemon on the same group, port and interface would add and remove the same
//          addresses of the same host. Management sockets do not tell: a copy of the file may name
//          another one, and a container with the host's network has its own folders.
// Bounds:  one name in the abstract space for each path.
// Errors:  an errno value; EADDRINUSE: another process has one of the paths. Names that are held by
//          somebody who may not change addresses are not believed.
// Source:  unix(7): names in the abstract space belong to the network namespace.
#pragma once

#include <map>
#include <string>

#include "platform/linux/descriptor.h"
#include "platform/platform.h"

namespace vippy::platform {

class ChatClaim {
 public:
  // In place of an earlier claim, which stays when this fails.
  [[nodiscard]] int claim(const OpenChat& request);
  // Sees off those that asked who holds it, so that the next one can ask.
  void turn_away() const;

 private:
  std::map<std::string, Descriptor> held_;  // by name
};

}  // namespace vippy::platform
