// The announcement sockets on the interfaces that they belong to, now and later.
//
// Purpose: OpenChat and SendDatagram: which interfaces are joined, where copies are sent.
// Bounds:  one membership for each interface; one datagram a joined interface, or a peer and
//          interface, a send.
// Errors:  open() answers an errno value. A failed join or send is a rate-limited Notice with the
//          interface, the error and the remedy; an interface that is not there yet is a Notice.
// Order:   reconcile() after every change of links and addresses; it is level-triggered, and
//          send() goes where the last one said.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/guard_host.h"
#include "platform/linux/announce_socket.h"
#include "platform/linux/chat_claim.h"
#include "platform/linux/host_tables.h"
#include "platform/notices.h"

namespace vippy::platform {

inline constexpr std::size_t kChatSocketsMax = 2;  // peers may be of either family

class Announcements {
 public:
  Announcements() = default;
  ~Announcements() { drop_neighbours(); }
  Announcements(const Announcements&) = delete;
  Announcements& operator=(const Announcements&) = delete;

  // In place of an earlier chat, which stays when this fails.
  [[nodiscard]] int open(const OpenChat& request);
  [[nodiscard]] const std::vector<AnnounceSocket>& sockets() const { return sockets_; }

  // Joins what is wanted and there, leaves what is not.
  void reconcile(const HostTables& tables, Notices& notices, core::Instant now);
  // The errno of the first copy that did not leave; 0: all left.
  int send(std::span<const std::uint8_t> bytes, const HostTables& tables, Notices& notices,
           core::Instant now);
  // Where send() would send now, for somebody else to send there.
  [[nodiscard]] std::vector<WillTarget> route() const;
  // `place` is that of the socket in sockets().
  [[nodiscard]] std::optional<Datagram> decode(std::size_t place, const RawDatagram& raw,
                                               const ReceiveClock& clock) const;
  // The pending error of the socket, said as a notice.
  void on_error(std::size_t place, Notices& notices, core::Instant now) const;
  // Other daemons that asked whether this chat is taken.
  void see_off_askers() const { claim_.turn_away(); }

 private:
  // One of the interfaces that were asked for.
  struct Choice {
    std::string text;  // "all", a name, or the text of `address`
    std::optional<core::IpAddress> address;
    bool is_missing_said = false;
  };
  struct Path {
    InterfaceIndex index = 0;  // 0: where the routes say
    std::optional<core::IpAddress> source;
  };
  struct Target {
    core::IpAddress address;
    Path path;
    std::size_t socket = 0;
    bool is_source_asked_for = false;
  };

  [[nodiscard]] bool is_joining() const { return sockets_[0].chat().group.is_multicast(); }
  [[nodiscard]] bool is_everywhere() const;
  [[nodiscard]] bool is_alone(const HostTables& tables) const;
  std::vector<Path> find_paths(const HostTables& tables, Notices& notices);
  void say_missing(Choice& choice, bool is_missing, Notices& notices) const;
  void join(const std::vector<Path>& paths, const HostTables& tables, Notices& notices,
            core::Instant now);
  void keep_neighbours(const HostTables& tables);
  void drop_neighbours();
  void aim_at_group(const std::vector<Path>& paths, const HostTables& tables);
  void aim_at_peer(const core::IpAddress& peer, const std::vector<Path>& paths,
                   const HostTables& tables);
  void add_target(const core::IpAddress& address, const Path& path,
                  const std::optional<core::IpAddress>& preferred);
  [[nodiscard]] std::string choices_text() const;
  void say_send_error(int os_error, const Target& target, const HostTables& tables,
                      Notices& notices, core::Instant now) const;

  ChatClaim claim_;
  std::vector<AnnounceSocket> sockets_;  // none: no chat is open
  std::vector<Choice> choices_;
  std::vector<core::IpAddress> peers_;
  std::vector<Target> targets_;
  std::map<InterfaceIndex, int> joined_;  // errno of the attempt, 0: member
  // Where the group has an entry among the neighbours that stays; value: ours, to be dropped.
  std::map<InterfaceIndex, bool> kept_;
};

}  // namespace vippy::platform
