#include "perf/flood.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kVolleyOctetsMax = 60'000;  // one datagram for the sender's kernel

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

struct Refusals {
  std::uint64_t all = 0;
  std::uint64_t without_room = 0;
};

// What the kernel of a node did not put into its UDP sockets.
Refusals refusals_of(const NetSpace& node) {
  std::string names;
  std::string values;
  node.in([&] {
    std::ifstream file("/proc/thread-self/net/snmp");
    for (std::string line; std::getline(file, line);) {
      if (line.rfind("Udp:", 0) == 0) (names.empty() ? names : values) = line;
    }
  });
  std::istringstream name(names);
  std::istringstream value(values);
  std::map<std::string, std::string> counts;
  for (std::string key, number; name >> key && value >> number;) counts[key] = number;
  return {std::stoull(counts.at("InErrors")), std::stoull(counts.at("RcvbufErrors"))};
}

}  // namespace

std::string Fire::text() const {
  return fmt::format("flood: {:.0f} bad datagrams a second sent for {:.1f} s; {:.0f} arrived at a "
                     "node: {:.0f} were read, {:.0f} filtered as its own, {:.0f} lost for want of "
                     "room",
                     a_second(sent), seconds, a_second(arrived()), a_second(read),
                     a_second(filtered), a_second(lost));
}

Flood::Flood(Lab& lab, unsigned rate, unsigned witness)
    : lab_(lab), witness_(witness), fd_(open_socket(lab.host())), rate_(rate) {
  before_ = seen();
  begun_ = std::chrono::steady_clock::now();
  thread_ = std::thread([this] { run(); });
}

Flood::~Flood() {
  is_over_ = true;
  thread_.join();
  ::close(fd_);
}

Fire Flood::seen() const {
  const auto status = lab_.node(witness_).must_status();
  const auto refused = refusals_of(lab_.space(witness_));
  return {sent_, status["vippy"]["counters"]["ignored"].get<std::uint64_t>(),
          refused.all - refused.without_room, refused.without_room, 0};
}

Fire Flood::fire() const {
  const auto now = seen();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begun_;
  return {now.sent, now.read - before_.read, now.filtered - before_.filtered,
          now.lost - before_.lost, time.count()};
}

// What was due since the beginning, in volleys; a late one makes up for it.
void Flood::run() {
  while (!is_over_) {
    record();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begun_;
    const auto due = static_cast<std::uint64_t>(elapsed.count() * rate_) - made_;
    if (due > 0) send_volley(std::min<std::uint64_t>(due, kVolleyMax));
    if (due < kVolleyMax) std::this_thread::sleep_for(500us);
  }
}

void Flood::record() {
  std::array<std::uint8_t, 2048> room{};
  for (;;) {
    const auto octets = ::recv(fd_, room.data(), room.size(), 0);
    if (octets <= 0) return;
    if (recorded_.size() < kRecordedMax) recorded_.emplace_back();
    recorded_[recordings_++ % kRecordedMax].assign(room.begin(), room.begin() + octets);
  }
}

std::uint64_t Flood::chance(std::uint64_t below) {
  chance_ ^= chance_ << 13U;
  chance_ ^= chance_ >> 7U;
  chance_ ^= chance_ << 17U;
  return chance_ % below;
}

void Flood::fill(std::span<std::uint8_t> out) {
  for (; !out.empty(); out = out.subspan(std::min(out.size(), sizeof(chance_)))) {
    (void)chance(1);
    std::memcpy(out.data(), &chance_, std::min(out.size(), sizeof(chance_)));
  }
}

void Flood::make_garbage(std::span<std::uint8_t> out) {
  fill(out);
  constexpr std::array<std::uint8_t, 4> kAsProtocol2 = {'V', 'P', 'Y', 2};
  const auto kind = chance(8);
  if (kind < 4) std::copy(kAsProtocol2.begin(), kAsProtocol2.end(), out.begin());
  if (kind == 4) out.front() = '{';
}

void Flood::make_bad(const Bytes& genuine, std::span<std::uint8_t> out) {
  std::copy(genuine.begin(), genuine.end(), out.begin());
  if (chance(2) == 0) out[chance(out.size())] ^= static_cast<std::uint8_t>(1U << chance(8));
}

// Half of it is garbage, a quarter altered, a quarter repeated.
void Flood::send_volley(std::size_t count) {
  const auto* genuine = recorded_.empty() ? nullptr : &recorded_[chance(recorded_.size())];
  const auto length = genuine != nullptr ? genuine->size() : 16 + chance(400);
  count = std::min(count, kVolleyOctetsMax / length);
  volley_.resize(count * length);
  for (std::size_t i = 0; i < count; ++i, ++made_) {
    const auto out = std::span(volley_).subspan(i * length, length);
    if (genuine == nullptr || chance(2) == 0) {
      make_garbage(out);
    } else {
      make_bad(*genuine, out);
    }
  }
  static const sockaddr_in kTo = chat();
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> control{};
  iovec part{volley_.data(), volley_.size()};
  msghdr message{};
  message.msg_name = const_cast<sockaddr_in*>(&kTo);
  message.msg_namelen = sizeof kTo;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  auto* segment = CMSG_FIRSTHDR(&message);
  segment->cmsg_level = IPPROTO_UDP;
  segment->cmsg_type = UDP_SEGMENT;
  segment->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const auto octets = static_cast<std::uint16_t>(length);
  std::memcpy(CMSG_DATA(segment), &octets, sizeof octets);
  if (::sendmsg(fd_, &message, 0) > 0) sent_ += count;
}

}  // namespace vippy::lab
