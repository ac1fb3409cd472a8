#include "packet/ethernet.h"

#include "packet/octets.h"

namespace vippy::packet {

namespace {
constexpr std::uint16_t kEthertypeMin = 0x0600;
}

std::size_t encode(const EthernetHeader& header, std::span<std::uint8_t> out) {
  VIPPY_ASSERT(out.size() >= kEthernetHeaderBytes);
  put_octets(out, 0, header.target.octets);
  put_octets(out, 6, header.source.octets);
  put_u16(out, 12, header.ethertype);
  return kEthernetHeaderBytes;
}

core::Result<EthernetHeader, EthernetError> decode_ethernet(std::span<const std::uint8_t> frame) {
  if (frame.size() < kEthernetHeaderBytes) return core::failure(EthernetError::truncated);
  EthernetHeader header;
  header.target.octets = get_octets<6>(frame, 0);
  header.source.octets = get_octets<6>(frame, 6);
  header.ethertype = get_u16(frame, 12);
  if (header.ethertype < kEthertypeMin) return core::failure(EthernetError::not_ethertype);
  return header;
}

core::Mac multicast_mac(const core::Ipv6& group) {
  const auto& octets = group.octets;
  return {{0x33, 0x33, octets[12], octets[13], octets[14], octets[15]}};
}

}  // namespace vippy::packet
