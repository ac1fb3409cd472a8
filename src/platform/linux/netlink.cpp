#include "platform/linux/netlink.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "platform/linux/address_messages.h"
#include "platform/os_error.h"

namespace vippy::platform {

namespace {

constexpr unsigned kDumpAttemptsMax = 16;

struct MessageDeleter {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using Message = std::unique_ptr<nl_msg, MessageDeleter>;

// Our local routes. A kernel that does not filter gives all of them.
Message route_dump_request() {
  Message message(nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP));
  if (message == nullptr) return nullptr;
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_table = RT_TABLE_LOCAL;
  header.rtm_protocol = kAddressTag;
  header.rtm_type = RTN_LOCAL;
  const int error = nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
  return error == 0 ? std::move(message) : nullptr;
}

// A dump request for `table`, without sequence and port; null when there is no memory.
Message dump_request(Table table) {
  constexpr std::array kTypes = {RTM_GETLINK, RTM_GETADDR, RTM_GETNEIGH};
  const auto type = kTypes.at(static_cast<std::size_t>(table));
  Message message(nlmsg_alloc_simple(type, NLM_F_REQUEST | NLM_F_DUMP));
  if (message == nullptr) return nullptr;
  int error = 0;
  switch (table) {
    case Table::links: {
      ifinfomsg header{};
      error = nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
      if (error == 0) error = nla_put_u32(message.get(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
      break;
    }
    case Table::addresses: {
      ifaddrmsg header{};
      error = nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
      break;
    }
    case Table::neighbours: {
      ndmsg header{};
      error = nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO);
      break;
    }
  }
  return error == 0 ? std::move(message) : nullptr;
}

// A router's own routes come and go by the thousands: notifications of routes that are not ours
// stay in the kernel, and of those that were done for `our_port`, which knows. Dumps pass.
int pass_own_routes_only(int fd, std::uint32_t our_port) {
  constexpr std::uint32_t kTypeAt = offsetof(nlmsghdr, nlmsg_type);
  constexpr std::uint32_t kFlagsAt = offsetof(nlmsghdr, nlmsg_flags);
  constexpr std::uint32_t kPortAt = offsetof(nlmsghdr, nlmsg_pid);
  constexpr std::uint32_t kProtocolAt = sizeof(nlmsghdr) + offsetof(rtmsg, rtm_protocol);
  constexpr std::uint16_t kLoadWord = BPF_LD | BPF_W | BPF_ABS;
  constexpr std::uint16_t kLoadHalf = BPF_LD | BPF_H | BPF_ABS;
  constexpr std::uint16_t kLoadOctet = BPF_LD | BPF_B | BPF_ABS;
  constexpr std::uint16_t kIfEqual = BPF_JMP | BPF_JEQ | BPF_K;
  constexpr std::uint16_t kIfAnyBit = BPF_JMP | BPF_JSET | BPF_K;
  constexpr std::uint16_t kReturn = BPF_RET | BPF_K;
  std::array<sock_filter, 11> program = {{
      {kLoadHalf, 0, 0, kTypeAt},
      {kIfEqual, 1, 0, htons(RTM_NEWROUTE)},
      {kIfEqual, 0, 6, htons(RTM_DELROUTE)},
      {kLoadHalf, 0, 0, kFlagsAt},
      {kIfAnyBit, 4, 0, htons(NLM_F_MULTI)},
      {kLoadOctet, 0, 0, kProtocolAt},
      {kIfEqual, 0, 3, kAddressTag},
      {kLoadWord, 0, 0, kPortAt},
      {kIfEqual, 1, 0, htonl(our_port)},
      {kReturn, 0, 0, UINT32_MAX},
      {kReturn, 0, 0, 0},
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0 ? 0 : errno;
}

void set_receive_octets(int fd, int octets) {
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) == 0) return;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
}

}  // namespace

void NetlinkSocketDeleter::operator()(nl_sock* socket) const { nl_socket_free(socket); }

NetlinkSocket open_netlink(int receive_octets, int* os_error) {
  errno = 0;
  NetlinkSocket socket(nl_socket_alloc());
  if (socket == nullptr) {
    *os_error = ENOMEM;
    return nullptr;
  }
  if (nl_connect(socket.get(), NETLINK_ROUTE) != 0 ||
      nl_socket_set_nonblocking(socket.get()) != 0) {
    *os_error = errno != 0 ? errno : EIO;
    return nullptr;
  }
  set_receive_octets(nl_socket_get_fd(socket.get()), receive_octets);
  return socket;
}

int NetlinkWatcher::open(int receive_octets, std::uint32_t our_port) {
  int os_error = 0;
  if (!buffer_) return ENOMEM;
  socket_ = open_netlink(receive_octets, &os_error);
  if (socket_ == nullptr) return os_error;
  const int on = 1;
  ::setsockopt(descriptor(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
  if (const int refused = pass_own_routes_only(descriptor(), our_port); refused != 0) {
    return refused;
  }
  const int error =
      nl_socket_add_memberships(socket_.get(), RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
                                RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_NEIGH, 0);
  if (error != 0) return EIO;
  asked_ = {Table::links, Table::addresses, Table::neighbours};
  return 0;
}

int NetlinkWatcher::descriptor() const { return nl_socket_get_fd(socket_.get()); }

void NetlinkWatcher::ask(Table table) {
  if (std::find(asked_.begin(), asked_.end(), table) == asked_.end()) asked_.push_back(table);
}

void NetlinkWatcher::on_route_removed() {
  if (running_ == Table::addresses && is_of_routes_) ask(Table::addresses);
}

void NetlinkWatcher::begin_dump(std::vector<NetlinkEvent>& out, Notices& notices,
                                core::Instant now) {
  running_ = asked_.front();
  asked_.pop_front();
  is_of_routes_ = false;
  attempts_ = 0;
  out.emplace_back(TableBegin{*running_});
  if (send_dump() != 0) end_dump(false, out, notices, now);
}

int NetlinkWatcher::send_dump() {
  const auto message = is_of_routes_ ? route_dump_request() : dump_request(*running_);
  if (message == nullptr) return ENOMEM;
  auto* header = nlmsg_hdr(message.get());
  header->nlmsg_seq = ++sequence_;
  header->nlmsg_pid = nl_socket_get_local_port(socket_.get());
  is_interrupted_ = false;
  ++attempts_;
  errno = 0;
  return nl_send(socket_.get(), message.get()) >= 0 ? 0 : EAGAIN;
}

// Not whole: the same table is asked for again, inside the marks that are already out.
void NetlinkWatcher::end_dump(bool is_whole, std::vector<NetlinkEvent>& out, Notices& notices,
                              core::Instant now) {
  while (!is_whole && attempts_ < kDumpAttemptsMax) {
    if (send_dump() == 0) return;
  }
  if (!is_whole) {
    notices.warn_limited("netlink dump",
                         "a kernel table could not be read in one piece: too many "
                         "changes; the notifications are relied upon",
                         now);
  }
  if (*running_ == Table::addresses && !std::exchange(is_of_routes_, true)) {
    attempts_ = 0;
    if (send_dump() != 0) end_dump(false, out, notices, now);
    return;
  }
  out.emplace_back(TableComplete{*running_});
  running_.reset();
}

void NetlinkWatcher::on_lost(Notices& notices, core::Instant now) {
  notices.warn_limited("netlink lost",
                       "netlink notifications were lost (ENOBUFS): links, "
                       "addresses and neighbours are read again",
                       now);
  asked_ = {Table::links, Table::addresses, Table::neighbours};
}

bool NetlinkWatcher::is_of_dump(const NetlinkMessage& message) const {
  return running_ && message.sequence == sequence_ &&
         message.port == nl_socket_get_local_port(socket_.get());
}

void NetlinkWatcher::take(std::span<const std::uint8_t> bytes, std::vector<NetlinkEvent>& out,
                          Notices& notices, core::Instant now) {
  NetlinkReader reader(bytes);
  while (const auto message = reader.next()) {
    const bool is_dump = is_of_dump(*message);
    if (is_dump && message->is_interrupted) is_interrupted_ = true;
    if (const auto* link = std::get_if<LinkMessage>(&message->body)) out.emplace_back(*link);
    if (const auto* held = std::get_if<AddressMessage>(&message->body)) out.emplace_back(*held);
    if (const auto* neighbour = std::get_if<NeighbourMessage>(&message->body)) {
      // A dump mentions what is there; what is unresolved needs no farewell.
      if (neighbour->exists || !is_dump) out.emplace_back(*neighbour);
    }
    if (!is_dump) continue;
    if (std::holds_alternative<DoneMessage>(message->body)) {
      end_dump(!is_interrupted_, out, notices, now);
    } else if (const auto* ack = std::get_if<AckMessage>(&message->body)) {
      end_dump(ack->os_error == 0, out, notices, now);
    }
  }
  if (reader.is_truncated()) {
    notices.warn_limited("netlink truncated", "a netlink message was truncated", now);
    on_lost(notices, now);
  }
}

void NetlinkWatcher::read(std::vector<NetlinkEvent>& out, Notices& notices, core::Instant now) {
  if (!running_ && !asked_.empty()) begin_dump(out, notices, now);
  std::size_t used = 0;
  for (std::size_t i = 0; i < kReceivesPerReadMax; ++i) {
    if (used + kReceiveOctetsMax > kReadOctetsMax) break;
    auto* const begin = buffer_.at(0) + used;
    iovec vector{begin, kReceiveOctetsMax};
    msghdr header{};
    sockaddr_nl sender{};
    header.msg_name = &sender;
    header.msg_namelen = sizeof(sender);
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    const auto count = ::recvmsg(descriptor(), &header, MSG_DONTWAIT);
    if (count < 0 && errno == ENOBUFS) {
      on_lost(notices, now);
    } else if (count < 0) {
      break;
    } else if (sender.nl_pid == 0) {  // only the kernel is believed
      if ((header.msg_flags & MSG_TRUNC) != 0) on_lost(notices, now);
      take({begin, static_cast<std::size_t>(count)}, out, notices, now);
      used += NLMSG_ALIGN(static_cast<std::size_t>(count));
    }
    if (!running_ && !asked_.empty()) begin_dump(out, notices, now);
  }
}

}  // namespace vippy::platform
