// The announcement socket on the interfaces that it belongs to, now and later.
//
// Purpose: OpenChat and SendDatagram: which interfaces are joined, where copies are sent.
// Bounds:  one membership for each interface; one datagram a joined interface a send.
// Errors:  open() answers an errno value. A failed join or send is a rate-limited Notice with the
//          interface, the error and the remedy; an interface that is not there yet is a Notice.
// Order:   reconcile() after every change of links and addresses; it is level-triggered.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/guard_host.h"
#include "platform/linux/announce_socket.h"
#include "platform/linux/host_tables.h"
#include "platform/notices.h"

namespace vippy::platform {

class Announcements {
 public:
  // In place of an earlier chat, which stays when this fails.
  [[nodiscard]] int open(const OpenChat& request);
  [[nodiscard]] bool is_open() const { return socket_ != nullptr; }
  [[nodiscard]] int descriptor() const { return socket_->descriptor(); }

  // Joins what is wanted and there, leaves what is not.
  void reconcile(const HostTables& tables, Notices& notices, core::Instant now);
  void send(std::span<const std::uint8_t> bytes, const HostTables& tables, Notices& notices,
            core::Instant now);
  // Where send() would send now, for somebody else to send there.
  [[nodiscard]] std::vector<WillTarget> route(const HostTables& tables) const;
  [[nodiscard]] std::optional<Datagram> decode(const RawDatagram& raw,
                                               const ReceiveClock& clock) const;
  // The pending error of the socket, said as a notice.
  void on_error(Notices& notices, core::Instant now) const;

 private:
  [[nodiscard]] std::vector<InterfaceIndex> wanted(const HostTables& tables) const;
  [[nodiscard]] std::vector<InterfaceIndex> targets(const HostTables& tables) const;
  [[nodiscard]] std::optional<core::IpAddress> source_on(InterfaceIndex index,
                                                         const HostTables& tables) const;
  void say_missing(bool is_missing, Notices& notices);
  void say_send_error(int os_error, const std::string& where, Notices& notices,
                      core::Instant now) const;

  std::unique_ptr<AnnounceSocket> socket_;
  std::string interface_;  // "all", a name, or the text of `address_`
  std::optional<core::IpAddress> address_;
  std::map<InterfaceIndex, int> joined_;  // errno of the attempt, 0: member
  bool is_missing_said_ = false;
};

}  // namespace vippy::platform
