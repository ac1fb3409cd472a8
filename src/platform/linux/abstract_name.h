// Names that belong to a network namespace: who has one, and taking it.
//
// Source:  unix(7): SO_PEERCRED tells who listens even when that process is stopped.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string_view>
#include <utility>

#include "platform/linux/descriptor.h"

namespace vippy::platform {

class AbstractName {
 public:
  // Of a long text the end is kept: it is what differs.
  explicit AbstractName(std::string_view text, std::string_view space = {});
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  [[nodiscard]] socklen_t length() const { return length_; }

 private:
  sockaddr_un address_{};
  socklen_t length_ = 0;
};

// Nobody, or nobody that can be seen from here: nullopt. The process is 0 when it is in another
// namespace of processes.
[[nodiscard]] std::optional<ucred> owner_of(const AbstractName& name);

// The listening socket, and 0 or an errno value.
[[nodiscard]] std::pair<Descriptor, int> listen_at(const AbstractName& name);

}  // namespace vippy::platform
