// What the neighbours say to each other: ARP frames and neighbour discovery that come in.
//
// Purpose: ListenFrames: two AF_PACKET sockets for each interface, a filter in the kernel.
// Units:   whole Ethernet frames; kernel receive times.
// Bounds:  kFramesPerReadMax frames of at most kHeardOctetsMax octets a read(), a fair share of
//          each interface; what is left stays in the sockets, and what does not fit there is lost.
// Errors:  errno values, 0 = done.
// Order:   of one interface and protocol: as received. Spans in events stay valid until the next
//          read(). A socket that is bound to a protocol hears only what comes in, not what this
//          host sends, and of a port of a bridge or bond hears nothing: listen on the bridge.
// Source:  packet(7); RFC 826; RFC 4861 sections 4.3 and 4.4.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "platform/linux/descriptor.h"
#include "platform/linux/receive_clock.h"
#include "platform/platform.h"

namespace vippy::platform {

inline constexpr std::size_t kFramesPerReadMax = 64;
inline constexpr std::size_t kHeardOctetsMax = 512;

class FrameListener {
 public:
  [[nodiscard]] int open();
  // Readable when there is something to read().
  [[nodiscard]] int descriptor() const { return epoll_.get(); }

  [[nodiscard]] int listen(InterfaceIndex index);
  void stop(InterfaceIndex index) { sockets_.erase(index); }
  [[nodiscard]] std::vector<InterfaceIndex> listening() const;

  // True: all that was there was read.
  bool read(const ReceiveClock& clock, std::vector<Event>& out);

 private:
  struct Sockets {
    Descriptor arp;
    Descriptor ipv6;
  };
  [[nodiscard]] int open_socket(InterfaceIndex index, std::uint16_t protocol, Descriptor& out);
  // How many were there.
  std::size_t receive(int fd, std::size_t from, std::size_t count_max, const ReceiveClock& clock,
                      std::vector<Event>& out);

  Descriptor epoll_;
  std::map<InterfaceIndex, Sockets> sockets_;
  std::array<std::array<std::uint8_t, kHeardOctetsMax>, kFramesPerReadMax> frames_;
};

}  // namespace vippy::platform
