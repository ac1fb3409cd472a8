// A host that floods the chat with datagrams that nobody may believe.
//
// Purpose: what promises are worth under fire: random octets, octets that begin as protocol 1 or 2
//          does, genuine announcements with one bit changed, and genuine ones a second time.
// Units:   datagrams a second.
// Bounds:  kRecordedMax genuine announcements are kept; it never sends beyond the host's segment.
// Errors:  std::runtime_error when the host has no socket for it.
// Order:   sends from the constructor, in a thread, to the destructor.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/support/net_space.h"
#include "tests/support/world.h"

namespace vippy::lab {

class Flood {
 public:
  Flood(const NetSpace& host, unsigned rate);
  ~Flood();
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  using Bytes = std::vector<std::uint8_t>;
  static constexpr std::size_t kRecordedMax = 64;
  static constexpr std::size_t kVolleyMax = 256;
  static constexpr std::size_t kStockMax = 1024;

  void run();
  void record();
  [[nodiscard]] Bytes bad();
  void send_volley(std::size_t count);

  int fd_ = -1;
  unsigned rate_;
  std::vector<Bytes> recorded_;
  std::vector<Bytes> stock_ = std::vector<Bytes>(kStockMax);
  std::uint64_t made_ = 0;
  std::uint64_t chance_ = 0x9e3779b97f4a7c15;
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace vippy::lab
