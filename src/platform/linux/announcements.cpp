#include "platform/linux/announcements.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/listing.h"
#include "platform/linux/group_neighbour.h"
#include "platform/os_error.h"

namespace vippy::platform {

namespace {

constexpr auto kLimitedBroadcast = core::Ipv4{{255, 255, 255, 255}};

std::string name_of(InterfaceIndex index, const HostTables& tables) {
  const auto* link = tables.link(index);
  return link == nullptr ? "interface " + std::to_string(index) : link->name;
}

bool is_running(InterfaceIndex index, const HostTables& tables) {
  const auto* link = tables.link(index);
  return link != nullptr && link->is_running;
}

bool is_host(const core::IpAddress& address) {
  return !address.is_multicast() && !address.is_unspecified() &&
         address != core::IpAddress(kLimitedBroadcast);
}

bool is_link_local(const core::IpAddress& address) {
  const auto octets = address.octets();
  return address.is_v6() && octets[0] == 0xfe && (octets[1] & 0xc0U) == 0x80;
}

// Whom each socket is for: the group, or any host of each family that peers have.
std::vector<core::IpAddress> groups_of(const OpenChat& request) {
  if (request.peers.empty()) return {request.group};
  std::vector<core::IpAddress> out;
  for (const auto& peer : request.peers) {
    const auto any =
        peer.is_v4() ? core::IpAddress(core::Ipv4{}) : core::IpAddress(core::Ipv6{});
    if (std::find(out.begin(), out.end(), any) == out.end()) out.push_back(any);
  }
  return out;
}

// Every running multicast interface; loopback only where there is no other.
std::vector<InterfaceIndex> all_links(const HostTables& tables) {
  std::vector<InterfaceIndex> out;
  bool is_alone = true;
  InterfaceIndex loopback = 0;
  for (const auto& [index, link] : tables.links()) {
    if (link.is_loopback) {
      if (link.is_running) loopback = index;
      continue;
    }
    if (!link.is_multicast) continue;
    is_alone = false;
    if (link.is_running) out.push_back(index);
  }
  if (is_alone && loopback != 0) out.push_back(loopback);
  return out;
}

}  // namespace

int Announcements::open(const OpenChat& request) {
  if (!std::all_of(request.peers.begin(), request.peers.end(), is_host)) return EINVAL;
  std::vector<AnnounceSocket> sockets;
  for (const auto& group : groups_of(request)) {
    const int error = sockets.emplace_back().open({group, request.port, request.ttl, request.own});
    if (error != 0) return error;
  }
  if (const int error = claim_.claim(request); error != 0) return error;
  drop_neighbours();
  sockets_ = std::move(sockets);
  peers_.assign(request.peers.begin(), request.peers.end());
  choices_.clear();
  for (const auto& text : request.interfaces) {
    choices_.push_back({text, core::parse_ip(text), false});
  }
  if (choices_.empty()) choices_.push_back({"all", std::nullopt, false});
  joined_.clear();
  targets_.clear();
  return 0;
}

bool Announcements::is_everywhere() const {
  return std::any_of(choices_.begin(), choices_.end(),
                     [](const Choice& choice) { return choice.text == "all"; });
}

// Two choices may mean the same interface: that is one path.
std::vector<Announcements::Path> Announcements::find_paths(const HostTables& tables,
                                                           Notices& notices) {
  std::vector<Path> out;
  for (auto& choice : choices_) {
    std::vector<InterfaceIndex> indices;
    if (choice.text == "all") {
      indices = all_links(tables);
    } else if (const auto index = choice.address ? tables.link_holding(*choice.address)
                                                 : tables.link_named(choice.text)) {
      indices.push_back(*index);
    }
    say_missing(choice, indices.empty(), notices);
    for (const auto index : indices) {
      const auto same = std::find_if(out.begin(), out.end(),
                                     [&](const Path& path) { return path.index == index; });
      if (same == out.end()) {
        out.push_back({index, choice.address});
      } else if (!same->source) {
        same->source = choice.address;
      }
    }
  }
  return out;
}

void Announcements::say_missing(Choice& choice, bool is_missing, Notices& notices) const {
  if (is_missing == choice.is_missing_said) return;
  choice.is_missing_said = is_missing;
  const std::string what = choice.text == "all" ? "no running multicast interface"
                           : choice.address ? "no interface with the address " + choice.text
                                            : "no interface named " + choice.text;
  if (is_missing) {
    notices.say(true, what + ": " + (choices_.size() > 1 ? "its " : "") +
                          "announcements wait until there is one");
  } else {
    notices.say(false, "announcements: the interface (" + choice.text + ") is there now");
  }
}

void Announcements::reconcile(const HostTables& tables, Notices& notices, core::Instant now) {
  if (sockets_.empty()) return;
  const auto paths = find_paths(tables, notices);
  if (is_joining()) join(paths, tables, notices, now);
  if (is_joining()) keep_neighbours(tables);
  targets_.clear();
  if (peers_.empty()) return aim_at_group(paths, tables);
  for (const auto& peer : peers_) aim_at_peer(peer, paths, tables);
}

void Announcements::join(const std::vector<Path>& paths, const HostTables& tables,
                         Notices& notices, core::Instant now) {
  auto& socket = sockets_.front();
  std::erase_if(joined_, [&](const auto& member) {
    const bool is_wanted = std::any_of(paths.begin(), paths.end(), [&](const Path& path) {
      return path.index == member.first;
    });
    if (!is_wanted && member.second == 0) socket.leave(member.first);
    return !is_wanted;
  });
  for (const auto& path : paths) {
    const auto found = joined_.find(path.index);
    if (found != joined_.end() && found->second == 0) continue;
    const int error = socket.join(path.index);
    joined_[path.index] = error == EADDRINUSE ? 0 : error;
    if (joined_[path.index] == 0) continue;
    const auto name = name_of(path.index, tables);
    notices.warn_limited("join " + name + std::to_string(error),
                         "cannot join " + core::format(socket.chat().group) + " on " + name +
                             ": " + explain(error),
                         now);
  }
}

// An interface that goes down loses its entries. Without one, announcing works while there is room;
// somebody else's does as well.
void Announcements::keep_neighbours(const HostTables& tables) {
  const auto& group = sockets_.front().chat().group;
  std::erase_if(kept_, [&](const auto& kept) {
    if (joined_.contains(kept.first)) return !is_running(kept.first, tables);
    if (kept.second) drop_group_neighbour(kept.first, group);
    return true;
  });
  for (const auto& [index, error] : joined_) {
    const auto* link = tables.link(index);
    const bool is_wanted = error == 0 && link != nullptr && link->is_running && link->is_ethernet;
    if (!is_wanted || kept_.contains(index)) continue;
    kept_[index] = keep_group_neighbour(index, group) == 0;
  }
}

void Announcements::drop_neighbours() {
  for (const auto& [index, is_ours] : std::exchange(kept_, {})) {
    if (is_ours) drop_group_neighbour(index, sockets_.front().chat().group);
  }
}

void Announcements::add_target(const core::IpAddress& address, const Path& path,
                               const std::optional<core::IpAddress>& preferred) {
  Target target{address, path, 0, path.source.has_value()};
  if (!target.path.source) target.path.source = preferred;
  if (target.path.source && target.path.source->family() != address.family()) {
    target.path.source.reset();
  }
  while (sockets_[target.socket].chat().group.family() != address.family()) ++target.socket;
  targets_.push_back(target);
}

void Announcements::aim_at_group(const std::vector<Path>& paths, const HostTables& tables) {
  const auto& group = sockets_.front().chat().group;
  if (is_host(group) && is_everywhere()) return add_target(group, {}, std::nullopt);
  for (const auto& path : paths) {
    const bool is_closed = is_joining() && joined_[path.index] != 0;
    const bool needs_carrier = !is_host(group);
    if (is_closed || (needs_carrier && !is_running(path.index, tables))) continue;
    add_target(group, path, tables.own_address(path.index, group.family()));
  }
}

void Announcements::aim_at_peer(const core::IpAddress& peer, const std::vector<Path>& paths,
                                const HostTables& tables) {
  if (tables.link_holding(peer)) return;
  if (is_everywhere() && !is_link_local(peer)) {
    return add_target(peer, {}, tables.own_address_beside(peer, 0));
  }
  const bool is_beside = std::any_of(paths.begin(), paths.end(), [&](const Path& path) {
    return tables.own_address_beside(peer, path.index).has_value();
  });
  for (const auto& path : paths) {
    if (!is_running(path.index, tables)) continue;
    const auto source = tables.own_address_beside(peer, path.index);
    if (is_beside && !source) continue;
    add_target(peer, path, source);
  }
}

// All the peers that there are is this host itself?
bool Announcements::is_alone(const HostTables& tables) const {
  return !peers_.empty() && std::all_of(peers_.begin(), peers_.end(), [&](const auto& peer) {
    return tables.link_holding(peer).has_value();
  });
}

std::string Announcements::choices_text() const {
  std::string out;
  for (const auto& choice : choices_) core::append_item(out, choice.text);
  return out;
}

std::vector<WillTarget> Announcements::route() const {
  std::vector<WillTarget> out;
  for (const auto& target : targets_) {
    const auto& chat = sockets_[target.socket].chat();
    out.push_back({target.address, target.path.source.value_or(core::IpAddress()),
                   target.path.index, chat.port, chat.ttl});
  }
  return out;
}

int Announcements::send(std::span<const std::uint8_t> bytes, const HostTables& tables,
                        Notices& notices, core::Instant now) {
  if (sockets_.empty()) {
    notices.warn_limited("send closed", "an announcement was not sent: no chat is open", now);
    return ENOTCONN;
  }
  if (targets_.empty() && !is_alone(tables)) {
    notices.warn_limited("send nowhere",
                         "an announcement was not sent: no interface (" + choices_text() +
                             ") is joined and running",
                         now);
    return ENETDOWN;
  }
  int first_error = 0;
  for (const auto& target : targets_) {
    auto& socket = sockets_[target.socket];
    const auto& [index, source] = target.path;
    int error = socket.send(bytes, target.address, index, source);
    // The choice was a preference; an address that is still tentative cannot be one.
    if ((error == EINVAL || error == EADDRNOTAVAIL) && source && !target.is_source_asked_for) {
      error = socket.send(bytes, target.address, index, std::nullopt);
    }
    if (error == 0) continue;
    if (first_error == 0) first_error = error;
    say_send_error(error, target, tables, notices, now);
  }
  return first_error;
}

void Announcements::say_send_error(int os_error, const Target& target, const HostTables& tables,
                                   Notices& notices, core::Instant now) const {
  const auto index = target.path.index;
  const std::string where = index == 0 ? "by its route" : "on " + name_of(index, tables);
  const auto whom = core::format(target.address) + " port " +
                    std::to_string(sockets_[target.socket].chat().port);
  std::string why = explain(os_error);
  if (os_error == EPERM || os_error == EACCES) {
    why = "EPERM: a firewall of this host drops it; accept outgoing UDP to " + whom;
  } else if (os_error == ENOBUFS || os_error == EAGAIN) {
    why = "ENOBUFS: the interface's queue is full, or the table of neighbours; raise txqueuelen, "
          "the limit of its qdisc, or net.ipv4.neigh.default.gc_thresh3";
  }
  notices.warn_limited("send " + whom + where + std::to_string(os_error),
                       "an announcement to " + whom + " was not sent " + where + ": " + why, now);
}

std::optional<Datagram> Announcements::decode(std::size_t place, const RawDatagram& raw,
                                              const ReceiveClock& clock) const {
  return place < sockets_.size() ? sockets_[place].decode(raw, clock) : std::nullopt;
}

void Announcements::on_error(std::size_t place, Notices& notices, core::Instant now) const {
  if (place >= sockets_.size()) return;
  int error = 0;
  socklen_t length = sizeof(error);
  ::getsockopt(sockets_[place].descriptor(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error == 0) return;
  notices.warn_limited("receive" + std::to_string(error),
                       "the announcement socket reports " + explain(error), now);
}

}  // namespace vippy::platform
