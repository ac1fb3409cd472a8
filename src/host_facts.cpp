#include "host_facts.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>

namespace vippy::hall {

namespace {

std::optional<core::IpAddress> address_of(const sockaddr* from) {
  if (from == nullptr) return std::nullopt;
  if (from->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, from, sizeof v4);
    return core::IpAddress::from_octets(std::bit_cast<std::array<std::uint8_t, 4>>(v4.sin_addr));
  }
  if (from->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, from, sizeof v6);
    return core::IpAddress::from_octets(std::bit_cast<std::array<std::uint8_t, 16>>(v6.sin6_addr));
  }
  return std::nullopt;
}

std::uint8_t mask_length(const core::IpAddress& mask) {
  unsigned length = 0;
  for (const auto octet : mask.octets()) length += static_cast<unsigned>(std::popcount(octet));
  return static_cast<std::uint8_t>(length);
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

std::optional<std::vector<core::LocalInterface>> local_interfaces() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  std::map<std::string, core::LocalInterface> by_name;
  for (const auto* item = list; item != nullptr; item = item->ifa_next) {
    // Labels of additional addresses ("eth0:1") are no interfaces.
    const std::string_view label = item->ifa_name;
    const std::string name(label.substr(0, label.find(':')));
    auto& interface = by_name[name];
    interface.name = name;
    interface.is_loopback = (item->ifa_flags & IFF_LOOPBACK) != 0;
    const auto address = address_of(item->ifa_addr);
    const auto mask = address_of(item->ifa_netmask);
    if (address && mask) interface.prefixes.push_back({*address, mask_length(*mask)});
  }
  std::vector<core::LocalInterface> out;
  for (auto& [name, interface] : by_name) out.push_back(std::move(interface));
  return out;
}

}  // namespace vippy::hall
