#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_map>

#include "platform/linux/buffer_pool.h"
#include "platform/linux/clock_linux.h"
#include "platform/linux/descriptor.h"
#include "platform/linux/loop.h"
#include "platform/os_error.h"

namespace vippy::platform {

namespace {

constexpr std::size_t kPayloadOctets = 64UL * 1024;
static_assert(kPayloadOctets >= core::kDatagramOctetsMax);
// The kernel lets a time-out of epoll and poll be late by a thousandth of it, of a nice process by
// five: all but the last stretch is cut short by so much.
constexpr std::int64_t kLatenessShare = 200;
constexpr core::Duration kLastStretch = std::chrono::milliseconds(1);

class EpollLoop final : public Loop {
 public:
  explicit EpollLoop(Descriptor epoll) : epoll_(std::move(epoll)) {}

  [[nodiscard]] bool has_memory() const { return static_cast<bool>(payloads_); }
  [[nodiscard]] std::string_view name() const override { return "epoll"; }
  int watch(int fd, WatchToken token, Interest interest) override;
  int watch_datagrams(int fd, WatchToken token) override;
  void unwatch(WatchToken token) override;
  int wait(core::Instant deadline, Ready& out) override;
  void recycle() override { used_ = 0; }

 private:
  struct Watch {
    int fd = -1;
    bool is_datagrams = false;
  };
  struct Envelope {
    sockaddr_storage source;
    alignas(cmsghdr) std::array<char, kControlOctets> control;
  };

  int add(int fd, WatchToken token, std::uint32_t events, bool is_datagrams);
  int wait_events(core::Instant deadline, std::span<epoll_event> events);
  int wait_once(core::Duration left, std::span<epoll_event> events);
  void receive(const Watch& watch, WatchToken token, Ready& out);

  Descriptor epoll_;
  std::unordered_map<WatchToken, Watch> watches_;
  BufferPool payloads_{kDatagramsPerWaitMax, kPayloadOctets};
  std::vector<Envelope> envelopes_{kDatagramsPerWaitMax};
  std::array<mmsghdr, kDatagramsPerWaitMax> messages_{};
  std::array<iovec, kDatagramsPerWaitMax> vectors_{};
  std::size_t used_ = 0;
  bool has_pwait2_ = true;
};

int EpollLoop::add(int fd, WatchToken token, std::uint32_t events, bool is_datagrams) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = token;
  const auto found = watches_.find(token);
  if (found != watches_.end() && found->second.fd != fd) unwatch(token);
  const int operation = watches_.contains(token) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) return errno;
  watches_[token] = {fd, is_datagrams};
  return 0;
}

int EpollLoop::watch(int fd, WatchToken token, Interest interest) {
  std::uint32_t events = 0;
  if (interest != Interest::write) events |= static_cast<std::uint32_t>(EPOLLIN);
  if (interest != Interest::read) events |= static_cast<std::uint32_t>(EPOLLOUT);
  return add(fd, token, events, false);
}

int EpollLoop::watch_datagrams(int fd, WatchToken token) { return add(fd, token, EPOLLIN, true); }

void EpollLoop::unwatch(WatchToken token) {
  const auto found = watches_.find(token);
  if (found == watches_.end()) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.fd, nullptr);
  watches_.erase(found);
}

int EpollLoop::wait_events(core::Instant deadline, std::span<epoll_event> events) {
  for (;;) {
    const auto left = time_left(deadline);
    const bool is_last = left <= kLastStretch;
    const int count = wait_once(is_last ? left : left - left / kLatenessShare, events);
    if (count != 0 || is_last) return count;
  }
}

int EpollLoop::wait_once(core::Duration left, std::span<epoll_event> events) {
  const auto size = static_cast<int>(events.size());
  const auto timeout = to_timespec(left);
  if (has_pwait2_) {
    const int count = ::epoll_pwait2(epoll_.get(), events.data(), size, &timeout, nullptr);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    has_pwait2_ = false;
  }
  // epoll_wait() knows only milliseconds.
  pollfd ready{epoll_.get(), POLLIN, 0};
  const int count = ::ppoll(&ready, 1, &timeout, nullptr);
  return count > 0 ? ::epoll_wait(epoll_.get(), events.data(), size, 0) : count;
}

int EpollLoop::wait(core::Instant deadline, Ready& out) {
  std::array<epoll_event, kWatchesMax> events{};
  int count = wait_events(deadline, events);
  // Who was stopped and goes on must see what has come meanwhile before it judges anybody.
  if (count < 0 && errno == EINTR) count = wait_once(core::Duration::zero(), events);
  if (count < 0) return errno == EINTR ? 0 : errno;
  for (const auto& event : std::span(events).first(static_cast<std::size_t>(count))) {
    const WatchToken token = event.data.u32;
    const auto found = watches_.find(token);
    if (found == watches_.end()) continue;
    if (found->second.is_datagrams) {
      receive(found->second, token, out);
    } else {
      out.tokens.push_back(token);
    }
  }
  return 0;
}

void EpollLoop::receive(const Watch& watch, WatchToken token, Ready& out) {
  const std::size_t free = kDatagramsPerWaitMax - used_;
  for (std::size_t i = 0; i < free; ++i) {
    auto& envelope = envelopes_[used_ + i];
    vectors_[i] = {payloads_.at(used_ + i), kPayloadOctets};
    messages_[i] = {};
    messages_[i].msg_hdr.msg_name = &envelope.source;
    messages_[i].msg_hdr.msg_namelen = sizeof(envelope.source);
    messages_[i].msg_hdr.msg_iov = &vectors_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    messages_[i].msg_hdr.msg_control = envelope.control.data();
    messages_[i].msg_hdr.msg_controllen = envelope.control.size();
  }
  const int count =
      ::recvmmsg(watch.fd, messages_.data(), static_cast<unsigned>(free), MSG_DONTWAIT, nullptr);
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) out.tokens.push_back(token);
    return;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    RawDatagram raw;
    raw.token = token;
    raw.payload = {payloads_.at(used_ + i), messages_[i].msg_len};
    raw.source = static_cast<const sockaddr*>(messages_[i].msg_hdr.msg_name);
    raw.source_length = messages_[i].msg_hdr.msg_namelen;
    raw.control.msg_control = messages_[i].msg_hdr.msg_control;
    raw.control.msg_controllen = messages_[i].msg_hdr.msg_controllen;
    out.datagrams.push_back(raw);
  }
  used_ += static_cast<std::size_t>(count);
}

}  // namespace

std::unique_ptr<Loop> make_epoll_loop(std::string* cause) {
  Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) {
    *cause = "epoll: " + explain(errno);
    return nullptr;
  }
  auto loop = std::make_unique<EpollLoop>(std::move(epoll));
  if (!loop->has_memory()) {
    *cause = "epoll: " + explain(ENOMEM);
    return nullptr;
  }
  return loop;
}

}  // namespace vippy::platform
