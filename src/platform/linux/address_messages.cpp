#include "platform/linux/address_messages.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "core/assert.h"

namespace vippy::platform {

namespace {

class Octets {
 public:
  explicit Octets(std::span<std::uint8_t> out) : out_(out) {}

  template <typename Value>
  void value(const Value& value) {
    raw({reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)});
  }
  void attribute(int type, std::span<const std::uint8_t> payload) {
    const auto at = begin_attribute(type);
    raw(payload);
    end_attribute(at);
  }
  [[nodiscard]] std::size_t begin_attribute(int type) {
    const auto at = used_;
    value(nlattr{0, static_cast<std::uint16_t>(type)});
    return at;
  }
  void end_attribute(std::size_t at) {
    const auto length = static_cast<std::uint16_t>(used_ - padding_ - at);
    std::memcpy(out_.data() + at, &length, sizeof(length));
  }
  // The whole message is behind its header now.
  std::size_t finish() {
    const auto length = static_cast<std::uint32_t>(used_);
    std::memcpy(out_.data(), &length, sizeof(length));
    return used_;
  }

 private:
  void raw(std::span<const std::uint8_t> from) {
    const auto room = NLMSG_ALIGN(from.size());
    VIPPY_ASSERT(out_.size() - used_ >= room);
    std::copy(from.begin(), from.end(), out_.begin() + static_cast<std::ptrdiff_t>(used_));
    padding_ = room - from.size();
    std::fill_n(out_.begin() + static_cast<std::ptrdiff_t>(used_ + from.size()), padding_,
                std::uint8_t{0});
    used_ += room;
  }

  std::span<std::uint8_t> out_;
  std::size_t used_ = 0;
  std::size_t padding_ = 0;  // behind the latest value
};

nlmsghdr header(std::uint16_t type, MessageAddress from, unsigned flags = 0) {
  return {0, type, static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags), from.sequence,
          from.port};
}

}  // namespace

bool may_be_primary(const core::Prefix& prefix) {
  return prefix.address.is_v4() && prefix.length < 32;
}

std::size_t write_removal(std::span<std::uint8_t> out, MessageAddress from, InterfaceIndex index,
                          const core::Prefix& prefix) {
  Octets octets(out);
  ifaddrmsg body{};
  body.ifa_family = prefix.address.is_v4() ? AF_INET : AF_INET6;
  body.ifa_prefixlen = prefix.length;
  body.ifa_index = index;
  octets.value(header(RTM_DELADDR, from));
  octets.value(body);
  octets.attribute(IFA_LOCAL, prefix.address.octets());
  octets.attribute(IFA_ADDRESS, prefix.address.octets());
  return octets.finish();
}

std::size_t write_promotion(std::span<std::uint8_t> out, MessageAddress from, InterfaceIndex index,
                            bool is_on) {
  Octets octets(out);
  ifinfomsg body{};
  body.ifi_index = static_cast<int>(index);
  octets.value(header(RTM_SETLINK, from));
  octets.value(body);
  const auto families = octets.begin_attribute(IFLA_AF_SPEC | NLA_F_NESTED);
  const auto inet = octets.begin_attribute(AF_INET | NLA_F_NESTED);
  const auto settings = octets.begin_attribute(IFLA_INET_CONF | NLA_F_NESTED);
  const std::uint32_t value = is_on ? 1 : 0;
  octets.attribute(IPV4_DEVCONF_PROMOTE_SECONDARIES,
                   {reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)});
  octets.end_attribute(settings);
  octets.end_attribute(inet);
  octets.end_attribute(families);
  return octets.finish();
}

// The kernel compares what a removal gives: the protocol, so that it is ours, and the interface.
std::size_t write_route(std::span<std::uint8_t> out, MessageAddress from, InterfaceIndex index,
                        const core::Prefix& prefix, bool is_add) {
  VIPPY_ASSERT(prefix.address.is_v4() && prefix.length == prefix.address.bits());
  Octets octets(out);
  rtmsg body{};
  body.rtm_family = AF_INET;
  body.rtm_dst_len = prefix.length;
  body.rtm_table = RT_TABLE_LOCAL;
  body.rtm_protocol = kAddressTag;
  body.rtm_scope = RT_SCOPE_HOST;
  body.rtm_type = RTN_LOCAL;
  octets.value(is_add ? header(RTM_NEWROUTE, from, NLM_F_CREATE | NLM_F_APPEND)
                      : header(RTM_DELROUTE, from));
  octets.value(body);
  octets.attribute(RTA_DST, prefix.address.octets());
  octets.attribute(RTA_OIF, {reinterpret_cast<const std::uint8_t*>(&index), sizeof(index)});
  return octets.finish();
}

}  // namespace vippy::platform
