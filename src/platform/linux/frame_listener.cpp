#include "platform/linux/frame_listener.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

namespace vippy::platform {

namespace {

constexpr std::size_t kReadyMax = kFramesPerReadMax;  // each has a share of one frame at least
constexpr std::size_t kStampOctets = CMSG_SPACE(sizeof(timespec));
constexpr std::uint32_t kSolicitation = 135;
constexpr std::uint32_t kAdvertisement = 136;

// ARP, and ICMPv6 of these two types directly behind the IPv6 header (neighbour discovery with
// extension headers is unheard of, and RFC 6980 forbids it in fragments).
int attach_filter(int fd) {
  constexpr std::uint32_t kEtherType = 12;
  constexpr std::uint32_t kNextHeader = 14 + 6;
  constexpr std::uint32_t kIcmpType = 14 + 40;
  std::array<sock_filter, 10> filter = {{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kEtherType),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 6),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kNextHeader),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 4),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kIcmpType),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSolicitation, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kAdvertisement, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kHeardOctetsMax),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0 ? 0
                                                                                        : errno;
}

std::optional<core::Duration> stamp_of(msghdr header) {
  for (auto* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
    if (const auto stamp = read_stamp(at)) return stamp;
  }
  return std::nullopt;
}

}  // namespace

int FrameListener::open() {
  epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  empty_ = monotonic_now();
  return epoll_ ? watch() : errno;
}

// Protocol 0 until the filter is there: nothing that it refuses is ever queued.
int FrameListener::open_socket(InterfaceIndex index, std::uint16_t protocol, Descriptor& out) {
  out = Descriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out) return errno;
  if (const int error = attach_filter(out.get()); error != 0) return error;
  const int on = 1;
  if (::setsockopt(out.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0) return errno;
  sockaddr_ll where{};
  where.sll_family = AF_PACKET;
  where.sll_protocol = htons(protocol);
  where.sll_ifindex = static_cast<int>(index);
  if (::bind(out.get(), reinterpret_cast<const sockaddr*>(&where), sizeof(where)) != 0) {
    return errno;
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = (std::uint64_t{index} << 32U) | static_cast<std::uint32_t>(out.get());
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, out.get(), &event) == 0 ? 0 : errno;
}

int FrameListener::listen(InterfaceIndex index) {
  // Index 0 would be every interface.
  if (index == 0) return ENODEV;
  if (sockets_.contains(index)) return 0;
  Sockets sockets;
  int error = open_socket(index, ETH_P_ARP, sockets.arp);
  if (error == 0) error = open_socket(index, ETH_P_IPV6, sockets.ipv6);
  if (error == 0) sockets_.emplace(index, std::move(sockets));
  return error;
}

std::vector<InterfaceIndex> FrameListener::listening() const {
  std::vector<InterfaceIndex> out;
  for (const auto& [index, sockets] : sockets_) out.push_back(index);
  return out;
}

void FrameListener::hear(bool is_ready, ReceiveClock clock, std::vector<Event>& out) {
  const bool was_resting = rest_until_ != core::Instant::max();
  if (was_resting && clock.now < rest_until_) return;
  const auto before = out.size();
  clock.earliest = empty_;
  const bool is_all = !(is_ready || was_resting) || read(clock, out);
  if (is_all) empty_ = clock.now - kReadingTime;
  const bool has_heard = out.size() > before;
  const bool is_storm = has_heard && (was_resting || clock.now - heard_ < kFramesPause);
  if (has_heard) heard_ = clock.now;
  if (is_storm) return rest(is_all ? clock.now + kFramesPause : clock.now);
  if (was_resting) rest(core::Instant::max());
}

void FrameListener::rest(core::Instant until) {
  const bool was_resting = rest_until_ != core::Instant::max();
  const bool is_resting = until != core::Instant::max();
  if (is_resting && !was_resting) loop_.unwatch(token_);
  // Refused, it goes on resting: nothing goes unheard.
  const bool is_refused = was_resting && !is_resting && watch() != 0;
  rest_until_ = is_refused ? rest_until_ + kFramesPause : until;
}

bool FrameListener::read(const ReceiveClock& clock, std::vector<Event>& out) {
  std::array<epoll_event, kReadyMax> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), kReadyMax, 0);
  if (count <= 0) return true;
  bool is_all = static_cast<std::size_t>(count) < kReadyMax;
  auto ready = static_cast<std::size_t>(count);
  std::size_t used = 0;
  for (const auto& event : std::span(events).first(ready)) {
    const auto fd = static_cast<int>(event.data.u64 & 0xffffffffU);
    const auto index = static_cast<InterfaceIndex>(event.data.u64 >> 32U);
    const auto begin = out.size();
    const auto share = (kFramesPerReadMax - used) / ready--;
    used += receive(fd, used, share, clock, out);
    is_all = is_all && out.size() - begin < share;
    for (auto i = begin; i < out.size(); ++i) std::get<FrameHeard>(out[i]).index = index;
  }
  return is_all;
}

std::size_t FrameListener::receive(int fd, std::size_t from, std::size_t count_max,
                                   const ReceiveClock& clock, std::vector<Event>& out) {
  std::array<mmsghdr, kFramesPerReadMax> messages{};
  std::array<iovec, kFramesPerReadMax> vectors;
  alignas(cmsghdr) std::array<std::array<char, kStampOctets>, kFramesPerReadMax> stamps;
  for (std::size_t i = 0; i < count_max; ++i) {
    vectors[i] = {frames_[from + i].data(), kHeardOctetsMax};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_control = stamps[i].data();
    messages[i].msg_hdr.msg_controllen = stamps[i].size();
  }
  // ENETDOWN only says that the interface went down since the last frame.
  const int count = ::recvmmsg(fd, messages.data(), static_cast<unsigned>(count_max),
                               MSG_DONTWAIT, nullptr);
  if (count <= 0) return 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const auto bytes = std::span(frames_[from + i]).first(messages[i].msg_len);
    out.emplace_back(FrameHeard{0, bytes, receive_time(stamp_of(messages[i].msg_hdr), clock)});
  }
  return static_cast<std::size_t>(count);
}

}  // namespace vippy::platform
