#include "platform/host.h"

#include <cap-ng.h>
#include <sys/prctl.h>

#include <cerrno>

#include "platform/os_error.h"

namespace vippy::platform {

namespace {

std::string absent_names() {
  std::string names;
  const auto check = [&names](unsigned capability, const char* name) {
    if (::capng_have_capability(CAPNG_EFFECTIVE, capability) != 0) return;
    names += (names.empty() ? "" : " and ") + std::string(name);
  };
  check(CAP_NET_ADMIN, "CAP_NET_ADMIN");
  check(CAP_NET_RAW, "CAP_NET_RAW");
  return names;
}

}  // namespace

std::optional<std::string> missing_privileges() {
  if (::capng_get_caps_process() != 0) return "the capabilities of this process cannot be read";
  const auto names = absent_names();
  if (names.empty()) return std::nullopt;
  return names + " missing: run vippyd as root, or grant them (systemd: AmbientCapabilities=)";
}

std::optional<std::string> drop_privileges() {
  if (auto missing = missing_privileges()) return missing;
  // Without CAP_SETPCAP the bounding set cannot be changed; no_new_privs makes it harmless.
  const bool may_bound = ::capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
  ::capng_clear(may_bound ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS);
  // In the bounding set, too: a guard that is started again later needs CAP_NET_ADMIN.
  const auto kept =
      static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET);
  if (::capng_updatev(CAPNG_ADD, kept, CAP_NET_ADMIN, CAP_NET_RAW, -1) != 0) {
    return "the set of capabilities cannot be built";
  }
  if (may_bound && ::capng_apply(CAPNG_SELECT_BOUNDS) != 0) {
    return "the bounding set cannot be dropped: " + explain(errno);
  }
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) {
    return "ambient capabilities cannot be cleared: " + explain(errno);
  }
  if (::capng_apply(CAPNG_SELECT_CAPS) != 0) {
    return "capabilities cannot be dropped: " + explain(errno);
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return "no_new_privs is refused: " + explain(errno);
  }
  return std::nullopt;
}

}  // namespace vippy::platform
