#include "tests/support/capture.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>

#include "packet/ethernet.h"

namespace vippy::lab {

namespace {

std::optional<Frame> read_frame(std::span<const std::uint8_t> bytes) {
  const auto header = packet::decode_ethernet(bytes);
  if (!header) return std::nullopt;
  Frame frame;
  frame.source = header->source;
  if (const auto arp = packet::decode_arp(bytes)) {
    frame.message = *arp;
  } else if (const auto na = packet::decode_na(bytes)) {
    frame.message = *na;
  } else if (const auto ns = packet::decode_ns(bytes)) {
    frame.message = *ns;
  } else {
    return std::nullopt;
  }
  return frame;
}

// ARP, and ICMPv6 of type 135 and 136.
void attach_filter(int fd) {
  std::array<sock_filter, 9> code = {{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 135, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

}  // namespace

std::string Frame::about() const {
  if (arp() != nullptr) return core::format(arp()->sender_ip);
  return core::format(na() != nullptr ? na()->target : ns()->source);
}

Capture::Capture(const NetSpace& space, const std::string& interface) {
  const auto index = space.index_of(interface);
  space.in([&] { fd_ = ::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); });
  const int buffer = 8 << 20;
  const int yes = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  ::setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
  attach_filter(fd_);
  sockaddr_ll local{};
  local.sll_family = AF_PACKET;
  local.sll_protocol = htons(ETH_P_ALL);
  local.sll_ifindex = static_cast<int>(index);
  if (fd_ < 0 || ::bind(fd_, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0) {
    throw std::runtime_error("no packet socket in " + space.name());
  }
}

Capture::~Capture() { ::close(fd_); }

const std::vector<Frame>& Capture::frames() {
  for (;;) {
    std::array<std::uint8_t, 2'048> bytes{};
    alignas(cmsghdr) std::array<char, 128> control{};
    sockaddr_ll from{};
    iovec part{bytes.data(), bytes.size()};
    msghdr header{&from, sizeof from, &part, 1, control.data(), control.size(), 0};
    const auto count = ::recvmsg(fd_, &header, 0);
    if (count < 0) return frames_;
    if (from.sll_pkttype == PACKET_OUTGOING) continue;
    auto frame = read_frame(std::span(bytes).first(static_cast<std::size_t>(count)));
    if (!frame) continue;
    if (const auto* stamp = CMSG_FIRSTHDR(&header); stamp != nullptr) {
      timespec at{};
      std::memcpy(&at, CMSG_DATA(stamp), sizeof at);
      frame->at = std::chrono::seconds(at.tv_sec) + Duration(at.tv_nsec);
    }
    frames_.push_back(*frame);
  }
}

std::vector<Frame> Capture::about(const std::string& ip) {
  std::vector<Frame> out;
  for (const auto& frame : frames()) {
    if (frame.about() == ip) out.push_back(frame);
  }
  return out;
}

}  // namespace vippy::lab
