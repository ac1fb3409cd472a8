// One UDP socket for announcements.
//
// Purpose: options, membership, sending on a chosen interface, and the meaning of what came in.
// Units:   receive times as core::Instant; the kernel gives CLOCK_REALTIME, which is converted.
// Bounds:  datagrams up to core::kDatagramOctetsMax; a receive buffer of 4 MiB where allowed.
// Errors:  errno values, 0 = done.
// Order:   open() once; the socket never blocks.
// Source:  ip(7), ipv6(7), socket(7). SO_REUSEADDR lets several daemons of one host share a
//          group; bound to the group's address, a socket does not hear other groups on its port.
#pragma once

#include <optional>
#include <span>

#include "core/ip.h"
#include "platform/linux/descriptor.h"
#include "platform/linux/loop.h"
#include "platform/linux/receive_clock.h"
#include "platform/platform.h"

namespace vippy::platform {

struct Chat {
  core::IpAddress group;  // or a broadcast or host address; unspecified: any host's
  std::uint16_t port = 0;
  std::uint8_t ttl = 128;
  std::optional<OwnMark> own = std::nullopt;
};

class AnnounceSocket {
 public:
  [[nodiscard]] int open(const Chat& chat);
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  [[nodiscard]] const Chat& chat() const { return chat_; }

  [[nodiscard]] int join(InterfaceIndex index);
  // The interface may be gone already.
  void leave(InterfaceIndex index);

  // index 0: where the routes say. `source`: nullopt leaves the choice to the kernel.
  [[nodiscard]] int send(std::span<const std::uint8_t> bytes, const core::IpAddress& target,
                         InterfaceIndex index, const std::optional<core::IpAddress>& source);

  // nullopt: not meant for this chat (another group, no source).
  [[nodiscard]] std::optional<Datagram> decode(const RawDatagram& raw,
                                               const ReceiveClock& clock) const;

 private:
  [[nodiscard]] int set_options();
  void refuse_own() const;
  [[nodiscard]] int bind();

  Chat chat_;
  Descriptor socket_;
};

}  // namespace vippy::platform
