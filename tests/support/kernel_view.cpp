#include "tests/support/kernel_view.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <span>
#include <stdexcept>

namespace vippy::lab {

namespace {

#ifndef IFA_PROTO
#define IFA_PROTO 11
#endif

constexpr int kLoopbackIndex = 1;
using Buffer = std::array<std::uint8_t, 65'536>;
using Visit = std::function<void(const nlmsghdr&)>;

int open_netlink(const NetSpace& space, unsigned groups) {
  int fd = -1;
  space.in([&] { fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE); });
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  local.nl_groups = groups;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0) {
    throw std::runtime_error("netlink is refused");
  }
  // Thousands of addresses may come in one batch.
  const int buffer = 64 << 20;
  if (groups != 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  return fd;
}

// False when the dump is over.
bool visit_all(const std::uint8_t* octets, std::size_t left, const Visit& visit) {
  for (auto* header = reinterpret_cast<const nlmsghdr*>(octets); NLMSG_OK(header, left);
       header = NLMSG_NEXT(header, left)) {
    if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) return false;
    visit(*header);
  }
  return true;
}

bool read_dump(int fd, const Visit& visit) {
  alignas(nlmsghdr) static thread_local Buffer buffer;
  const auto count = ::recv(fd, buffer.data(), buffer.size(), 0);
  return count > 0 && visit_all(buffer.data(), static_cast<std::size_t>(count), visit);
}

// All notifications that are there. Each is small, and thousands may come together.
void read_notifications(int fd, const Visit& visit) {
  constexpr std::size_t kAtOnce = 64;
  alignas(nlmsghdr) static thread_local std::array<std::array<std::uint8_t, 4'096>, kAtOnce> octets;
  std::array<iovec, kAtOnce> parts;
  std::array<mmsghdr, kAtOnce> messages{};
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    parts[i] = {octets[i].data(), octets[i].size()};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (int count = kAtOnce; count == kAtOnce;) {
    count = ::recvmmsg(fd, messages.data(), kAtOnce, MSG_DONTWAIT, nullptr);
    for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
      visit_all(octets[i].data(), messages[i].msg_len, visit);
    }
  }
}

template <typename Body>
void dump(const NetSpace& space, int type, const Visit& visit) {
  const int fd = open_netlink(space, 0);
  struct {
    nlmsghdr header;
    Body body;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = static_cast<std::uint16_t>(type);
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  const bool is_sent = ::send(fd, &request, sizeof request, 0) >= 0;
  while (is_sent && read_dump(fd, visit)) {
  }
  ::close(fd);
}

template <typename Body>
const rtattr* attribute(const nlmsghdr& message, int type) {
  const auto* body = static_cast<const Body*>(NLMSG_DATA(&message));
  const auto* at = reinterpret_cast<const rtattr*>(reinterpret_cast<const std::uint8_t*>(body) +
                                                   NLMSG_ALIGN(sizeof(Body)));
  auto left = static_cast<int>(message.nlmsg_len - NLMSG_LENGTH(sizeof(Body)));
  for (; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
    if ((at->rta_type & NLA_TYPE_MASK) == type) return at;
  }
  return nullptr;
}

std::optional<core::IpAddress> address_in(const rtattr* at) {
  if (at == nullptr) return std::nullopt;
  const auto* octets = static_cast<const std::uint8_t*>(RTA_DATA(at));
  if (RTA_PAYLOAD(at) == 4) {
    std::array<std::uint8_t, 4> v4{};
    std::copy_n(octets, v4.size(), v4.begin());
    return core::IpAddress::from_octets(v4);
  }
  if (RTA_PAYLOAD(at) != 16) return std::nullopt;
  std::array<std::uint8_t, 16> v6{};
  std::copy_n(octets, v6.size(), v6.begin());
  return core::IpAddress::from_octets(v6);
}

std::optional<KernelAddress> read_address(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWADDR && message.nlmsg_type != RTM_DELADDR) return std::nullopt;
  const auto* body = static_cast<const ifaddrmsg*>(NLMSG_DATA(&message));
  const auto* local = attribute<ifaddrmsg>(message, IFA_LOCAL);
  const auto ip = address_in(local != nullptr ? local : attribute<ifaddrmsg>(message, IFA_ADDRESS));
  if (!ip || body->ifa_index == kLoopbackIndex) return std::nullopt;
  KernelAddress out{body->ifa_index, {*ip, body->ifa_prefixlen}};
  out.is_secondary = (body->ifa_flags & IFA_F_SECONDARY) != 0;
  if (const auto* protocol = attribute<ifaddrmsg>(message, IFA_PROTO)) {
    out.protocol = *static_cast<const std::uint8_t*>(RTA_DATA(protocol));
  }
  return out;
}

// A host that the kernel answers for by a local route of this protocol.
std::optional<core::IpAddress> read_local_route(const nlmsghdr& message, std::uint8_t protocol) {
  if (message.nlmsg_type != RTM_NEWROUTE && message.nlmsg_type != RTM_DELROUTE) {
    return std::nullopt;
  }
  const auto* body = static_cast<const rtmsg*>(NLMSG_DATA(&message));
  const bool is_it = body->rtm_family == AF_INET && body->rtm_table == RT_TABLE_LOCAL &&
                     body->rtm_type == RTN_LOCAL && body->rtm_protocol == protocol &&
                     body->rtm_dst_len == 32;
  return is_it ? address_in(attribute<rtmsg>(message, RTA_DST)) : std::nullopt;
}

