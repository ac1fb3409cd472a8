#include "platform/linux/announce_socket.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "platform/linux/announce_send.h"

namespace vippy::platform {

namespace {

constexpr int kReceiveOctets = 4 << 20;
constexpr int kPriority = 6;  // TC_PRIO_INTERACTIVE: ahead of bulk traffic in this host's queues

int set(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0 ? 0 : errno;
}

// A socket cannot be bound to such a group without being tied to one interface.
bool has_link_scope(const core::IpAddress& group) {
  return group.is_v6() && group.is_multicast() && (group.octets()[1] & 0x0fU) <= 2;
}

// What the control messages of a datagram say.
struct Envelope {
  std::optional<core::IpAddress> destination;
  InterfaceIndex index = 0;
  std::optional<core::Duration> stamp;
};

template <typename Value>
bool read_control(const cmsghdr* message, Value& out) {
  if (message->cmsg_len < CMSG_LEN(sizeof(out))) return false;
  std::memcpy(&out, CMSG_DATA(message), sizeof(out));
  return true;
}

template <typename Octets>
std::optional<core::IpAddress> from_bytes(const Octets& octets) {
  return core::IpAddress::from_octets(
      {reinterpret_cast<const std::uint8_t*>(&octets), sizeof(octets)});
}

Envelope read_envelope(msghdr control) {
  Envelope out;
  for (auto* at = CMSG_FIRSTHDR(&control); at != nullptr; at = CMSG_NXTHDR(&control, at)) {
    if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      if (!read_control(at, info)) continue;
      out.destination = from_bytes(info.ipi_addr);
      out.index = static_cast<InterfaceIndex>(info.ipi_ifindex);
    } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      if (!read_control(at, info)) continue;
      out.destination = from_bytes(info.ipi6_addr);
      out.index = info.ipi6_ifindex;
    } else if (const auto stamp = read_stamp(at)) {
      out.stamp = stamp;
    }
  }
  return out;
}

bool read_source(const RawDatagram& raw, Datagram& out) {
  if (raw.source == nullptr || raw.source_length < sizeof(sa_family_t)) return false;
  if (raw.source->sa_family == AF_INET && raw.source_length >= sizeof(sockaddr_in)) {
    sockaddr_in value{};
    std::memcpy(&value, raw.source, sizeof(value));
    out.source = *from_bytes(value.sin_addr);
    out.source_port = ntohs(value.sin_port);
    return true;
  }
  if (raw.source->sa_family == AF_INET6 && raw.source_length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 value{};
    std::memcpy(&value, raw.source, sizeof(value));
    out.source = *from_bytes(value.sin6_addr);
    out.source_port = ntohs(value.sin6_port);
    return true;
  }
  return false;
}

}  // namespace

int AnnounceSocket::open(const Chat& chat) {
  chat_ = chat;
  socket_ = Descriptor(::socket(chat.group.is_v4() ? AF_INET : AF_INET6,
                                SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return errno;
  if (const int error = set_options(); error != 0) return error;
  refuse_own();
  return bind();
}

// Our own announcements come back with every group that we have joined. Each would wake us for
// nothing; a kernel that does not take the filter lets them through, and nobody believes them.
void AnnounceSocket::refuse_own() const {
  if (!chat_.own) return;
  const auto at = static_cast<std::uint32_t>(sizeof(udphdr) + chat_.own->offset);
  const auto high = static_cast<std::uint32_t>(chat_.own->value >> 32U);
  const auto low = static_cast<std::uint32_t>(chat_.own->value);
  constexpr std::uint32_t kAll = ~0U;
  // A load behind the end would refuse what is short.
  std::array<sock_filter, 8> filter = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, at + 8, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, kAll),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

int AnnounceSocket::set_options() {
  const int fd = socket_.get();
  if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveOctets) != 0) {
    (void)set(fd, SOL_SOCKET, SO_RCVBUF, kReceiveOctets);
  }
  (void)set(fd, SOL_SOCKET, SO_PRIORITY, kPriority);
  int error = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (error == 0) error = set(fd, SOL_SOCKET, SO_BROADCAST, 1);
  if (error == 0) error = set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  if (error != 0) return error;
  if (chat_.group.is_v4()) {
    error = set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    if (error == 0) error = set(fd, IPPROTO_IP, IP_TTL, chat_.ttl == 0 ? 1 : chat_.ttl);
    if (error == 0) error = set(fd, IPPROTO_IP, IP_MULTICAST_TTL, chat_.ttl);
    if (error == 0) error = set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
    if (error == 0) error = set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    return error;
  }
  error = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (error == 0) error = set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  if (error == 0) error = set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, chat_.ttl);
  if (error == 0) error = set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, chat_.ttl);
  if (error == 0) error = set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
  // Kernels before 4.20 do not have it; decode() checks the destination anyway.
  (void)set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  return error;
}

int AnnounceSocket::bind() {
  const auto any =
      chat_.group.is_v4() ? core::IpAddress(core::Ipv4{}) : core::IpAddress(core::Ipv6{});
  const bool by_group = chat_.group.is_multicast() && !has_link_scope(chat_.group);
  const auto address = socket_address(by_group ? chat_.group : any, chat_.port, 0);
  return ::bind(socket_.get(), address.get(), address.length) == 0 ? 0 : errno;
}

int AnnounceSocket::join(InterfaceIndex index) {
  if (chat_.group.is_v4()) {
    ip_mreqn request{};
    std::memcpy(&request.imr_multiaddr, chat_.group.octets().data(), 4);
    request.imr_ifindex = static_cast<int>(index);
    return ::setsockopt(socket_.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) ==
                   0
               ? 0
               : errno;
  }
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, chat_.group.octets().data(), 16);
  request.ipv6mr_interface = index;
  return ::setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request)) == 0
             ? 0
             : errno;
}

void AnnounceSocket::leave(InterfaceIndex index) {
  if (chat_.group.is_v4()) {
    ip_mreqn request{};
    std::memcpy(&request.imr_multiaddr, chat_.group.octets().data(), 4);
    request.imr_ifindex = static_cast<int>(index);
    ::setsockopt(socket_.get(), IPPROTO_IP, IP_DROP_MEMBERSHIP, &request, sizeof(request));
    return;
  }
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, chat_.group.octets().data(), 16);
  request.ipv6mr_interface = index;
  ::setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_LEAVE_GROUP, &request, sizeof(request));
}

int AnnounceSocket::send(std::span<const std::uint8_t> bytes, const core::IpAddress& target,
                         InterfaceIndex index, const std::optional<core::IpAddress>& source) {
  return send_announcement(socket_.get(), {target, chat_.port, index, source}, bytes);
}

std::optional<Datagram> AnnounceSocket::decode(const RawDatagram& raw,
                                               const ReceiveClock& clock) const {
  Datagram out;
  if (!read_source(raw, out)) return std::nullopt;
  const auto envelope = read_envelope(raw.control);
  const bool is_other_group =
      chat_.group.is_multicast() && envelope.destination && *envelope.destination != chat_.group;
  if (is_other_group) return std::nullopt;
  out.bytes = raw.payload;
  out.interface_index = envelope.index;
  out.received = receive_time(envelope.stamp, clock);
  return out;
}

}  // namespace vippy::platform
