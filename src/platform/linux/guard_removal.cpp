#include "platform/linux/guard_removal.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <variant>

#include "platform/linux/promotion.h"

namespace vippy::platform {

namespace {

constexpr int kSocketOctets = 1 << 20;
constexpr timeval kPatience{1, 0};  // the kernel answers at once; never hang on it all the same
constexpr unsigned kDumpsMax = 4;

int send_to_kernel(int socket, std::span<const std::uint8_t> octets) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const auto sent = ::sendto(socket, octets.data(), octets.size(), 0,
                             reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel));
  return sent < 0 ? errno : 0;
}

bool is_failure(int os_error) {
  return os_error != 0 && os_error != EADDRNOTAVAIL && os_error != ESRCH &&
         os_error != ENODEV && os_error != ENXIO;
}

}  // namespace

int GuardRemoval::open() {
  findings_.assign(core::kVipsMax, Finding::absent);
  socket_ = Descriptor(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket_) return errno;
  const int fd = socket_.get();
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kSocketOctets, sizeof(kSocketOctets)) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kSocketOctets, sizeof(kSocketOctets));
  }
  const int on = 1;
  ::setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  sockaddr_nl own{};
  own.nl_family = AF_NETLINK;
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof(own)) == 0 ? 0 : errno;
}

int GuardRemoval::ask() {
  struct {
    nlmsghdr header;
    ifaddrmsg address;
  } request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_GETADDR;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = ++sequence_;
  return send_to_kernel(socket_.get(),
                        {reinterpret_cast<const std::uint8_t*>(&request), sizeof(request)});
}

// Routes are not looked for: a router has hundreds of thousands, and the kernel removes a route
// only with our mark and over our interface.
int GuardRemoval::find(std::span<const HeldAddress> held, bool needs_tag) {
  cursor_ = 0;
  pass_ = Finding::harmless;
  std::fill(findings_.begin(), findings_.end(), Finding::absent);
  std::transform(held.begin(), held.end(), findings_.begin(), [](const HeldAddress& one) {
    return one.plumb == core::Plumb::route ? Finding::harmless : Finding::absent;
  });
  int os_error = EAGAIN;
  // What an interrupted dump has shown is not forgotten: the findings only grow.
  for (unsigned i = 0; i < kDumpsMax && os_error == EAGAIN; ++i) {
    os_error = ask();
    if (os_error == 0) os_error = read_dump(held, needs_tag);
  }
  return os_error == EAGAIN ? 0 : os_error;
}

int GuardRemoval::read_dump(std::span<const HeldAddress> held, bool needs_tag) {
  bool is_interrupted = false;
  for (;;) {
    const auto count = ::recv(socket_.get(), received_.data(), received_.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN ? ETIMEDOUT : errno;
    const auto size = static_cast<std::size_t>(count);
    NetlinkReader reader({received_.data(), size});
    while (const auto message = reader.next()) {
      if (message->sequence != sequence_) continue;
      is_interrupted = is_interrupted || message->is_interrupted;
      if (const auto* address = std::get_if<AddressMessage>(&message->body)) {
        note(*address, held, needs_tag);
      } else if (const auto* ack = std::get_if<AckMessage>(&message->body)) {
        return ack->os_error;
      } else if (std::holds_alternative<DoneMessage>(message->body)) {
        return is_interrupted ? EAGAIN : 0;
      }
    }
  }
}

void GuardRemoval::note(const AddressMessage& message, std::span<const HeldAddress> held,
                        bool needs_tag) {
  if (needs_tag && message.protocol != kAddressTag) return;
  const HeldAddress key{message.index, message.prefix, message.plumb};
  const auto found = std::lower_bound(held.begin(), held.end(), key);
  if (found == held.end() || *found != key) return;
  const bool is_harmless = message.is_secondary || !may_be_primary(message.prefix);
  findings_[static_cast<std::size_t>(found - held.begin())] =
      is_harmless ? Finding::harmless : Finding::primary;
}

// The next addresses to go; each primary that goes makes the kernel set up all its secondaries
// again, so they come last.
std::size_t GuardRemoval::choose() {
  std::size_t count = 0;
  for (;;) {
    for (; cursor_ < findings_.size() && count < kRemovalsPerBatch; ++cursor_) {
      if (findings_[cursor_] == pass_) chosen_[count++] = static_cast<std::uint32_t>(cursor_);
    }
    if (count == kRemovalsPerBatch || pass_ == Finding::primary) return count;
    pass_ = Finding::primary;
    cursor_ = 0;
  }
}

void GuardRemoval::append_promotion(InterfaceIndex index, bool is_on) {
  used_ += write_promotion(room(), {0, ++sequence_}, index, is_on);
}

void GuardRemoval::write_promotions(std::span<const HeldAddress> held, std::size_t count) {
  promoted_count_ = 0;
  for (const auto which : std::span(chosen_).first(count)) {
    const auto& address = held[which];
    const auto promoted = std::span(promoted_).first(promoted_count_);
    if (address.plumb == core::Plumb::route || !may_be_primary(address.prefix)) continue;
    if (std::find(promoted.begin(), promoted.end(), address.index) != promoted.end()) continue;
    if (promotes_secondaries(address.index)) continue;
    promoted_[promoted_count_++] = address.index;
    append_promotion(address.index, true);
  }
}

Removed GuardRemoval::remove_some(std::span<const HeldAddress> held) {
  const auto count = choose();
  Removed out;
  out.is_complete = pass_ == Finding::primary && cursor_ >= findings_.size();
  if (count == 0) return out;
  used_ = 0;
  write_promotions(held, count);
  const auto first = sequence_ + 1;
  for (const auto which : std::span(chosen_).first(count)) {
    const auto& [index, prefix, plumb] = held[which];
    const MessageAddress from{0, ++sequence_};
    used_ += plumb == core::Plumb::route ? write_route(room(), from, index, prefix, false)
                                         : write_removal(room(), from, index, prefix);
  }
  for (const auto index : std::span(promoted_).first(promoted_count_)) {
    append_promotion(index, false);
  }
  out.os_error = send_to_kernel(socket_.get(), std::span(octets_).first(used_));
  if (out.os_error != 0) return out;
  const auto answers = read_answers(first, count);
  out.count = answers.done;
  out.os_error = answers.os_error;
  return out;
}

// The kernel has worked through the batch when sendto() returns: nothing has to be waited for.
GuardRemoval::Answers GuardRemoval::read_answers(std::uint32_t first, std::size_t count) {
  Answers out;
  std::size_t answered = 0;
  for (;;) {
    const auto octets = ::recv(socket_.get(), received_.data(), received_.size(), MSG_DONTWAIT);
    if (octets < 0 && errno == EINTR) continue;
    if (octets < 0) break;
    const auto size = static_cast<std::size_t>(octets);
    NetlinkReader reader({received_.data(), size});
    while (const auto message = reader.next()) {
      const auto* ack = std::get_if<AckMessage>(&message->body);
      if (ack == nullptr || message->sequence - first >= count) continue;
      ++answered;
      if (ack->os_error == 0) ++out.done;
      if (is_failure(ack->os_error) && out.os_error == 0) out.os_error = ack->os_error;
    }
  }
  if (answered < count && out.os_error == 0) out.os_error = ENOBUFS;
  return out;
}

}  // namespace vippy::platform
