#include "platform/linux/group_neighbour.h"

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "core/assert.h"
#include "platform/linux/address_messages.h"
#include "platform/linux/descriptor.h"

namespace vippy::platform {

namespace {

struct MessageFree {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using NetlinkMessage = std::unique_ptr<nl_msg, MessageFree>;

struct Answer {
  alignas(nlmsghdr) std::array<char, 1024> octets{};
};

// Sends the request; the kernel gives its answer within the call.
int ask_kernel(nl_msg* message, Answer& answer) {
  const Descriptor fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return errno;
  auto* header = nlmsg_hdr(message);
  header->nlmsg_flags |= NLM_F_REQUEST;
  if (::send(fd.get(), header, header->nlmsg_len, 0) < 0) return errno;
  const auto count = ::recv(fd.get(), answer.octets.data(), answer.octets.size(), MSG_DONTWAIT);
  if (count < 0) return errno;
  const auto* head = reinterpret_cast<const nlmsghdr*>(answer.octets.data());
  if (!nlmsg_ok(head, static_cast<int>(count))) return EPROTO;
  if (head->nlmsg_type != NLMSG_ERROR) return 0;
  return -static_cast<const nlmsgerr*>(NLMSG_DATA(head))->error;
}

NetlinkMessage request(int type, int flags, InterfaceIndex index, const core::IpAddress& group,
                       std::uint16_t state) {
  NetlinkMessage message(nlmsg_alloc_simple(type, flags));
  VIPPY_ASSERT(message != nullptr);
  ndmsg about{};
  about.ndm_family = group.is_v4() ? AF_INET : AF_INET6;
  about.ndm_ifindex = static_cast<int>(index);
  about.ndm_state = state;
  nlmsg_append(message.get(), &about, sizeof(about), NLMSG_ALIGNTO);
  const auto octets = group.octets();
  nla_put(message.get(), NDA_DST, static_cast<int>(octets.size()), octets.data());
  return message;
}

int make(int flags, InterfaceIndex index, const core::IpAddress& group) {
  const auto message =
      request(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | flags, index, group, NUD_PERMANENT);
  const auto mac = mac_of_group(group);
  nla_put(message.get(), NDA_LLADDR, static_cast<int>(mac.octets.size()), mac.octets.data());
  nla_put_u8(message.get(), NDA_PROTOCOL, kAddressTag);
  Answer answer;
  return ask_kernel(message.get(), answer);
}

enum class Maker : std::uint8_t { nobody, kernel, vippy, other };

Maker maker_of(const nlmsghdr* entry, const core::Mac& mac) {
  const auto* about = static_cast<const ndmsg*>(NLMSG_DATA(entry));
  auto* head = const_cast<nlmsghdr*>(entry);
  const auto* protocol = nlmsg_find_attr(head, sizeof(ndmsg), NDA_PROTOCOL);
  const auto* where = nlmsg_find_attr(head, sizeof(ndmsg), NDA_LLADDR);
  const bool is_usual = where != nullptr && nla_len(where) == static_cast<int>(mac.octets.size()) &&
                        std::memcmp(nla_data(where), mac.octets.data(), mac.octets.size()) == 0;
  if (!is_usual || about->ndm_flags != 0) return Maker::other;
  if (protocol == nullptr) {
    return about->ndm_state == NUD_NOARP ? Maker::kernel : Maker::other;
  }
  const bool is_marked = nla_get_u8(protocol) == kAddressTag;
  return is_marked && about->ndm_state == NUD_PERMANENT ? Maker::vippy : Maker::other;
}

Maker look(InterfaceIndex index, const core::IpAddress& group) {
  const auto message = request(RTM_GETNEIGH, 0, index, group, NUD_NONE);
  Answer answer;
  const int error = ask_kernel(message.get(), answer);
  if (error != 0) return error == ENOENT ? Maker::nobody : Maker::other;
  return maker_of(reinterpret_cast<const nlmsghdr*>(answer.octets.data()), mac_of_group(group));
}

}  // namespace

core::Mac mac_of_group(const core::IpAddress& group) {
  const auto octets = group.octets();
  if (group.is_v6()) {
    return {{0x33, 0x33, octets[12], octets[13], octets[14], octets[15]}};
  }
  return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(octets[1] & 0x7fU), octets[2], octets[3]}};
}

int keep_group_neighbour(InterfaceIndex index, const core::IpAddress& group) {
  const int error = make(NLM_F_EXCL, index, group);
  if (error != EEXIST) return error;
  switch (look(index, group)) {
    case Maker::nobody: return make(NLM_F_EXCL, index, group);
    case Maker::kernel: return make(NLM_F_REPLACE, index, group);
    case Maker::vippy: return 0;
    case Maker::other: return EEXIST;
  }
  return EEXIST;
}

int drop_group_neighbour(InterfaceIndex index, const core::IpAddress& group) {
  const auto maker = look(index, group);
  if (maker == Maker::nobody) return ENOENT;
  if (maker != Maker::vippy) return EPERM;
  const auto message = request(RTM_DELNEIGH, NLM_F_ACK, index, group, NUD_NONE);
  Answer answer;
  return ask_kernel(message.get(), answer);
}

}  // namespace vippy::platform
