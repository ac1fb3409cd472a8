#include "packet/ndp.h"

#include "packet/checksum.h"
#include "packet/ethernet.h"
#include "packet/octets.h"

namespace vippy::packet {

namespace {

constexpr std::size_t kIpv6At = 14;
constexpr std::size_t kIcmpAt = 54;
constexpr std::size_t kIcmpBytes = 24;  // type to target
constexpr std::size_t kOptionBytes = 8;
constexpr std::uint8_t kNextHeaderIcmpv6 = 58;
constexpr std::uint8_t kHopLimit = 255;
constexpr std::uint8_t kTypeSolicitation = 135;
constexpr std::uint8_t kTypeAdvertisement = 136;
constexpr std::uint8_t kOptionSource = 1;
constexpr std::uint8_t kOptionTarget = 2;
constexpr std::uint8_t kFlagRouter = 0x80;
constexpr std::uint8_t kFlagSolicited = 0x40;
constexpr std::uint8_t kFlagOverride = 0x20;

// What the two messages have in common: the frame but for what the type makes of it.
struct Layout {
  core::Mac ethernet_target;
  core::Mac ethernet_source;
  core::Ipv6 source;
  core::Ipv6 destination;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  core::Ipv6 target;
  std::uint8_t option_type = 0;
  std::optional<core::Mac> link_layer;
};

bool is_multicast(const core::Ipv6& address) { return address.octets[0] == 0xff; }
bool is_unspecified(const core::Ipv6& address) { return address == core::Ipv6{}; }

std::size_t encode_layout(const Layout& layout, std::span<std::uint8_t> out) {
  VIPPY_ASSERT(out.size() >= kNdpFrameBytesMax);
  const std::size_t payload = kIcmpBytes + (layout.link_layer ? kOptionBytes : 0);
  const auto frame = out.first(kIcmpAt + payload);
  encode(EthernetHeader{layout.ethernet_target, layout.ethernet_source, kEthertypeIpv6}, frame);
  put_u16(frame, kIpv6At, 0x6000);
  put_u16(frame, kIpv6At + 2, 0);
  put_u16(frame, 18, static_cast<std::uint16_t>(payload));
  frame[20] = kNextHeaderIcmpv6;
  frame[21] = kHopLimit;
  put_octets(frame, 22, layout.source.octets);
  put_octets(frame, 38, layout.destination.octets);
  frame[54] = layout.type;
  frame[55] = 0;
  put_u16(frame, 56, 0);
  put_u16(frame, 58, static_cast<std::uint16_t>(layout.flags << 8U));
  put_u16(frame, 60, 0);
  put_octets(frame, 62, layout.target.octets);
  if (layout.link_layer) {
    frame[78] = layout.option_type;
    frame[79] = 1;
    put_octets(frame, 80, layout.link_layer->octets);
  }
  put_u16(frame, 56,
          icmpv6_checksum(layout.source, layout.destination, frame.subspan(kIcmpAt)));
  return frame.size();
}

// The first link-layer option of this type; RFC 4861 4.6: other options are skipped.
core::Result<std::optional<core::Mac>, NdpError> read_options(
    std::span<const std::uint8_t> options, std::uint8_t wanted) {
  std::optional<core::Mac> link_layer;
  while (!options.empty()) {
    if (options.size() < 2) return core::failure(NdpError::bad_option);
    const std::size_t length = options[1] * kOptionBytes;
    if (length == 0 || length > options.size()) return core::failure(NdpError::bad_option);
    if (options[0] == wanted) {
      if (length != kOptionBytes) return core::failure(NdpError::bad_option);
      if (!link_layer) link_layer = core::Mac{get_octets<6>(options, 2)};
    }
    options = options.subspan(length);
  }
  return link_layer;
}

// The ICMPv6 message of the frame, cut to its length.
core::Result<std::span<const std::uint8_t>, NdpError> read_headers(
    std::span<const std::uint8_t> frame, Layout& layout) {
  const auto ethernet = decode_ethernet(frame);
  if (!ethernet) {
    return core::failure(ethernet.error() == EthernetError::truncated ? NdpError::truncated
                                                                      : NdpError::not_ipv6);
  }
  if (ethernet->ethertype != kEthertypeIpv6) return core::failure(NdpError::not_ipv6);
  if (frame.size() < kIcmpAt) return core::failure(NdpError::truncated);
  if (frame[kIpv6At] >> 4U != 6) return core::failure(NdpError::not_ipv6);
  if (frame[20] != kNextHeaderIcmpv6) return core::failure(NdpError::not_icmpv6);
  const std::size_t payload = get_u16(frame, 18);
  if (payload == 0 || payload > frame.size() - kIcmpAt) return core::failure(NdpError::truncated);
  layout.ethernet_target = ethernet->target;
  layout.ethernet_source = ethernet->source;
  layout.source.octets = get_octets<16>(frame, 22);
  layout.destination.octets = get_octets<16>(frame, 38);
  return frame.subspan(kIcmpAt, payload);
}

// RFC 4861 7.1: the checks that both messages share, in an order that names the first cause.
core::Result<Layout, NdpError> decode_layout(std::span<const std::uint8_t> frame,
                                             std::uint8_t type, std::uint8_t option_type) {
  Layout layout;
  const auto message = read_headers(frame, layout);
  if (!message) return core::failure(message.error());
  if ((*message)[0] != type) return core::failure(NdpError::other_type);
  if (frame[21] != kHopLimit) return core::failure(NdpError::bad_hop_limit);
  if (message->size() < kIcmpBytes) return core::failure(NdpError::truncated);
  if (icmpv6_checksum(layout.source, layout.destination, *message) != 0) {
    return core::failure(NdpError::bad_checksum);
  }
  if ((*message)[1] != 0) return core::failure(NdpError::bad_code);
  layout.flags = (*message)[4];
  layout.target.octets = get_octets<16>(*message, 8);
  if (is_multicast(layout.source)) return core::failure(NdpError::bad_source);
  if (is_multicast(layout.target) || is_unspecified(layout.target)) {
    return core::failure(NdpError::bad_target);
  }
  const auto link_layer = read_options(message->subspan(kIcmpBytes), option_type);
  if (!link_layer) return core::failure(link_layer.error());
  layout.link_layer = *link_layer;
  return layout;
}

}  // namespace

core::Ipv6 all_nodes_group() {
  core::Ipv6 group;
  group.octets[0] = 0xff;
  group.octets[1] = 0x02;
  group.octets[15] = 0x01;
  return group;
}

core::Ipv6 solicited_node_group(const core::Ipv6& address) {
  core::Ipv6 group = all_nodes_group();
  group.octets[11] = 0x01;
  group.octets[12] = 0xff;
  for (std::size_t i = 13; i < 16; ++i) group.octets[i] = address.octets[i];
  return group;
}

NeighbourAdvertisement ndp_advertisement(const core::Ipv6& vip, core::Mac owner,
                                         RouterFlag router, const core::Ipv6& host,
                                         core::Mac host_mac) {
  NeighbourAdvertisement message;
  message.ethernet_target = host_mac;
  message.ethernet_source = owner;
  message.source = vip;
  message.destination = host;
  message.target = vip;
  message.is_router = router == RouterFlag::yes;
  message.is_override = true;
  message.link_layer = owner;
  return message;
}

NeighbourAdvertisement ndp_announcement(const core::Ipv6& vip, core::Mac owner,
                                        RouterFlag router) {
  const auto group = all_nodes_group();
  return ndp_advertisement(vip, owner, router, group, multicast_mac(group));
}

NeighbourSolicitation ndp_solicitation(const core::Ipv6& vip, core::Mac owner,
                                       const core::Ipv6& host,
                                       std::optional<core::Mac> host_mac) {
  NeighbourSolicitation message;
  message.destination = host_mac ? host : solicited_node_group(host);
  message.ethernet_target = host_mac ? *host_mac : multicast_mac(message.destination);
  message.ethernet_source = owner;
  message.source = vip;
  message.target = host;
  message.link_layer = owner;
  return message;
}

std::size_t encode(const NeighbourAdvertisement& message, std::span<std::uint8_t> out) {
  const unsigned flags = (message.is_router ? kFlagRouter : 0U) |
                         (message.is_solicited ? kFlagSolicited : 0U) |
                         (message.is_override ? kFlagOverride : 0U);
  return encode_layout({message.ethernet_target, message.ethernet_source, message.source,
                        message.destination, kTypeAdvertisement,
                        static_cast<std::uint8_t>(flags), message.target, kOptionTarget,
                        message.link_layer},
                       out);
}

std::size_t encode(const NeighbourSolicitation& message, std::span<std::uint8_t> out) {
  return encode_layout({message.ethernet_target, message.ethernet_source, message.source,
                        message.destination, kTypeSolicitation, 0, message.target, kOptionSource,
                        message.link_layer},
                       out);
}

core::Result<NeighbourAdvertisement, NdpError> decode_na(std::span<const std::uint8_t> frame) {
  const auto layout = decode_layout(frame, kTypeAdvertisement, kOptionTarget);
  if (!layout) return core::failure(layout.error());
  NeighbourAdvertisement message;
  message.ethernet_target = layout->ethernet_target;
  message.ethernet_source = layout->ethernet_source;
  message.source = layout->source;
  message.destination = layout->destination;
  message.target = layout->target;
  message.is_router = (layout->flags & kFlagRouter) != 0;
  message.is_solicited = (layout->flags & kFlagSolicited) != 0;
  message.is_override = (layout->flags & kFlagOverride) != 0;
  message.link_layer = layout->link_layer;
  // RFC 4861 4.4: the source is an address assigned to the interface.
  if (is_unspecified(message.source)) return core::failure(NdpError::bad_source);
  // RFC 4861 7.1.2: nobody solicits for a group.
  if (message.is_solicited && is_multicast(message.destination)) {
    return core::failure(NdpError::bad_flags);
  }
  return message;
}

core::Result<NeighbourSolicitation, NdpError> decode_ns(std::span<const std::uint8_t> frame) {
  const auto layout = decode_layout(frame, kTypeSolicitation, kOptionSource);
  if (!layout) return core::failure(layout.error());
  // RFC 4861 7.1.1: a probe for duplicates goes to the group and names no link-layer address.
  const bool is_probe = is_unspecified(layout->source);
  if (is_probe && layout->link_layer) return core::failure(NdpError::bad_option);
  if (is_probe && layout->destination != solicited_node_group(layout->target)) {
    return core::failure(NdpError::bad_source);
  }
  NeighbourSolicitation message;
  message.ethernet_target = layout->ethernet_target;
  message.ethernet_source = layout->ethernet_source;
  message.source = layout->source;
  message.destination = layout->destination;
  message.target = layout->target;
  message.link_layer = layout->link_layer;
  return message;
}

}  // namespace vippy::packet
