#include "platform/linux/address_requests.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/assert.h"
#include "platform/linux/promotion.h"
#include "platform/os_error.h"

namespace vippy::platform {

namespace {

constexpr int kReceiveOctets = 4 << 20;
// What an acknowledgement costs of the receive buffer: 36 octets and the kernel's overhead.
constexpr std::size_t kAnswerCost = 1280;
// A removal on an interface of its own brings two promotions along.
constexpr std::size_t kAnswersPerRequest = 3;
constexpr std::size_t kMessageOctetsMax = 192;
static_assert(kBatchRequestsMax * kMessageOctetsMax <= kBatchOctetsMax);
constexpr std::size_t kAnswersPerReceive = 64;
constexpr std::size_t kAnswerOctets = 512;

struct MessageDeleter {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using Message = std::unique_ptr<nl_msg, MessageDeleter>;

void put(nl_msg* message, int type, std::span<const std::uint8_t> octets) {
  const int error = nla_put(message, type, static_cast<int>(octets.size()), octets.data());
  VIPPY_ASSERT(error == 0);
}

Message start_message(int type, int flags, std::uint8_t family, std::uint8_t length,
                      InterfaceIndex index) {
  Message message(nlmsg_alloc_size(kMessageOctetsMax));
  VIPPY_ASSERT(message != nullptr);
  auto* header = nlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, type, sizeof(ifaddrmsg),
                           flags | NLM_F_REQUEST | NLM_F_ACK);
  VIPPY_ASSERT(header != nullptr);
  auto* body = static_cast<ifaddrmsg*>(nlmsg_data(header));
  *body = {};
  body->ifa_family = family;
  body->ifa_prefixlen = length;
  body->ifa_index = index;
  return message;
}

std::uint8_t family_of(const core::Prefix& prefix) {
  return static_cast<std::uint8_t>(prefix.address.is_v4() ? AF_INET : AF_INET6);
}

void put_lifetime(nl_msg* message, core::Duration lifetime) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(lifetime).count();
  ifa_cacheinfo info{};
  info.ifa_valid = static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 1, 0x7fffffff));
  info.ifa_prefered = info.ifa_valid;
  const int error = nla_put(message, IFA_CACHEINFO, sizeof(info), &info);
  VIPPY_ASSERT(error == 0);
}

// IPv6 keeps a prefix route for each address, but the one of a neighbouring address may have come
// from a router or a network manager: ours must neither replace nor outlive it. An address that is
// there keeps what it was given: the kernel would add or take away its route.
std::uint32_t flags_of(const core::Prefix& prefix, InterfaceIndex index, const HostTables& tables) {
  if (prefix.address.is_v4()) return 0;
  const auto* held = tables.address(index, prefix);
  const bool is_left_out = held != nullptr && held->is_tagged
                               ? held->lacks_prefix_route
                               : tables.has_foreign_in(index, prefix);
  return IFA_F_NODAD | (is_left_out ? std::uint32_t{IFA_F_NOPREFIXROUTE} : 0U);
}

}  // namespace

int AddressRequests::open() {
  int os_error = 0;
  socket_ = open_netlink(kReceiveOctets, &os_error);
  if (socket_ == nullptr) return os_error;
  const int fd = nl_socket_get_fd(socket_.get());
  const int on = 1;
  // Without it a refusal carries the whole request back.
  ::setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
  int octets = 0;
  socklen_t length = sizeof(octets);
  if (::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, &length) == 0 && octets > 0) {
    const auto room = static_cast<std::size_t>(octets) / (kAnswerCost * kAnswersPerRequest);
    answers_max_ = std::clamp<std::size_t>(room, 1, kBatchRequestsMax);
  }
  return 0;
}

std::uint32_t AddressRequests::port() const { return nl_socket_get_local_port(socket_.get()); }

void AddressRequests::add(const AddAddress& request) {
  queue_.push_back(
      {request.id, true, request.renew, request.index, request.prefix, request.lifetime,
       request.plumb});
}

void AddressRequests::remove(const RemoveAddress& request) {
  queue_.push_back(
      {request.id, false, false, request.index, request.prefix, {}, request.plumb});
  is_ordered_ = false;
}

void AddressRequests::withdraw_additions(std::vector<Outcome>& out) {
  std::erase_if(queue_, [&out](const Pending& pending) {
    if (pending.is_add) out.push_back({pending.id, ECANCELED});
    return pending.is_add;
  });
}

