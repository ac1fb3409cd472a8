#include "platform/linux/injectors_linux.h"

#include <cerrno>

namespace vippy::platform {

InjectorFactory linux_injectors() {
  return [](std::string_view name, int* os_error) -> std::unique_ptr<packet::Injector> {
    if (name == "packet") return packet::make_packet_injector(os_error);
    if (name == "pcap") return packet::make_pcap_injector(os_error);
    *os_error = ENOTSUP;
    return nullptr;
  };
}

}  // namespace vippy::platform
