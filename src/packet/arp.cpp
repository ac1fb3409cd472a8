#include "packet/arp.h"

#include "packet/ethernet.h"
#include "packet/octets.h"

namespace vippy::packet {

namespace {

constexpr std::uint16_t kHardwareEthernet = 1;
constexpr std::uint8_t kMacBytes = 6;
constexpr std::uint8_t kIpv4Bytes = 4;

bool is_ipv4_over_ethernet(std::span<const std::uint8_t> frame) {
  return get_u16(frame, 14) == kHardwareEthernet && get_u16(frame, 16) == kEthertypeIpv4 &&
         frame[18] == kMacBytes && frame[19] == kIpv4Bytes;
}

}  // namespace

ArpMessage arp_announcement(core::Ipv4 vip, core::Mac owner) {
  return {core::Mac::broadcast(), ArpOperation::request, owner, vip, core::Mac{}, vip};
}

ArpMessage arp_reply_announcement(core::Ipv4 vip, core::Mac owner) {
  return {core::Mac::broadcast(), ArpOperation::reply, owner, vip, owner, vip};
}

ArpMessage arp_reply(core::Ipv4 vip, core::Mac owner, core::Ipv4 host, core::Mac host_mac) {
  return {host_mac, ArpOperation::reply, owner, vip, host_mac, host};
}

ArpMessage arp_request(core::Ipv4 vip, core::Mac owner, core::Ipv4 host, core::Mac host_mac) {
  return {host_mac, ArpOperation::request, owner, vip, core::Mac{}, host};
}

std::size_t encode(const ArpMessage& message, std::span<std::uint8_t> out) {
  VIPPY_ASSERT(out.size() >= kArpFrameBytes);
  encode(EthernetHeader{message.ethernet_target, message.sender_mac, kEthertypeArp}, out);
  put_u16(out, 14, kHardwareEthernet);
  put_u16(out, 16, kEthertypeIpv4);
  out[18] = kMacBytes;
  out[19] = kIpv4Bytes;
  put_u16(out, 20, static_cast<std::uint16_t>(message.operation));
  put_octets(out, 22, message.sender_mac.octets);
  put_octets(out, 28, message.sender_ip.octets);
  put_octets(out, 32, message.target_mac.octets);
  put_octets(out, 38, message.target_ip.octets);
  return kArpFrameBytes;
}

core::Result<ArpMessage, ArpError> decode_arp(std::span<const std::uint8_t> frame) {
  if (frame.size() < kArpFrameBytes) return core::failure(ArpError::truncated);
  const auto ethernet = decode_ethernet(frame);
  if (!ethernet || ethernet->ethertype != kEthertypeArp) return core::failure(ArpError::not_arp);
  if (!is_ipv4_over_ethernet(frame)) return core::failure(ArpError::not_ipv4);
  const auto operation = get_u16(frame, 20);
  if (operation != 1 && operation != 2) return core::failure(ArpError::bad_operation);
  ArpMessage message;
  message.ethernet_target = ethernet->target;
  message.operation = static_cast<ArpOperation>(operation);
  message.sender_mac.octets = get_octets<6>(frame, 22);
  message.sender_ip.octets = get_octets<4>(frame, 28);
  message.target_mac.octets = get_octets<6>(frame, 32);
  message.target_ip.octets = get_octets<4>(frame, 38);
  if (message.sender_mac.is_multicast()) return core::failure(ArpError::bad_sender);
  return message;
}

}  // namespace vippy::packet
