#include "perf/flood.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "tests/support/lab.h"

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

sockaddr_in chat() {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(kChatPort);
  out.sin_addr.s_addr = ::inet_addr(kChatGroup);
  return out;
}

// Hears the chat and sends to it, on the host's eth0.
int open_socket(const NetSpace& host) {
  int fd = -1;
  bool is_ready = false;
  host.in([&] {
    fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ip_mreqn group{};
    group.imr_multiaddr.s_addr = ::inet_addr(kChatGroup);
    group.imr_ifindex = static_cast<int>(host.index_of("eth0"));
    const int yes = 1;
    const int no = 0;
    sockaddr_in here = chat();
    is_ready = fd >= 0 && ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
               ::bind(fd, reinterpret_cast<sockaddr*>(&here), sizeof here) == 0 &&
               ::setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) == 0 &&
               ::setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof group) == 0 &&
               ::setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &no, sizeof no) == 0;
  });
  if (!is_ready) throw std::runtime_error("no socket for a flood in " + host.name());
  return fd;
}

}  // namespace

Flood::Flood(const NetSpace& host, unsigned rate) : fd_(open_socket(host)), rate_(rate) {
  thread_ = std::thread([this] { run(); });
}

Flood::~Flood() {
  is_over_ = true;
  thread_.join();
  ::close(fd_);
}

// What was due since the beginning, in volleys; a late one makes up for it.
void Flood::run() {
  const auto begun = std::chrono::steady_clock::now();
  while (!is_over_) {
    record();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begun;
    const auto due = static_cast<std::uint64_t>(elapsed.count() * rate_) - made_;
    if (due > 0) send_volley(std::min<std::uint64_t>(due, kVolleyMax));
    if (due < kVolleyMax) std::this_thread::sleep_for(200us);
  }
}

void Flood::record() {
  std::array<std::uint8_t, 2048> room{};
  while (recorded_.size() < kRecordedMax) {
    const auto octets = ::recv(fd_, room.data(), room.size(), 0);
    if (octets <= 0) return;
    recorded_.emplace_back(room.begin(), room.begin() + octets);
  }
}

Flood::Bytes Flood::bad() {
  const auto chance = [this](std::uint64_t below) {
    chance_ ^= chance_ << 13U;
    chance_ ^= chance_ >> 7U;
    chance_ ^= chance_ << 17U;
    return chance_ % below;
  };
  if (!recorded_.empty() && made_ % 4 >= 2) {
    auto genuine = recorded_[chance(recorded_.size())];
    auto& octet = genuine[chance(genuine.size())];
    if (made_ % 4 == 2) octet ^= static_cast<std::uint8_t>(1U << chance(8));
    return genuine;
  }
  Bytes out(16 + chance(400));
  for (auto& octet : out) octet = static_cast<std::uint8_t>(chance(256));
  constexpr std::array<std::uint8_t, 4> kAsProtocol2 = {'V', 'P', 'Y', 2};
  if (made_ % 4 == 1) std::copy(kAsProtocol2.begin(), kAsProtocol2.end(), out.begin());
  if (made_ % 8 == 4) out.front() = '{';
  return out;
}

void Flood::send_volley(std::size_t count) {
  static const sockaddr_in kTo = chat();
  std::array<iovec, kVolleyMax> parts{};
  std::array<mmsghdr, kVolleyMax> messages{};
  for (std::size_t i = 0; i < count; ++i) {
    auto& datagram = stock_[made_ % kStockMax];
    // Making one costs more than sending it: a quarter is new.
    if (datagram.empty() || made_ % 16 < 4) datagram = bad();
    ++made_;
    parts[i] = {datagram.data(), datagram.size()};
    messages[i].msg_hdr.msg_name = const_cast<sockaddr_in*>(&kTo);
    messages[i].msg_hdr.msg_namelen = sizeof kTo;
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int sent = ::sendmmsg(fd_, messages.data(), static_cast<unsigned>(count), 0);
  if (sent > 0) sent_ += static_cast<std::uint64_t>(sent);
}

}  // namespace vippy::lab