// Each primary that goes makes the kernel set up all its secondaries again: of neighbouring
// removals those of primaries come last, so that at the end nothing is left to promote.
void AddressRequests::order_removals(const HostTables& tables) {
  if (std::exchange(is_ordered_, true)) return;
  const auto is_harmless = [&tables](const Pending& pending) {
    if (!pending.may_be_primary()) return true;
    const auto* entry = tables.address(pending.index, pending.prefix);
    return entry == nullptr || entry->is_secondary;
  };
  const auto is_add = [](const Pending& pending) { return pending.is_add; };
  for (auto from = queue_.begin(); from != queue_.end();) {
    from = std::find_if_not(from, queue_.end(), is_add);
    const auto to = std::find_if(from, queue_.end(), is_add);
    std::stable_partition(from, to, is_harmless);
    from = to;
  }
}

std::vector<AddressRequests::Pending> AddressRequests::next_batch() {
  const auto count = std::min(queue_.size(), answers_max_);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Pending> batch(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  return batch;
}

MessageAddress AddressRequests::next_address() const {
  return {port(), first_sequence_ + static_cast<std::uint32_t>(in_flight_.size())};
}

void AddressRequests::append_octets(std::span<const std::uint8_t> octets, InFlight in_flight) {
  octets_.insert(octets_.end(), octets.begin(), octets.end());
  octets_.resize(NLMSG_ALIGN(octets_.size()));
  in_flight_.push_back(in_flight);
}

void AddressRequests::append_addition(const Pending& pending, const HostTables& tables) {
  const auto& prefix = pending.prefix;
  const int action = pending.is_renewal ? NLM_F_REPLACE : NLM_F_CREATE | NLM_F_EXCL;
  auto message = start_message(RTM_NEWADDR, action, family_of(prefix), prefix.length,
                               pending.index);
  put(message.get(), IFA_LOCAL, prefix.address.octets());
  put(message.get(), IFA_ADDRESS, prefix.address.octets());
  put(message.get(), IFA_PROTO, std::array<std::uint8_t, 1>{kAddressTag});
  if (prefix.address.is_v4() && prefix.length <= 30) {
    put(message.get(), IFA_BROADCAST, prefix.last().octets());
  }
  const auto flags = flags_of(prefix, pending.index, tables);
  if (flags != 0) nla_put_u32(message.get(), IFA_FLAGS, flags);
  if (pending.lifetime > core::Duration::zero()) put_lifetime(message.get(), pending.lifetime);
  auto* header = nlmsg_hdr(message.get());
  const auto address = next_address();
  header->nlmsg_pid = address.port;
  header->nlmsg_seq = address.sequence;
  append_octets({reinterpret_cast<const std::uint8_t*>(header), header->nlmsg_len},
                {.id = pending.id, .is_request = true});
}

void AddressRequests::append(const Pending& pending, const HostTables& tables) {
  const bool is_route = pending.plumb == core::Plumb::route;
  if (pending.is_add && !is_route) return append_addition(pending, tables);
  std::array<std::uint8_t, kAddressMessageOctetsMax> octets;
  const auto size =
      is_route ? write_route(octets, next_address(), pending.index, pending.prefix, pending.is_add)
               : write_removal(octets, next_address(), pending.index, pending.prefix);
  InFlight in_flight{.id = pending.id, .is_request = true};
  if (is_route) {
    in_flight.change = AddressMessage{.index = pending.index,
                                      .prefix = pending.prefix,
                                      .exists = pending.is_add,
                                      .protocol = kAddressTag,
                                      .plumb = core::Plumb::route};
  }
  append_octets(std::span(octets).first(size), in_flight);
}

void AddressRequests::append_promotion(InterfaceIndex index, bool is_on) {
  std::array<std::uint8_t, kAddressMessageOctetsMax> octets;
  const auto size = write_promotion(octets, next_address(), index, is_on);
  append_octets(std::span(octets).first(size), {});
}

void AddressRequests::append_promotions(const std::vector<Pending>& batch) {
  promoted_.clear();
  for (const auto& pending : batch) {
    if (pending.is_add || !pending.may_be_primary()) continue;
    if (std::find(promoted_.begin(), promoted_.end(), pending.index) != promoted_.end()) continue;
    if (promotes_secondaries(pending.index)) continue;
    promoted_.push_back(pending.index);
    append_promotion(pending.index, true);
  }
}

void AddressRequests::flush(const HostTables& tables, std::vector<Outcome>& out) {
  if (queue_.empty()) return;
  octets_.clear();
  in_flight_.clear();
  promotion_error_ = 0;
  order_removals(tables);
  const auto batch = next_batch();
  append_promotions(batch);
  for (const auto& pending : batch) append(pending, tables);
  for (const auto index : promoted_) append_promotion(index, false);
  send(out);
  first_sequence_ += static_cast<std::uint32_t>(in_flight_.size());
}

// The kernel tells of each refusal. That all the others are done the last acknowledgement tells:
// one for each costs the kernel a seventh of what a route does.
void AddressRequests::ask_for_last_answer_only() {
  auto* header = reinterpret_cast<nlmsghdr*>(octets_.data());
  for (std::size_t i = 1; i < in_flight_.size(); ++i) {
    header->nlmsg_flags = static_cast<std::uint16_t>(header->nlmsg_flags & ~NLM_F_ACK);
    header = reinterpret_cast<nlmsghdr*>(reinterpret_cast<std::uint8_t*>(header) +
                                         NLMSG_ALIGN(header->nlmsg_len));
  }
}

void AddressRequests::send(std::vector<Outcome>& out) {
  ask_for_last_answer_only();
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = 0;
  do {
    sent = ::sendto(nl_socket_get_fd(socket_.get()), octets_.data(), octets_.size(), 0,
                    reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel));
  } while (sent < 0 && errno == EINTR);
  int os_error = sent < 0 ? errno : ENOBUFS;
  const bool has_all = sent >= 0 && read_answers(out);
  if (has_all && in_flight_.back().is_answered) os_error = 0;
  for (const auto& in_flight : in_flight_) {
    if (in_flight.is_request && !in_flight.is_answered) finish(in_flight, os_error, out);
  }
}

