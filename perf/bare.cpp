#include "perf/bare.h"

#include <fmt/format.h>

#include "core/keys.h"
#include "core/limits.h"
#include "core/wire2.h"

namespace vippy::lab {

std::size_t announcement_octets(std::size_t nodes, std::size_t groups) {
  core::Message message{{}, core::Beat{}};
  auto& beat = std::get<core::Beat>(message.body);
  beat.echoes.resize(nodes);
  beat.view = core::BitSet(nodes);
  beat.claims = core::BitSet(groups);
  const std::string_view secret = "any";
  std::vector<std::uint8_t> out(core::kDatagramOctetsMax);
  return core::encode(message, core::Keyring({&secret, 1}), out);
}

std::string Bare::setting() const {
  return fmt::format("a datagram every {} s, and nothing else: what the kernel costs", interval_);
}

void Bare::begin(const Addresses& addresses) {
  clear();
  addresses_ = addresses;
  for (unsigned n = 1; n <= lab().nodes(); ++n) {
    add(n, "bare").words = {
        VIPPY_BARE_PROGRAM, "--interface=eth0", fmt::format("--interval={}", interval_),
        fmt::format("--octets={}", announcement_octets(lab().nodes(), addresses.ips.size()))};
  }
}

void Bare::start(unsigned node) {
  Programs::start(node);
  if (node != home_) return;
  std::string lines;
  for (const auto& ip : addresses_.ips) lines += "address replace " + ip + "/16 dev eth0\n";
  lab().space(node).ip(lines);
}

void Bare::stop(unsigned node) {
  Programs::stop(node);
  lab().sweep(node);
}

}  // namespace vippy::lab
