#include "platform/linux/promotion.h"

#include <fcntl.h>
#include <net/if.h>

#include <array>
#include <string>

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

bool promotes_secondaries(InterfaceIndex index) {
  std::array<char, IF_NAMESIZE> name{};
  if (is_on("all")) return true;
  return ::if_indextoname(index, name.data()) != nullptr && is_on(name.data());
}

}  // namespace vippy::platform
