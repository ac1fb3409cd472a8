#include "platform/linux/announce_send.h"

#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace vippy::platform {

SocketAddress socket_address(const core::IpAddress& address, std::uint16_t port,
                             InterfaceIndex scope) {
  SocketAddress out;
  if (address.is_v4()) {
    sockaddr_in value{};
    value.sin_family = AF_INET;
    value.sin_port = htons(port);
    std::memcpy(&value.sin_addr, address.octets().data(), sizeof(value.sin_addr));
    std::memcpy(&out.storage, &value, sizeof(value));
    out.length = sizeof(value);
  } else {
    sockaddr_in6 value{};
    value.sin6_family = AF_INET6;
    value.sin6_port = htons(port);
    value.sin6_scope_id = scope;
    std::memcpy(&value.sin6_addr, address.octets().data(), sizeof(value.sin6_addr));
    std::memcpy(&out.storage, &value, sizeof(value));
    out.length = sizeof(value);
  }
  return out;
}

int send_announcement(int socket, const AnnounceTarget& target,
                      std::span<const std::uint8_t> bytes) {
  auto to = socket_address(target.address, target.port, target.index);
  iovec vector{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
  msghdr header{};
  header.msg_name = &to.storage;
  header.msg_namelen = to.length;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  auto* message = reinterpret_cast<cmsghdr*>(control.data());
  if (target.address.is_v4()) {
    in_pktinfo info{};
    info.ipi_ifindex = static_cast<int>(target.index);
    if (target.source) std::memcpy(&info.ipi_spec_dst, target.source->octets().data(), 4);
    *message = {CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO};
    std::memcpy(CMSG_DATA(message), &info, sizeof(info));
    header.msg_controllen = CMSG_SPACE(sizeof(info));
  } else {
    in6_pktinfo info{};
    info.ipi6_ifindex = target.index;
    if (target.source) std::memcpy(&info.ipi6_addr, target.source->octets().data(), 16);
    *message = {CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO};
    std::memcpy(CMSG_DATA(message), &info, sizeof(info));
    header.msg_controllen = CMSG_SPACE(sizeof(info));
  }
  if (target.index == 0 && !target.source) header.msg_controllen = 0;
  return ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 0 : errno;
}

}  // namespace vippy::platform