void AddressRequests::finish(const InFlight& in_flight, int os_error, std::vector<Outcome>& out) {
  out.push_back({in_flight.id, os_error});
  if (os_error == 0) {
    if (in_flight.change) changes_.push_back(*in_flight.change);
    return;
  }
  const auto failure = classify(os_error);
  const bool is_surprise = failure == core::FailureKind::already_there ||
                           failure == core::FailureKind::not_there;
  is_in_doubt_ = is_in_doubt_ || (in_flight.change && is_surprise) || os_error == ENOBUFS;
}

void AddressRequests::answer(std::uint32_t sequence, int os_error, std::vector<Outcome>& out) {
  const auto position = sequence - first_sequence_;
  if (position >= in_flight_.size() || in_flight_[position].is_answered) return;
  in_flight_[position].is_answered = true;
  if (in_flight_[position].is_request) {
    finish(in_flight_[position], os_error, out);
  } else if (os_error != 0) {
    promotion_error_ = os_error;
  }
}

// False when one was lost.
bool AddressRequests::read_answers(std::vector<Outcome>& out) {
  bool has_all = true;
  std::array<std::array<std::uint8_t, kAnswerOctets>, kAnswersPerReceive> buffers;
  std::array<iovec, kAnswersPerReceive> vectors;
  std::array<mmsghdr, kAnswersPerReceive> messages{};
  for (std::size_t i = 0; i < kAnswersPerReceive; ++i) {
    vectors[i] = {buffers[i].data(), buffers[i].size()};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (;;) {
    const int count = ::recvmmsg(nl_socket_get_fd(socket_.get()), messages.data(),
                                 kAnswersPerReceive, MSG_DONTWAIT, nullptr);
    if (count < 0 && errno == ENOBUFS) has_all = false;
    if (count < 0 && (errno == EINTR || errno == ENOBUFS)) continue;
    if (count <= 0) return has_all;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      NetlinkReader reader(
          std::span(buffers[i]).first(std::min<std::size_t>(messages[i].msg_len, kAnswerOctets)));
      while (const auto message = reader.next()) {
        const auto* ack = std::get_if<AckMessage>(&message->body);
        if (ack != nullptr) answer(message->sequence, ack->os_error, out);
      }
    }
  }
}

}  // namespace vippy::platform
