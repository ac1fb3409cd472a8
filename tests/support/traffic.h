// Requests to VIPs, and who answers them.
//
// Purpose: measure what a client notices: requests lost, the longest time without an answer.
// Units:   requests a second; Duration. Answers are timed by the kernel on their arrival.
// Order:   sockets are opened by the constructor, in the calling thread; one thread for the service
//          of each node and one for a client live as long as the value.
// Shape:   a request is 8 octets: its number from 0; the answer repeats them and adds 8: which
//          node answered, from 1.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/net_space.h"
#include "tests/support/world.h"

namespace vippy::lab {

inline constexpr std::uint16_t kEchoPort = 7'007;

// Answers requests in every node, from the address that was asked.
class Echo {
 public:
  explicit Echo(const std::vector<const NetSpace*>& nodes);
  ~Echo();
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  // The services are to be scheduled as daemons of this real-time priority are, where that is
  // allowed.
  void hurry(unsigned priority);
  // The service of a node (from 1) is to run there only.
  void pin(std::uint64_t node, unsigned processor);

  // Answers that a node's kernel did not take: the address was gone when its turn came.
  struct Refused {
    Duration at{};  // of the wall clock
    std::uint64_t node = 0;
    int os_error = 0;
  };
  // What was refused since the last call.
  [[nodiscard]] std::vector<Refused> take_refused();

 private:
  struct Responder {
    int fd = -1;
    std::uint64_t node = 0;
  };
  struct Service {
    std::vector<Responder> responders;
    std::thread thread;
  };
  void run(const Service& service);
  void respond(const Responder& responder);

  std::vector<Service> services_;  // one for each node
  std::mutex mutex_;
  std::vector<Refused> refused_;
  std::atomic<bool> is_over_ = false;
  int wake_ = -1;
};

struct Measured {
  std::string vip;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t doubled = 0;  // answers that came more than once
  Duration longest_gap{};     // without any answer
  std::uint64_t last_from = 0;  // the node of the latest answer, 0: none yet

  [[nodiscard]] std::uint64_t lost() const { return sent - answered; }
};

// Sends `rate` numbered requests a second to each VIP until finish().
class Client {
 public:
  Client(const NetSpace& host, const std::vector<std::string>& vips, unsigned rate);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // What was measured until now.
  [[nodiscard]] std::vector<Measured> look();
  [[nodiscard]] Measured look(const std::string& vip);
  // Stops sending and waits for what is under way, at most 300 ms.
  std::vector<Measured> finish();

 private:
  struct Target;
  void run();
  void send_all(std::uint64_t number);
  void receive(Target& target);
  bool wait(Duration time);

  Duration period_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Target>> targets_;
  std::atomic<bool> is_over_ = false;
  int wake_ = -1;
  std::thread thread_;
};

}  // namespace vippy::lab
