// Only the privileges that a running vippyd needs.
//
// Purpose: keep CAP_NET_ADMIN (addresses) and CAP_NET_RAW (frames), give up everything else: the
//          bounding set, the ambient set, and new privileges through exec.
// Errors:  a text that names what is missing and the remedy; nullopt: done.
// Order:   after the sockets and files that need more are open. Cannot be undone.
// Source:  capabilities(7), prctl(2) PR_SET_NO_NEW_PRIVS; libcap-ng.
#pragma once

#include <optional>
#include <string>

namespace vippy::platform {

// What of CAP_NET_ADMIN and CAP_NET_RAW this process does not have; nullopt: nothing.
[[nodiscard]] std::optional<std::string> missing_privileges();

[[nodiscard]] std::optional<std::string> drop_privileges();

}  // namespace vippy::platform
