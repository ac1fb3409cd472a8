#include "platform/linux/announcements.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "platform/os_error.h"

namespace vippy::platform {

namespace {

constexpr auto kLimitedBroadcast = core::Ipv4{{255, 255, 255, 255}};

std::string name_of(InterfaceIndex index, const HostTables& tables) {
  const auto* link = tables.link(index);
  return link == nullptr ? "interface " + std::to_string(index) : link->name;
}

}  // namespace

int Announcements::open(const OpenChat& request) {
  auto socket = std::make_unique<AnnounceSocket>();
  const int error = socket->open({request.group, request.port, request.ttl});
  if (error != 0) return error;
  socket_ = std::move(socket);
  interface_ = request.interface;
  address_ = core::parse_ip(request.interface);
  joined_.clear();
  is_missing_said_ = false;
  return 0;
}

std::vector<InterfaceIndex> Announcements::wanted(const HostTables& tables) const {
  std::vector<InterfaceIndex> out;
  if (interface_ != "all") {
    const auto index = address_ ? tables.link_holding(*address_) : tables.link_named(interface_);
    if (index) out.push_back(*index);
    return out;
  }
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

void Announcements::say_missing(bool is_missing, Notices& notices) {
  if (is_missing == is_missing_said_) return;
  is_missing_said_ = is_missing;
  const std::string what = interface_ == "all" ? "no running multicast interface"
                           : address_          ? "no interface with the address " + interface_
                                               : "no interface named " + interface_;
  if (is_missing) {
    notices.say(true, what + ": announcements wait until there is one");
  } else {
    notices.say(false, "announcements: the interface (" + interface_ + ") is there now");
  }
}

void Announcements::reconcile(const HostTables& tables, Notices& notices, core::Instant now) {
  if (!is_open()) return;
  const auto indices = wanted(tables);
  say_missing(indices.empty(), notices);
  if (!socket_->chat().group.is_multicast()) return;
  std::erase_if(joined_, [&](const auto& member) {
    const bool is_wanted = std::find(indices.begin(), indices.end(), member.first) != indices.end();
    if (!is_wanted && member.second == 0) socket_->leave(member.first);
    return !is_wanted;
  });
  for (const auto index : indices) {
    const auto found = joined_.find(index);
    if (found != joined_.end() && found->second == 0) continue;
    const int error = socket_->join(index);
    joined_[index] = error == EADDRINUSE ? 0 : error;
    if (joined_[index] == 0) continue;
    const auto name = name_of(index, tables);
    notices.warn_limited("join " + name + std::to_string(error),
                         "cannot join " + core::format(socket_->chat().group) + " on " + name +
                             ": " + explain(error),
                         now);
  }
}

std::vector<InterfaceIndex> Announcements::targets(const HostTables& tables) const {
  const auto& group = socket_->chat().group;
  std::vector<InterfaceIndex> out;
  if (group.is_multicast()) {
    for (const auto& [index, error] : joined_) {
      const auto* link = tables.link(index);
      if (error == 0 && link != nullptr && link->is_running) out.push_back(index);
    }
    return out;
  }
  if (group != core::IpAddress(kLimitedBroadcast)) {
    if (interface_ == "all") return {0};
    return wanted(tables);
  }
  for (const auto index : wanted(tables)) {
    const auto* link = tables.link(index);
    if (link != nullptr && link->is_running) out.push_back(index);
  }
  return out;
}

std::optional<core::IpAddress> Announcements::source_on(InterfaceIndex index,
                                                        const HostTables& tables) const {
  const auto family = socket_->chat().group.family();
  auto source = address_;
  if (!source && index != 0) source = tables.own_address(index, family);
  if (source && source->family() != family) source.reset();
  return source;
}

std::vector<WillTarget> Announcements::route(const HostTables& tables) const {
  std::vector<WillTarget> out;
  if (!is_open()) return out;
  const auto& chat = socket_->chat();
  for (const auto index : targets(tables)) {
    const auto source = source_on(index, tables);
    out.push_back({chat.group, source.value_or(core::IpAddress()), index, chat.port, chat.ttl});
  }
  return out;
}

void Announcements::send(std::span<const std::uint8_t> bytes, const HostTables& tables,
                         Notices& notices, core::Instant now) {
  if (!is_open()) {
    notices.warn_limited("send closed", "an announcement was not sent: no chat is open", now);
    return;
  }
  const auto indices = targets(tables);
  if (indices.empty()) {
    notices.warn_limited(
        "send nowhere",
        "an announcement was not sent: no interface (" + interface_ + ") is joined and running",
        now);
  }
  for (const auto index : indices) {
    const auto source = source_on(index, tables);
    int error = socket_->send(bytes, index, source);
    // The choice was a preference; an address that is still tentative cannot be one.
    if ((error == EINVAL || error == EADDRNOTAVAIL) && source && !address_) {
      error = socket_->send(bytes, index, std::nullopt);
    }
    if (error == 0) continue;
    say_send_error(error, index == 0 ? "by its route" : "on " + name_of(index, tables), notices,
                   now);
  }
}

void Announcements::say_send_error(int os_error, const std::string& where, Notices& notices,
                                   core::Instant now) const {
  const auto& chat = socket_->chat();
  const auto target = core::format(chat.group) + " port " + std::to_string(chat.port);
  std::string why = explain(os_error);
  if (os_error == EPERM || os_error == EACCES) {
    why = "EPERM: a firewall of this host drops it; accept outgoing UDP to " + target;
  } else if (os_error == ENOBUFS || os_error == EAGAIN) {
    why = "ENOBUFS: the interface's queue is full; raise txqueuelen or the limit of its qdisc";
  }
  notices.warn_limited("send " + where + std::to_string(os_error),
                       "an announcement to " + target + " was not sent " + where + ": " + why, now);
}

std::optional<Datagram> Announcements::decode(const RawDatagram& raw,
                                              const ReceiveClock& clock) const {
  return socket_ == nullptr ? std::nullopt : socket_->decode(raw, clock);
}

void Announcements::on_error(Notices& notices, core::Instant now) const {
  if (!is_open()) return;
  int error = 0;
  socklen_t length = sizeof(error);
  ::getsockopt(descriptor(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error == 0) return;
  notices.warn_limited("receive" + std::to_string(error),
                       "the announcement socket reports " + explain(error), now);
}

}  // namespace vippy::platform
