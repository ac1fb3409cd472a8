#include "platform/linux/promotion.h"

#include <fcntl.h>

#include "platform/linux/descriptor.h"

namespace vippy::platform {

namespace {

bool is_on(const std::string& interface) {
  const auto path = "/proc/sys/net/ipv4/conf/" + interface + "/promote_secondaries";
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char value = '0';
  return file && ::read(file.get(), &value, 1) == 1 && value != '0';
}

}  // namespace

bool promotes_secondaries(const std::string& interface) { return is_on("all") || is_on(interface); }

}  // namespace vippy::platform
