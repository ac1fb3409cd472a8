// vippy-bare: announces itself and hears the others, and does nothing else (perf/bare.h).
#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t kPort = 5009;
constexpr const char* kGroup = "239.77.0.1";
constexpr int kRealtime = 20;  // as the profiles of vippyd

int fail(const char* what) {
  std::perror(what);
  return 1;
}

int join(const std::string& interface, sockaddr_in& group) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  group.sin_family = AF_INET;
  group.sin_port = htons(kPort);
  ::inet_pton(AF_INET, kGroup, &group.sin_addr);
  ip_mreqn member{};
  member.imr_multiaddr = group.sin_addr;
  member.imr_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  const int off = 0;
  const bool is_open =
      ::bind(fd, reinterpret_cast<const sockaddr*>(&group), sizeof(group)) == 0 &&
      ::setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &member, sizeof(member)) == 0 &&
      ::setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof(off)) == 0 &&
      ::setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof(member)) == 0;
  return is_open ? fd : -1;
}

void wait_for(int fd, Clock::duration left) {
  pollfd one{fd, POLLIN, 0};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec time{seconds.count(), (left - seconds).count()};
  if (::ppoll(&one, 1, &time, nullptr) <= 0) return;
  std::array<char, 2'048> heard{};
  while (::recv(fd, heard.data(), heard.size(), MSG_DONTWAIT) > 0) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"vippy-bare: one datagram an interval, and nothing else"};
  std::string interface;
  double interval = 0.01;
  std::size_t octets = 114;
  app.add_option("--interface", interface)->required();
  app.add_option("--interval", interval, "[s]")->check(CLI::Range(0.001, 10.0));
  app.add_option("--octets", octets)->check(CLI::Range(1, 1'400));
  CLI11_PARSE(app, argc, argv);

  const sched_param priority{kRealtime};
  if (::sched_setscheduler(0, SCHED_FIFO, &priority) != 0) return fail("sched_setscheduler");
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) return fail("mlockall");
  sockaddr_in group{};
  const int fd = join(interface, group);
  if (fd < 0) return fail("join");
  const std::vector<char> datagram(octets);
  const auto step = std::chrono::nanoseconds(std::llround(interval * 1e9));
  auto due = Clock::now();
  for (;;) {
    const auto now = Clock::now();
    if (now < due) {
      wait_for(fd, due - now);
      continue;
    }
    // A link that is down for a moment is nobody's business here.
    (void)::sendto(fd, datagram.data(), datagram.size(), 0,
                   reinterpret_cast<const sockaddr*>(&group), sizeof(group));
    due = std::max(due + step, now);
  }
}
