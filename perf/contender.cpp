#include "perf/contender.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace vippy::lab {

namespace {

constexpr std::size_t kLastOctets = 250;
constexpr Duration kEndPatience = std::chrono::seconds(60);

}  // namespace

Addresses addresses_of(std::size_t count, double share) {
  Addresses out;
  const auto ip = [](std::size_t i) {
    return "10.77." + std::to_string(1 + i / kLastOctets) + "." +
           std::to_string(1 + i % kLastOctets);
  };
  for (std::size_t i = 0; i < count; ++i) out.ips.push_back(ip(i));
  out.held = static_cast<std::size_t>(std::lround(share * static_cast<double>(count)));
  out.held = std::clamp<std::size_t>(out.held, std::min<std::size_t>(count, 1), count);
  out.extra = ip(count);
  return out;
}

unsigned home_of(const Addresses& addresses, std::size_t i, unsigned home, unsigned nodes) {
  if (i < addresses.held) return home;
  const auto others = nodes - 1;
  return (home + static_cast<unsigned>((i - addresses.held) % others)) % nodes + 1;
}

unsigned rank_of(unsigned node, unsigned home, unsigned nodes) {
  return (node + nodes - home) % nodes + 1;
}

void Contender::order(unsigned, Fault fault) {
  throw std::runtime_error(name_ + " does not know " + name_of(fault));
}

void Contender::wait_ordered(unsigned, Fault) {}

void Contender::end() {
  for (unsigned n = 1; n <= lab_.nodes(); ++n) stop(n);
  for (unsigned n = 1; n <= lab_.nodes(); ++n) wait_stopped(n);
  for (unsigned n = 1; n <= lab_.nodes(); ++n) {
    // Only a node's own address is left.
    wait_until(lab_.space(n).name() + " is clean", [&] {
      std::size_t own = 0;
      const auto all = addresses(lab_.space(n));
      for (const auto& address : all) own += address.prefix.length == 16 ? 1 : 0;
      return own <= 1;
    }, kEndPatience);
  }
}

std::string installed_program(const std::string& name) {
  for (const auto* folder : {"/usr/sbin/", "/usr/local/sbin/", "/usr/bin/", "/usr/local/bin/"}) {
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  }
  return {};
}

std::string first_line(const std::string& text) {
  const auto begin = text.find_first_not_of('\n');
  return begin == std::string::npos ? "" : text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace vippy::lab
