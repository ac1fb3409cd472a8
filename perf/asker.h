// A client that asks VIPs and times every request and every answer by the kernel's clock.
//
// Purpose: what a client notices, to the tenth of a millisecond: lost, the longest gap, when.
// Units:   requests a second, all VIPs together; Duration of the wall clock.
// Bounds:  memory grows by 24 octets a request: an Asker is for seconds, not for days.
// Order:   opened by the constructor in the calling thread, which asks from then on; finish() once.
// Source:  Linux, Documentation/networking/timestamping.rst.
// Shape:   as in traffic.h: its Echo answers.
#pragma once

#include <netinet/in.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/net_space.h"
#include "tests/support/world.h"

namespace vippy::lab {

struct LostRequest {
  Duration at{};  // when it was sent
  std::size_t vip = 0;
};

struct Asked {
  std::uint64_t sent = 0;
  std::vector<LostRequest> lost;  // in the order in which they were sent
  Duration gap{};         // the longest time without an answer, of the VIP with the longest
  Duration gap_at{};      // when it was over
  Duration pause{};       // the longest time without a request: our own lateness
  Duration pause_at{};
};

class Asker {
 public:
  Asker(const NetSpace& host, const std::vector<std::string>& vips, unsigned rate);
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  // The node of the latest answer, from 1; 0: none yet.
  [[nodiscard]] std::uint64_t last_from() const { return last_from_; }
  [[nodiscard]] pid_t thread() const { return task_; }

  // Stops asking and waits for what is under way, at most `patience`: what has no answer then is
  // lost. What was sent, and every gap that ended, before `since` is not counted.
  Asked finish(Duration since = {}, Duration patience = std::chrono::milliseconds(100));
  // After finish(): when the last VIP was answered for the first time by such a node, of the
  // requests that were sent since then; nullopt: some VIP never was.
  [[nodiscard]] std::optional<Duration> all_answered_by(
      const std::function<bool(std::uint64_t)>& is_such, Duration since) const;
  // Every VIP was answered by another node the last time; by this node.
  [[nodiscard]] bool have_left(std::uint64_t node) const;
  [[nodiscard]] bool are_at(std::uint64_t node) const;

 private:
  struct Request {
    Duration sent{};
    Duration answered{};  // zero: not
    std::uint64_t node = 0;  // who answered
  };
  void run();
  void send_one();
  void read_departures();
  void read_answers();
  void pause_until(Duration at) const;
  [[nodiscard]] Asked judge(Duration since) const;

  int fd_ = -1;
  Duration period_;
  std::vector<sockaddr_in> vips_;
  std::vector<std::atomic<std::uint64_t>> last_;  // node, of each VIP
  std::vector<Request> requests_;  // of our thread, until finish()
  Duration stopped_{};
  Duration patience_{};
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> answered_ = 0;
  std::atomic<std::uint64_t> last_from_ = 0;
  std::atomic<pid_t> task_ = 0;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace vippy::lab