// The kernel makes routes of its own for each address: they stay there.
void pass_our_routes_only(int fd) {
  std::array<sock_filter, 7> program = {{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(nlmsghdr, nlmsg_type)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, sizeof(nlmsghdr) + offsetof(rtmsg, rtm_protocol)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kOurRoutes, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
    throw std::runtime_error("a filter for netlink is refused");
  }
}

std::optional<NeighbourChange> read_neighbour(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWNEIGH) return std::nullopt;
  const auto ip = address_in(attribute<ndmsg>(message, NDA_DST));
  const auto* mac = attribute<ndmsg>(message, NDA_LLADDR);
  if (!ip || mac == nullptr || RTA_PAYLOAD(mac) != 6) return std::nullopt;
  NeighbourChange out{*ip, {}};
  std::memcpy(out.mac.octets.data(), RTA_DATA(mac), 6);
  return out;
}

}  // namespace

std::vector<KernelAddress> addresses(const NetSpace& space) {
  std::vector<KernelAddress> out;
  dump<ifaddrmsg>(space, RTM_GETADDR, [&](const nlmsghdr& message) {
    if (auto address = read_address(message)) out.push_back(*address);
  });
  return out;
}

std::optional<KernelAddress> find_address(const NetSpace& space, const std::string& ip) {
  const auto wanted = core::parse_ip(ip);
  for (const auto& address : addresses(space)) {
    if (address.prefix.address == wanted) return address;
  }
  return std::nullopt;
}

std::vector<std::string> local_routes(const NetSpace& space, std::uint8_t protocol) {
  std::vector<std::string> out;
  dump<rtmsg>(space, RTM_GETROUTE, [&](const nlmsghdr& message) {
    const auto host = read_local_route(message, protocol);
    if (host) out.push_back(core::format(*host));
  });
  std::sort(out.begin(), out.end());
  return out;
}

bool has_route(const NetSpace& space, const std::string& ip) {
  const auto all = local_routes(space);
  return std::binary_search(all.begin(), all.end(), ip);
}

bool has_address(const NetSpace& space, const std::string& ip) {
  return find_address(space, ip).has_value();
}

std::optional<core::Mac> neighbour(const NetSpace& space, const std::string& ip) {
  std::optional<core::Mac> out;
  const auto wanted = core::parse_ip(ip);
  dump<ndmsg>(space, RTM_GETNEIGH, [&](const nlmsghdr& message) {
    const auto entry = read_neighbour(message);
    if (entry && entry->ip == wanted) out = entry->mac;
  });
  return out;
}

core::Mac mac_of(const NetSpace& space, const std::string& interface) {
  ifreq request{};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  bool is_known = false;
  space.in([&] {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    is_known = ::ioctl(fd, SIOCGIFHWADDR, &request) == 0;
    ::close(fd);
  });
  if (!is_known) throw std::runtime_error(space.name() + " has no interface " + interface);
  core::Mac mac;
  std::memcpy(mac.octets.data(), request.ifr_hwaddr.sa_data, 6);
  return mac;
}

std::string AddressChange::text() const {
  const auto what = length ? core::format(core::Prefix{ip, *length}) : core::format(ip);
  return (is_there ? "+" : "-") + what;
}

AddressWatch::AddressWatch(const NetSpace& space)
    : fd_(open_netlink(space, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE)) {
  pass_our_routes_only(fd_);
  for (const auto& [index, prefix, is_secondary, protocol] : addresses(space)) {
    present_.emplace(prefix.address, prefix.length);
  }
  for (const auto& host : local_routes(space)) {
    present_.emplace(core::parse_ip(host).value(), std::nullopt);
  }
}

AddressWatch::~AddressWatch() { ::close(fd_); }

const std::vector<AddressChange>& AddressWatch::read() {
  const auto note = [&](const nlmsghdr& message) {
    const auto address = read_address(message);
    const auto host = read_local_route(message, kOurRoutes);
    if (!address && !host) return;
    const auto key = address ? Key{address->prefix.address, address->prefix.length}
                             : Key{*host, std::nullopt};
    const bool is_new =
        message.nlmsg_type == RTM_NEWADDR || message.nlmsg_type == RTM_NEWROUTE;
    // The kernel speaks of an IPv6 address some time after it is there.
    if (is_new ? !present_.insert(key).second : present_.erase(key) == 0) return;
    read_.push_back({key.first, key.second, is_new});
  };
  read_notifications(fd_, note);
  return read_;
}

const std::vector<std::string>& AddressWatch::changes() {
  const auto& all = read();
  for (auto i = changes_.size(); i < all.size(); ++i) changes_.push_back(all[i].text());
  return changes_;
}

bool AddressWatch::saw(const std::string& change) {
  const auto& all = changes();
  return std::find(all.begin(), all.end(), change) != all.end();
}

NeighbourWatch::NeighbourWatch(const NetSpace& space) : fd_(open_netlink(space, RTMGRP_NEIGH)) {}

NeighbourWatch::~NeighbourWatch() { ::close(fd_); }

std::vector<NeighbourChange> NeighbourWatch::take() {
  std::vector<NeighbourChange> out;
  read_notifications(fd_, [&](const nlmsghdr& message) {
    if (auto change = read_neighbour(message)) out.push_back(std::move(*change));
  });
  return out;
}

}  // namespace vippy::lab
