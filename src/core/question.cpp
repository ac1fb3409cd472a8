#include "core/question.h"

namespace vippy::core {

std::optional<Advertise> question_to(const IpAddress& host, std::optional<Mac> mac,
                                     const Interfaces& interfaces) {
  // Every interface has the network of link-local addresses: none of them can be chosen.
  const bool is_link_local =
      host.is_v6() && host.octets()[0] == 0xfe && (host.octets()[1] & 0xc0U) == 0x80;
  const auto* interface = is_link_local ? nullptr : interfaces.carrying(host);
  if (interface == nullptr || !interface->is_running || !interface->is_ethernet) {
    return std::nullopt;
  }
  const auto from = host.is_v4() ? IpAddress(Ipv4{}) : interfaces.subnet(*interface, host)->address;
  const auto form = mac ? AdvertiseForm::ask : AdvertiseForm::ask_everyone;
  return Advertise{interface->index, from, interface->mac, interface->forwards_ipv6,
                   form,             host, mac.value_or(Mac::broadcast())};
}

}  // namespace vippy::core
