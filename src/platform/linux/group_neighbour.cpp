#include "platform/linux/group_neighbour.h"

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

#include "core/assert.h"
#include "platform/linux/descriptor.h"

namespace vippy::platform {

namespace {

struct MessageFree {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using NetlinkMessage = std::unique_ptr<nl_msg, MessageFree>;

// Sends the request and waits for its answer, which the kernel gives within the call.
int ask_kernel(nl_msg* message) {
  const Descriptor fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return errno;
  auto* header = nlmsg_hdr(message);
  header->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
  if (::send(fd.get(), header, header->nlmsg_len, 0) < 0) return errno;
  alignas(nlmsghdr) std::array<char, 1024> answer{};
  if (::recv(fd.get(), answer.data(), answer.size(), MSG_DONTWAIT) < 0) return errno;
  const auto* head = reinterpret_cast<const nlmsghdr*>(answer.data());
  if (head->nlmsg_type != NLMSG_ERROR) return EPROTO;
  return -static_cast<const nlmsgerr*>(NLMSG_DATA(head))->error;
}

int request(int type, int flags, InterfaceIndex index, const core::IpAddress& group) {
  const NetlinkMessage message(nlmsg_alloc_simple(type, flags));
  VIPPY_ASSERT(message != nullptr);
  ndmsg about{};
  about.ndm_family = group.is_v4() ? AF_INET : AF_INET6;
  about.ndm_ifindex = static_cast<int>(index);
  about.ndm_state = NUD_PERMANENT;
  nlmsg_append(message.get(), &about, sizeof(about), NLMSG_ALIGNTO);
  const auto octets = group.octets();
  nla_put(message.get(), NDA_DST, static_cast<int>(octets.size()), octets.data());
  const auto mac = mac_of_group(group);
  nla_put(message.get(), NDA_LLADDR, static_cast<int>(mac.octets.size()), mac.octets.data());
  return ask_kernel(message.get());
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
  return request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, index, group);
}

int drop_group_neighbour(InterfaceIndex index, const core::IpAddress& group) {
  return request(RTM_DELNEIGH, 0, index, group);
}

}  // namespace vippy::platform
