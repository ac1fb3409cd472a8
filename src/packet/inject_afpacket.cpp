// Frames through one AF_PACKET socket.
//
// Protocol 0: the kernel queues nothing for us to read. PACKET_QDISC_BYPASS is left off on
// purpose: a frame past the queueing discipline is dropped when the driver is busy, escapes the
// operator's shaping, and does not show in tcpdump, which is where one looks when a VIP moved and
// a neighbour did not notice.

#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/limits.h"
#include "packet/ethernet.h"
#include "packet/injector.h"
#include "packet/octets.h"

namespace vippy::packet {

namespace {

class PacketInjector final : public Injector {
 public:
  explicit PacketInjector(int socket) : socket_(socket) {}
  PacketInjector(const PacketInjector&) = delete;
  PacketInjector& operator=(const PacketInjector&) = delete;
  ~PacketInjector() override { ::close(socket_); }

  [[nodiscard]] std::string_view name() const override { return "packet"; }

  [[nodiscard]] int inject(std::uint32_t interface_index,
                           std::span<const std::uint8_t> frame) override {
    if (frame.size() < kEthernetHeaderBytes) return EINVAL;
    if (frame.size() > core::kFrameOctetsMax) return EMSGSIZE;
    std::array<std::uint8_t, core::kFrameOctetsMax> padded{};
    std::copy(frame.begin(), frame.end(), padded.begin());
    const auto size = std::max(frame.size(), kEthernetFrameBytesMin);
    return send(interface_index, std::span(padded).first(size));
  }

  void forget(std::uint32_t /*interface_index*/) override {}

 private:
  [[nodiscard]] int send(std::uint32_t interface_index,
                         std::span<const std::uint8_t> frame) const {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = htons(get_u16(frame, 12));
    to.sll_ifindex = static_cast<int>(interface_index);
    to.sll_halen = 6;
    std::copy_n(frame.begin(), 6, std::begin(to.sll_addr));
    for (;;) {
      const auto sent = ::sendto(socket_, frame.data(), frame.size(), MSG_DONTWAIT,
                                 reinterpret_cast<const sockaddr*>(&to), sizeof to);
      if (sent == static_cast<ssize_t>(frame.size())) return 0;
      if (sent >= 0) return EMSGSIZE;
      if (errno != EINTR) return errno;
    }
  }

  int socket_;
};

}  // namespace

std::unique_ptr<Injector> make_packet_injector(int* os_error) {
  const int socket = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  *os_error = socket < 0 ? errno : 0;
  if (socket < 0) return nullptr;
  return std::make_unique<PacketInjector>(socket);
}

}  // namespace vippy::packet
