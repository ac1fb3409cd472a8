#include "frames.h"

#include "packet/arp.h"
#include "packet/ethernet.h"
#include "packet/ndp.h"

namespace vippy::hall {

namespace {

using core::Advertise;
using core::AdvertiseForm;

template <typename Message>
Frame encoded(const Message& message) {
  Frame out;
  out.size = packet::encode(message, out.octets);
  return out;
}

Frame arp_frame(const Advertise& what) {
  const auto vip = what.vip.v4();
  switch (what.form) {
    // Some hosts learn from requests only, some switches let only replies through.
    case AdvertiseForm::everyone: return encoded(packet::arp_announcement(vip, what.mac));
    case AdvertiseForm::everyone_reply:
      return encoded(packet::arp_reply_announcement(vip, what.mac));
    case AdvertiseForm::directed:
      return encoded(packet::arp_reply(vip, what.mac, what.host.v4(), what.host_mac));
    case AdvertiseForm::ask_everyone:
      return encoded(
          packet::arp_request(vip, what.mac, what.host.v4(), core::Mac::broadcast()));
    case AdvertiseForm::ask:
      return encoded(packet::arp_request(vip, what.mac, what.host.v4(), what.host_mac));
  }
  return {};
}

Frame ndp_frame(const Advertise& what) {
  const auto vip = what.vip.v6();
  const auto router = what.is_router ? packet::RouterFlag::yes : packet::RouterFlag::no;
  switch (what.form) {
    case AdvertiseForm::everyone:
    case AdvertiseForm::everyone_reply:
      return encoded(packet::ndp_announcement(vip, what.mac, router));
    case AdvertiseForm::directed:
      return encoded(
          packet::ndp_advertisement(vip, what.mac, router, what.host.v6(), what.host_mac));
    case AdvertiseForm::ask_everyone:
      return encoded(packet::ndp_solicitation(vip, what.mac, what.host.v6(), std::nullopt));
    case AdvertiseForm::ask:
      return encoded(packet::ndp_solicitation(vip, what.mac, what.host.v6(), what.host_mac));
  }
  return {};
}

}  // namespace

Frame frame_of(const Advertise& advertise) {
  return advertise.vip.is_v4() ? arp_frame(advertise) : ndp_frame(advertise);
}

namespace {

using Spoke = std::optional<core::NeighbourSpoke>;

// Zero is no MAC that anybody has, and a probe (0.0.0.0) says nothing yet.
Spoke usable(core::NeighbourSpoke spoke) {
  if (spoke.mac.is_zero() || spoke.mac.is_multicast() || spoke.address.is_unspecified() ||
      spoke.address.is_multicast()) {
    return std::nullopt;
  }
  return spoke;
}

Spoke spoken(const packet::ArpMessage& arp) {
  core::NeighbourSpoke spoke{0, arp.sender_ip, arp.sender_mac};
  spoke.is_answer = arp.operation == packet::ArpOperation::reply &&
                    !arp.ethernet_target.is_multicast() && arp.sender_ip != arp.target_ip;
  if (spoke.is_answer) spoke.asked_by = arp.target_ip;
  return usable(spoke);
}

// Who answers one host may leave its own MAC out (RFC 4861 section 4.4).
Spoke spoken(const packet::NeighbourAdvertisement& na) {
  core::NeighbourSpoke spoke{0, na.target, na.link_layer.value_or(na.ethernet_source)};
  spoke.is_answer = na.is_solicited;
  if (spoke.is_answer) spoke.asked_by = na.destination;
  return usable(spoke);
}

Spoke spoken(const packet::NeighbourSolicitation& ns) {
  return usable({0, ns.source, ns.link_layer.value_or(ns.ethernet_source)});
}

template <typename Decoded>
Spoke spoken_in(const Decoded& decoded) {
  return decoded ? spoken(*decoded) : std::nullopt;
}

}  // namespace

std::optional<core::NeighbourSpoke> spoken_by(std::span<const std::uint8_t> frame) {
  constexpr std::size_t kIcmpType = 14 + 40;
  constexpr std::uint8_t kSolicitation = 135;
  const auto header = packet::decode_ethernet(frame);
  if (!header) return std::nullopt;
  if (header->ethertype == packet::kEthertypeArp) return spoken_in(packet::decode_arp(frame));
  if (frame.size() > kIcmpType && frame[kIcmpType] == kSolicitation) {
    return spoken_in(packet::decode_ns(frame));
  }
  return spoken_in(packet::decode_na(frame));
}

}  // namespace vippy::hall
