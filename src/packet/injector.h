// The seam that puts one finished Ethernet frame on one interface.
//
// Purpose: AF_PACKET and libpcap (illumos: DLPI) behind one function.
// Purity:  no OS headers here; implementations are inject_*.cpp.
// Units:   octets; interface indices as the operating system counts them.
// Bounds:  frames of 14 to kFrameOctetsMax octets; shorter than 60 is padded with zeros by the
//          implementation (IEEE 802.3 minimum without FCS).
// Errors:  an errno value, 0 = handed to the kernel (which is all that anybody can know).
// Order:   one thread; never blocks (a full queue is EAGAIN or ENOBUFS).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace vippy::packet {

class Injector {
 public:
  virtual ~Injector() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  // "packet", "pcap"
  [[nodiscard]] virtual int inject(std::uint32_t interface_index,
                                   std::span<const std::uint8_t> frame) = 0;
  // The interface is gone or renamed: forget what was opened for it.
  virtual void forget(std::uint32_t interface_index) = 0;
};

// An injector, or null with *os_error set to the reason.
[[nodiscard]] std::unique_ptr<Injector> make_packet_injector(int* os_error);
[[nodiscard]] std::unique_ptr<Injector> make_pcap_injector(int* os_error);

}  // namespace vippy::packet
