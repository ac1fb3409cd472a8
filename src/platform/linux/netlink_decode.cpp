#include "platform/linux/netlink_decode.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace vippy::platform {

namespace {

using Payload = std::span<const std::uint8_t>;

// The attributes behind a family header, each at its type; what is absent has no data().
template <std::size_t kTypes>
using Attributes = std::array<Payload, kTypes>;

template <std::size_t kTypes>
Attributes<kTypes> attributes(Payload bytes) {
  Attributes<kTypes> out{};
  nlattr header{};
  while (bytes.size() >= sizeof(header)) {
    std::memcpy(&header, bytes.data(), sizeof(header));
    if (header.nla_len < sizeof(header) || header.nla_len > bytes.size()) break;
    const std::size_t type = header.nla_type & static_cast<unsigned>(NLA_TYPE_MASK);
    if (type < kTypes) out[type] = bytes.first(header.nla_len).subspan(sizeof(header));
    bytes = bytes.subspan(std::min(bytes.size(), std::size_t{NLA_ALIGN(header.nla_len + 0U)}));
  }
  return out;
}

std::string_view text(Payload bytes) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return all.substr(0, all.find('\0'));
}

core::Mac mac(Payload bytes) {
  core::Mac out;
  if (bytes.size() == out.octets.size()) std::copy(bytes.begin(), bytes.end(), out.octets.begin());
  return out;
}

std::optional<core::IpAddress> address(int family, Payload bytes) {
  if (bytes.size() != (family == AF_INET ? 4U : 16U)) return std::nullopt;
  return core::IpAddress::from_octets(bytes);
}

// The family header of type `Header` at the front of `bytes`.
template <typename Header>
std::optional<Header> family_header(std::span<const std::uint8_t> bytes) {
  Header out;
  if (bytes.size() < sizeof(out)) return std::nullopt;
  std::memcpy(&out, bytes.data(), sizeof(out));
  return out;
}

template <typename Header>
std::span<const std::uint8_t> behind(std::span<const std::uint8_t> bytes) {
  return bytes.subspan(std::min(bytes.size(), std::size_t{NLMSG_ALIGN(sizeof(Header))}));
}

// The setting net.ipv6.conf.IF.forwarding, which the kernel tells inside the link message.
bool forwards_ipv6(Payload families) {
  const auto family = attributes<AF_INET6 + 1>(families)[AF_INET6];
  const auto values = attributes<IFLA_INET6_MAX + 1>(family)[IFLA_INET6_CONF];
  std::int32_t forwarding = 0;
  constexpr std::size_t kAt = DEVCONF_FORWARDING * sizeof(forwarding);
  if (values.size() < kAt + sizeof(forwarding)) return false;
  std::memcpy(&forwarding, values.data() + kAt, sizeof(forwarding));
  return forwarding != 0;
}

NetlinkBody decode_link(std::span<const std::uint8_t> bytes, bool exists) {
  const auto header = family_header<ifinfomsg>(bytes);
  // Other families tell of bridge ports and protocol settings: their RTM_DELLINK is no farewell.
  if (!header || header->ifi_family != AF_UNSPEC || header->ifi_index <= 0) return {};
  const auto found = attributes<IFLA_MAX + 1>(behind<ifinfomsg>(bytes));
  const bool is_up = (header->ifi_flags & IFF_UP) != 0;
  const bool has_carrier =
      (header->ifi_flags & IFF_RUNNING) != 0 && (header->ifi_flags & IFF_LOWER_UP) != 0;
  LinkMessage out;
  out.index = static_cast<std::uint32_t>(header->ifi_index);
  out.name = text(found[IFLA_IFNAME]);
  out.exists = exists;
  out.is_running = exists && is_up && has_carrier;
  out.is_loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
  out.is_multicast = (header->ifi_flags & IFF_MULTICAST) != 0;
  out.is_broadcast = (header->ifi_flags & IFF_BROADCAST) != 0;
  out.is_ethernet =
      header->ifi_type == ARPHRD_ETHER && !out.is_loopback && (header->ifi_flags & IFF_NOARP) == 0;
  out.forwards_ipv6 = forwards_ipv6(found[IFLA_AF_SPEC]);
  if (header->ifi_type == ARPHRD_ETHER) out.mac = mac(found[IFLA_ADDRESS]);
  return out;
}

