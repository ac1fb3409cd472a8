// A host that floods the chat with datagrams that nobody may believe.
//
// Purpose: what promises are worth under fire: random octets, octets that begin as protocol 1 or 2
//          does, genuine announcements with one bit changed, and genuine ones a second time.
// Units:   datagrams a second.
// Bounds:  the last kRecordedMax genuine announcements are repeated; it never sends beyond the
//          host's segment.
// Errors:  std::runtime_error when the host has no socket for it.
// Order:   sends from the constructor, in a thread, to the destructor.
// Source:  udp(7), UDP_SEGMENT: one call sends kVolleyMax datagrams of one length, and they are
//          taken apart where they arrive. One by one, a sender and the switch would need more of
//          the machine than the nodes that are to be measured.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/lab.h"

namespace vippy::lab {

// What became of it at a node.
struct Fire {
  std::uint64_t sent = 0;
  std::uint64_t read = 0;      // and ignored, by the daemon's own count
  std::uint64_t filtered = 0;  // by its socket, since it says that it is the node's own
  std::uint64_t lost = 0;      // no room in its socket
  double seconds = 0;

  [[nodiscard]] std::uint64_t arrived() const { return read + filtered + lost; }
  [[nodiscard]] double a_second(std::uint64_t count) const {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
  }
  [[nodiscard]] std::string text() const;
};

class Flood {
 public:
  // From the lab's first host. Node `witness` tells what arrives: it must run all the time.
  Flood(Lab& lab, unsigned rate, unsigned witness);
  ~Flood();
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  // Since the beginning.
  [[nodiscard]] Fire fire() const;

 private:
  using Bytes = std::vector<std::uint8_t>;
  static constexpr std::size_t kRecordedMax = 64;
  static constexpr std::size_t kVolleyMax = 64;

  void run();
  void record();
  [[nodiscard]] std::uint64_t chance(std::uint64_t below);
  void fill(std::span<std::uint8_t> out);
  void make_garbage(std::span<std::uint8_t> out);
  void make_bad(const Bytes& genuine, std::span<std::uint8_t> out);
  void send_volley(std::size_t count);
  [[nodiscard]] Fire seen() const;

  Lab& lab_;
  unsigned witness_;
  int fd_ = -1;
  unsigned rate_;
  std::vector<Bytes> recorded_;  // a ring
  std::size_t recordings_ = 0;
  Bytes volley_;
  std::uint64_t made_ = 0;
  std::uint64_t chance_ = 0x9e3779b97f4a7c15;
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<bool> is_over_ = false;
  Fire before_;
  std::chrono::steady_clock::time_point begun_;
  std::thread thread_;
};

}  // namespace vippy::lab
