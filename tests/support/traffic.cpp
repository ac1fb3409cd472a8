#include "tests/support/traffic.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

constexpr int kBurst = 256;
constexpr Duration kLinger = 300ms;

struct Answer {
  std::uint64_t number = 0;
  std::uint64_t node = 0;
};

// A message with room for its control data.
struct Envelope {
  sockaddr_in6 peer{};
  Answer answer{};
  iovec part{&answer, sizeof answer};
  alignas(cmsghdr) std::array<char, 256> control{};
  msghdr header{};

  Envelope() {
    header.msg_name = &peer;
    header.msg_namelen = sizeof peer;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
};

Duration wall_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec);
}

int open_udp(const NetSpace& space, int family) {
  int fd = -1;
  space.in([&] { fd = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); });
  if (fd < 0) throw std::runtime_error("no UDP socket in " + space.name());
  const int buffer = 4 << 20;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  return fd;
}

int open_responder(const NetSpace& space, int family) {
  const int fd = open_udp(space, family);
  const int yes = 1;
  sockaddr_in6 any{};
  socklen_t length = sizeof any;
  any.sin6_family = static_cast<sa_family_t>(family);
  any.sin6_port = htons(kEchoPort);
  if (family == AF_INET6) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof yes);
  } else {
    ::setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes);
    length = sizeof(sockaddr_in);
  }
  if (::bind(fd, reinterpret_cast<sockaddr*>(&any), length) != 0) {
    throw std::runtime_error("the echo port of " + space.name() + " is taken");
  }
  return fd;
}

// Answers come from the address that was asked; the routing decides on the interface.
void turn_round(Envelope& envelope) {
  for (auto* control = CMSG_FIRSTHDR(&envelope.header); control != nullptr;
       control = CMSG_NXTHDR(&envelope.header, control)) {
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      auto* info = reinterpret_cast<in_pktinfo*>(CMSG_DATA(control));
      info->ipi_spec_dst = info->ipi_addr;
      info->ipi_ifindex = 0;
    }
    if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      reinterpret_cast<in6_pktinfo*>(CMSG_DATA(control))->ipi6_ifindex = 0;
    }
  }
}

// The kernel's time of arrival.
Duration arrival(msghdr& header) {
  for (auto* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SO_TIMESTAMPNS) continue;
    timespec at{};
    std::memcpy(&at, CMSG_DATA(control), sizeof at);
    return std::chrono::seconds(at.tv_sec) + Duration(at.tv_nsec);
  }
  return wall_clock();
}

void wake(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto count = ::write(fd, &one, sizeof one);
}

}  // namespace

// ---- the side of the nodes --------------------------------------------------------------------

Echo::Echo(const std::vector<const NetSpace*>& nodes)
    : services_(nodes.size()), wake_(::eventfd(0, EFD_CLOEXEC)) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    services_[i].responders = {{open_responder(*nodes[i], AF_INET), i + 1},
                               {open_responder(*nodes[i], AF_INET6), i + 1}};
  }
  for (auto& service : services_) service.thread = std::thread([&] { run(service); });
}

Echo::~Echo() {
  is_over_ = true;
  wake(wake_);
  for (auto& service : services_) {
    service.thread.join();
    for (const auto& responder : service.responders) ::close(responder.fd);
  }
  ::close(wake_);
}

void Echo::respond(const Responder& responder) {
  for (int i = 0; i < kBurst; ++i) {
    Envelope envelope;
    if (::recvmsg(responder.fd, &envelope.header, 0) <
        static_cast<ssize_t>(sizeof(std::uint64_t))) {
      return;
    }
    turn_round(envelope);
    envelope.answer.node = responder.node;
    if (::sendmsg(responder.fd, &envelope.header, MSG_NOSIGNAL) >= 0) continue;
    const Refused refused{wall_clock(), responder.node, errno};
    const std::lock_guard lock(mutex_);
    refused_.push_back(refused);
  }
}

void Echo::hurry(unsigned priority) {
  sched_param param{};
  param.sched_priority = static_cast<int>(priority);
  for (auto& service : services_) {
    ::pthread_setschedparam(service.thread.native_handle(), SCHED_FIFO, &param);
  }
}

void Echo::pin(std::uint64_t node, unsigned processor) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(processor, &only);
  ::pthread_setaffinity_np(services_.at(node - 1).thread.native_handle(), sizeof only, &only);
}

std::vector<Echo::Refused> Echo::take_refused() {
  const std::lock_guard lock(mutex_);
  return std::exchange(refused_, {});
}

