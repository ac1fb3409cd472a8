// What the kernel takes to add the routes of a batch: an acknowledgement for each, or for the last.
//
// In a network namespace of the program's own, on its loopback. Both are in one program, so that
// they can be measured by turns: --benchmark_enable_random_interleaving=true.
#include <benchmark/benchmark.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <span>
#include <vector>

#include "perf/bench/own_namespace.h"
#include "platform/linux/address_messages.h"
#include "platform/linux/descriptor.h"

namespace vippy::bench {
namespace {

constexpr platform::InterfaceIndex kLoopback = 1;
constexpr std::size_t kRoutes = 128;  // what vippyd sends at a time

enum class Acknowledge { each, last };

std::vector<std::uint8_t> batch(bool is_add, Acknowledge which) {
  std::vector<std::uint8_t> out;
  for (std::uint32_t i = 0; i < kRoutes; ++i) {
    std::array<std::uint8_t, platform::kAddressMessageOctetsMax> octets{};
    const core::Prefix prefix{core::Ipv4::from_number(0x0a010001U + i), 32};
    const auto size = platform::write_route(octets, {0, i + 1}, kLoopback, prefix, is_add);
    auto* header = reinterpret_cast<nlmsghdr*>(octets.data());
    if (which == Acknowledge::last && i + 1 < kRoutes) {
      header->nlmsg_flags = static_cast<std::uint16_t>(header->nlmsg_flags & ~NLM_F_ACK);
    }
    out.insert(out.end(), octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
    out.resize(NLMSG_ALIGN(out.size()));
  }
  return out;
}

// Sends the batch and reads all that is answered; how many answers say that it was done.
std::size_t done_by(int fd, std::span<const std::uint8_t> batch) {
  if (::send(fd, batch.data(), batch.size(), 0) != static_cast<ssize_t>(batch.size())) return 0;
  std::size_t done = 0;
  std::array<std::uint8_t, 65'536> answers;
  for (;;) {
    const auto count = ::recv(fd, answers.data(), answers.size(), MSG_DONTWAIT);
    if (count <= 0) return done;
    auto left = static_cast<unsigned>(count);
    auto* header = reinterpret_cast<nlmsghdr*>(answers.data());
    for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
      const auto* answer = static_cast<const nlmsgerr*>(NLMSG_DATA(header));
      if (header->nlmsg_type == NLMSG_ERROR && answer->error == 0) ++done;
    }
  }
}

void add_routes(benchmark::State& state, Acknowledge which) {
  if (!enter_own_namespace()) return state.SkipWithError("a network namespace is refused");
  const platform::Descriptor fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
  const auto additions = batch(true, which);
  const auto removals = batch(false, Acknowledge::last);
  const std::size_t wanted = which == Acknowledge::each ? kRoutes : 1;
  for (auto _ : state) {
    const auto done = done_by(fd.get(), additions);
    state.PauseTiming();
    if (done != wanted) return state.SkipWithError("the kernel did not add all routes");
    if (done_by(fd.get(), removals) != 1) return state.SkipWithError("they were not removed");
    state.ResumeTiming();
  }
}

BENCHMARK_CAPTURE(add_routes, each, Acknowledge::each)
    ->Name("netlink_add_routes/acknowledged:each")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(add_routes, last, Acknowledge::last)
    ->Name("netlink_add_routes/acknowledged:last")
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace vippy::bench
