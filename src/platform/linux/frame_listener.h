// What the neighbours say to each other: ARP frames and neighbour discovery that come in.
//
// Purpose: ListenFrames: two AF_PACKET sockets for each interface, a filter in the kernel.
// Units:   whole Ethernet frames; kernel receive times.
// Bounds:  kFramesPerReadMax frames of at most kHeardOctetsMax octets a hear(), a fair share of
//          each interface; what is left stays in the sockets, and what does not fit there is lost.
//          Frames wake the loop once in kFramesPause: a node that takes over thousands of addresses
//          says so in as many broadcasts, and its fellows would be woken by each of them.
// Errors:  errno values, 0 = done.
// Order:   of one interface and protocol: as received. Spans in events stay valid until the next
//          hear(). A socket that is bound to a protocol hears only what comes in, not what this
//          host sends, and of a port of a bridge or bond hears nothing: listen on the bridge.
// Source:  packet(7); RFC 826; RFC 4861 sections 4.3 and 4.4.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "platform/linux/descriptor.h"
#include "platform/linux/loop.h"
#include "platform/linux/receive_clock.h"
#include "platform/platform.h"

namespace vippy::platform {

inline constexpr std::size_t kFramesPerReadMax = 64;
inline constexpr std::size_t kHeardOctetsMax = 512;
inline constexpr core::Duration kFramesPause = std::chrono::microseconds(500);

class FrameListener {
 public:
  FrameListener(Loop& loop, WatchToken token) : loop_(loop), token_(token) {}
  [[nodiscard]] int open();

  [[nodiscard]] int listen(InterfaceIndex index);
  void stop(InterfaceIndex index) { sockets_.erase(index); }
  [[nodiscard]] std::vector<InterfaceIndex> listening() const;

  // After each wait() of the loop; `is_ready`: it had our token.
  void hear(bool is_ready, ReceiveClock clock, std::vector<Event>& out);
  // When hear() is to be called even if nothing is ready.
  [[nodiscard]] core::Instant next_deadline() const { return rest_until_; }

 private:
  struct Sockets {
    Descriptor arp;
    Descriptor ipv6;
  };
  [[nodiscard]] int open_socket(InterfaceIndex index, std::uint16_t protocol, Descriptor& out);
  [[nodiscard]] int watch() { return loop_.watch(epoll_.get(), token_, Interest::read); }
  void rest(core::Instant until);
  // True: all that was there was read.
  bool read(const ReceiveClock& clock, std::vector<Event>& out);
  // How many were there.
  std::size_t receive(int fd, std::size_t from, std::size_t count_max, const ReceiveClock& clock,
                      std::vector<Event>& out);

  Loop& loop_;
  WatchToken token_;
  Descriptor epoll_;
  core::Instant empty_{};  // when the sockets were last read to the end
  core::Instant heard_{};  // when there was something the last time
  core::Instant rest_until_ = core::Instant::max();  // else the loop does not watch until then
  std::map<InterfaceIndex, Sockets> sockets_;
  std::array<std::array<std::uint8_t, kHeardOctetsMax>, kFramesPerReadMax> frames_;
};

}  // namespace vippy::platform
