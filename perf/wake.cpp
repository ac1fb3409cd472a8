// vippy-wake: how late deadlines are met and how true receive times are, on each event loop.
// Speaks on loopback only. Ends by itself.
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "platform/linux/platform_linux.h"

namespace {

using namespace vippy::platform;
using namespace std::chrono_literals;
using vippy::core::Duration;
using vippy::core::Instant;

std::array<Event, 256> events;

double microseconds(Duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

void tell(const std::string& what, std::vector<Duration> times) {
  if (times.empty()) return;
  std::sort(times.begin(), times.end());
  const auto at = [&](std::size_t percent) {
    return microseconds(times[std::min(times.size() - 1, times.size() * percent / 100)]);
  };
  std::printf("%-44s %9.1f %9.1f %9.1f us\n", what.c_str(), at(50), at(99), at(100));
}

void drain(Platform& platform) {
  while (platform.wait(platform.now() + 20ms, events) != 0) {
  }
}

void measure_deadlines(Platform& platform) {
  for (const Duration delay : {Duration(300us), Duration(1ms), Duration(10ms), Duration(100ms)}) {
    std::vector<Duration> late;
    const auto rounds = std::min<std::int64_t>(1'000, Duration(3s) / delay);
    for (std::int64_t i = 0; i < rounds; ++i) {
      const auto deadline = platform.now() + delay;
      if (platform.wait(deadline, events) == 0) late.push_back(platform.now() - deadline);
    }
    tell(std::string(platform.name()) + ": late by, " +
             std::to_string(static_cast<int>(microseconds(delay))) + " us",
         late);
  }
}

// One datagram a millisecond: the time from before sending to the kernel's receive time, and from
// that to when it was in our hands.
void measure_receive_times(Platform& platform) {
  const std::vector<std::string> all = {"all"};
  platform.perform(OpenChat{1, *vippy::core::parse_ip("127.0.0.1"), 47'111, all, {}, 1});
  drain(platform);
  std::vector<Duration> sent_to_stamp;
  std::vector<Duration> stamp_to_hand;
  const std::array<std::uint8_t, 100> bytes{};
  auto next = platform.now();
  for (int i = 0; i < 2'000; ++i) {
    next += 1ms;
    while (platform.now() < next) (void)platform.wait(next, events);
    const auto before = platform.now();
    platform.perform(SendDatagram{bytes});
    const auto count = platform.wait(before + 100ms, events);
    const auto now = platform.now();
    for (std::size_t at = 0; at < count; ++at) {
      const auto* datagram = std::get_if<Datagram>(&events[at]);
      if (datagram == nullptr) continue;
      sent_to_stamp.push_back(datagram->received - before);
      stamp_to_hand.push_back(now - datagram->received);
    }
  }
  tell(std::string(platform.name()) + ": sending to receive time", sent_to_stamp);
  tell(std::string(platform.name()) + ": receive time to hand", stamp_to_hand);
}

}  // namespace

int main() {
  std::printf("%-44s %9s %9s %9s\n", "", "median", "99 %", "most");
  for (const auto loop : {LoopChoice::io_uring, LoopChoice::epoll}) {
    LinuxOptions options;
    options.loop = loop;
    auto platform = make_linux_platform(std::move(options));
    if (!platform) {
      std::fprintf(stderr, "vippy-wake: %s\n", platform.error().text.c_str());
      continue;
    }
    drain(**platform);
    measure_deadlines(**platform);
    measure_receive_times(**platform);
  }
  return 0;
}