NetlinkBody decode_address(std::span<const std::uint8_t> bytes, bool exists) {
  const auto header = family_header<ifaddrmsg>(bytes);
  if (!header || header->ifa_index == 0) return {};
  if (header->ifa_family != AF_INET && header->ifa_family != AF_INET6) return {};
  const auto found = attributes<IFA_MAX + 1>(behind<ifaddrmsg>(bytes));
  // On point-to-point links IFA_ADDRESS is the other end.
  const auto ours = found[IFA_LOCAL].data() != nullptr ? found[IFA_LOCAL] : found[IFA_ADDRESS];
  const auto value = address(header->ifa_family, ours);
  if (!value || header->ifa_prefixlen > value->bits()) return {};
  AddressMessage out;
  out.index = header->ifa_index;
  out.prefix = {*value, header->ifa_prefixlen};
  out.exists = exists;
  out.is_secondary = header->ifa_family == AF_INET && (header->ifa_flags & IFA_F_SECONDARY) != 0;
  // The header has room for the first eight flags only.
  if (const auto flags = family_header<std::uint32_t>(found[IFA_FLAGS])) {
    out.lacks_prefix_route = (*flags & IFA_F_NOPREFIXROUTE) != 0;
  }
  if (const auto protocol = found[IFA_PROTO]; protocol.size() == 1) {
    out.protocol = protocol.front();
  }
  return out;
}

NetlinkBody decode_route(std::span<const std::uint8_t> bytes, bool exists) {
  const auto header = family_header<rtmsg>(bytes);
  if (!header || header->rtm_family != AF_INET || header->rtm_type != RTN_LOCAL) return {};
  if (header->rtm_table != RT_TABLE_LOCAL) return {};
  const auto found = attributes<RTA_MAX + 1>(behind<rtmsg>(bytes));
  const auto value = address(header->rtm_family, found[RTA_DST]);
  const auto index = family_header<std::uint32_t>(found[RTA_OIF]);
  if (!value || header->rtm_dst_len != value->bits() || !index || *index == 0) return {};
  AddressMessage out;
  out.index = *index;
  out.prefix = {*value, header->rtm_dst_len};
  out.exists = exists;
  out.protocol = header->rtm_protocol;
  out.plumb = core::Plumb::route;
  return out;
}

bool is_usable(std::uint16_t state) {
  constexpr unsigned kUsable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
  return (state & kUsable) != 0;
}

NetlinkBody decode_neighbour(std::span<const std::uint8_t> bytes, bool exists) {
  const auto header = family_header<ndmsg>(bytes);
  if (!header || header->ndm_ifindex <= 0) return {};
  // AF_BRIDGE entries are MAC tables of bridges, NTF_PROXY entries are promises of our own.
  if (header->ndm_family != AF_INET && header->ndm_family != AF_INET6) return {};
  if ((header->ndm_flags & NTF_PROXY) != 0 || (header->ndm_state & NUD_NOARP) != 0) return {};
  const auto found = attributes<NDA_MAX + 1>(behind<ndmsg>(bytes));
  const auto value = address(header->ndm_family, found[NDA_DST]);
  if (!value || value->is_multicast() || value->is_unspecified()) return {};
  NeighbourMessage out;
  out.index = static_cast<std::uint32_t>(header->ndm_ifindex);
  out.address = *value;
  out.mac = mac(found[NDA_LLADDR]);
  out.exists = exists && is_usable(header->ndm_state) && !out.mac.is_zero();
  if (out.exists && out.mac.is_multicast()) return {};
  if (!out.exists) out.mac = {};
  return out;
}

NetlinkBody decode_body(std::uint16_t type, std::span<const std::uint8_t> bytes) {
  switch (type) {
    case RTM_NEWLINK: return decode_link(bytes, true);
    case RTM_DELLINK: return decode_link(bytes, false);
    case RTM_NEWADDR: return decode_address(bytes, true);
    case RTM_DELADDR: return decode_address(bytes, false);
    case RTM_NEWROUTE: return decode_route(bytes, true);
    case RTM_DELROUTE: return decode_route(bytes, false);
    case RTM_NEWNEIGH: return decode_neighbour(bytes, true);
    case RTM_DELNEIGH: return decode_neighbour(bytes, false);
    case NLMSG_DONE: return DoneMessage{};
    case NLMSG_ERROR: {
      const auto code = family_header<std::int32_t>(bytes);
      if (!code || *code > 0 || *code < -4095) return {};
      return AckMessage{-*code};
    }
    default: return {};
  }
}

}  // namespace

std::optional<NetlinkMessage> NetlinkReader::next() {
  nlmsghdr header{};
  if (rest_.size() < sizeof(header)) {
    is_truncated_ = is_truncated_ || !rest_.empty();
    return std::nullopt;
  }
  std::memcpy(&header, rest_.data(), sizeof(header));
  if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > rest_.size()) {
    is_truncated_ = true;
    return std::nullopt;
  }
  NetlinkMessage out;
  out.sequence = header.nlmsg_seq;
  out.port = header.nlmsg_pid;
  out.is_part_of_dump = (header.nlmsg_flags & NLM_F_MULTI) != 0;
  out.is_interrupted = (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
  out.body = decode_body(header.nlmsg_type, rest_.first(header.nlmsg_len).subspan(sizeof(header)));
  rest_ = rest_.subspan(std::min(rest_.size(), std::size_t{NLMSG_ALIGN(header.nlmsg_len)}));
  return out;
}

}  // namespace vippy::platform