void Echo::run(const Service& service) {
  std::vector<pollfd> waiting;
  for (const auto& responder : service.responders) waiting.push_back({responder.fd, POLLIN, 0});
  waiting.push_back({wake_, POLLIN, 0});
  while (!is_over_) {
    ::poll(waiting.data(), waiting.size(), -1);
    for (std::size_t i = 0; i < service.responders.size(); ++i) {
      if (waiting[i].revents != 0) respond(service.responders[i]);
    }
  }
}

// ---- the client -------------------------------------------------------------------------------

struct Client::Target {
  int fd = -1;
  sockaddr_in6 address{};
  socklen_t length = sizeof(sockaddr_in6);
  std::vector<bool> answered;
  Duration last{};  // answer, or the start
  Measured measured;
};

Client::Client(const NetSpace& host, const std::vector<std::string>& vips, unsigned rate)
    : period_(Duration(1s) / rate), wake_(::eventfd(0, EFD_CLOEXEC)) {
  for (const auto& vip : vips) {
    auto target = std::make_unique<Target>();
    auto* v4 = reinterpret_cast<sockaddr_in*>(&target->address);
    const bool is_v4 = ::inet_pton(AF_INET, vip.c_str(), &v4->sin_addr) == 1;
    target->address.sin6_family = is_v4 ? AF_INET : AF_INET6;
    target->address.sin6_port = htons(kEchoPort);
    if (is_v4) target->length = sizeof(sockaddr_in);
    if (!is_v4) ::inet_pton(AF_INET6, vip.c_str(), &target->address.sin6_addr);
    target->fd = open_udp(host, is_v4 ? AF_INET : AF_INET6);
    const int yes = 1;
    ::setsockopt(target->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
    target->measured.vip = vip;
    target->last = wall_clock();
    targets_.push_back(std::move(target));
  }
  thread_ = std::thread([this] { run(); });
}

Client::~Client() {
  if (thread_.joinable()) finish();
  for (const auto& target : targets_) ::close(target->fd);
  ::close(wake_);
}

void Client::send_all(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  for (auto& target : targets_) {
    target->answered.push_back(false);
    ++target->measured.sent;
    ::sendto(target->fd, &number, sizeof number, MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&target->address), target->length);
  }
}

void Client::receive(Target& target) {
  const std::lock_guard lock(mutex_);
  for (;;) {
    Envelope envelope;
    if (::recvmsg(target.fd, &envelope.header, 0) != sizeof(Answer)) return;
    const auto number = envelope.answer.number;
    if (number >= target.answered.size()) continue;
    auto& measured = target.measured;
    const auto at = arrival(envelope.header);
    measured.longest_gap = std::max(measured.longest_gap, at - target.last);
    measured.last_from = envelope.answer.node;
    target.last = std::max(target.last, at);
    ++(target.answered[number] ? measured.doubled : measured.answered);
    target.answered[number] = true;
  }
}

// Receives for that long; false when it is over.
bool Client::wait(Duration time) {
  std::vector<pollfd> waiting;
  for (const auto& target : targets_) waiting.push_back({target->fd, POLLIN, 0});
  if (!is_over_) waiting.push_back({wake_, POLLIN, 0});
  const auto left = std::max(time, Duration(0));
  const timespec patience{left / 1s, static_cast<long>((left % 1s).count())};
  if (::ppoll(waiting.data(), waiting.size(), &patience, nullptr) > 0) {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (waiting[i].revents != 0) receive(*targets_[i]);
    }
  }
  return !is_over_;
}

void Client::run() {
  auto next = std::chrono::steady_clock::now();
  for (std::uint64_t number = 0; !is_over_; ++number) {
    send_all(number);
    next += period_;
    while (wait(next - std::chrono::steady_clock::now()) &&
           std::chrono::steady_clock::now() < next) {
    }
  }
  const auto stopped = wall_clock();
  const auto end = std::chrono::steady_clock::now() + kLinger;
  const auto is_missing = [](const auto& target) { return target->measured.lost() > 0; };
  while (std::any_of(targets_.begin(), targets_.end(), is_missing) &&
         std::chrono::steady_clock::now() < end) {
    wait(end - std::chrono::steady_clock::now());
  }
  const std::lock_guard lock(mutex_);
  for (auto& target : targets_) {
    target->measured.longest_gap = std::max(target->measured.longest_gap, stopped - target->last);
  }
}

std::vector<Measured> Client::look() {
  const std::lock_guard lock(mutex_);
  std::vector<Measured> out;
  for (const auto& target : targets_) out.push_back(target->measured);
  return out;
}

Measured Client::look(const std::string& vip) {
  for (auto& measured : look()) {
    if (measured.vip == vip) return measured;
  }
  throw std::runtime_error("nobody asks " + vip);
}

std::vector<Measured> Client::finish() {
  is_over_ = true;
  wake(wake_);
  if (thread_.joinable()) thread_.join();
  return look();
}

}  // namespace vippy::lab
