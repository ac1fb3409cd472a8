// Who held which address when, as the kernels said, and whom a client would have sent to.
//
// Purpose: the time with two holders and with none, when the last address had come, and when the
//          client's neighbour table had followed: all from the notifications of the kernels.
// Units:   Duration of the wall clock; nodes from 1, addresses from 0. A notification is timed when
//          it is read, by a thread with realtime priority where the system allows one.
// Bounds:  63 nodes.
// Errors:  std::runtime_error when netlink refuses.
// Order:   sees everything from its construction on.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/kernel_view.h"
#include "tests/support/net_space.h"
#include "tests/support/world.h"

namespace vippy::lab {

// A node begins or stops to hold, or its daemon begins or stops to run.
struct HolderChange {
  Duration at{};
  unsigned node = 0;
  bool is_there = false;
  bool is_daemon = false;  // else the address
  std::size_t address = 0;
};

struct HolderTimes {
  Duration two{};
  Duration two_running{};  // of it: the daemons of two of them ran
  Duration none{};
  bool is_two_at_end = false;  // and for the last 20 ms
};

// Of one address: `holders` and `running` say how it was at `from`; a change is in order of time.
[[nodiscard]] HolderTimes holder_times(const std::vector<unsigned>& holders,
                                       const std::vector<unsigned>& running,
                                       const std::vector<HolderChange>& changes, Duration from,
                                       Duration to);

// The client's kernel learnt where an address is.
struct Learnt {
  Duration at{};
  std::size_t address = 0;
  unsigned node = 0;  // 0: none of ours
};

class AddressLog {
 public:
  AddressLog(const std::vector<const NetSpace*>& nodes, const std::vector<std::string>& ips,
             const NetSpace& client);
  ~AddressLog();
  AddressLog(const AddressLog&) = delete;
  AddressLog& operator=(const AddressLog&) = delete;

  [[nodiscard]] std::vector<unsigned> holders(std::size_t address = 0) const;
  // Of each address, in one pass.
  [[nodiscard]] std::vector<std::vector<unsigned>> all_holders_at(Duration at) const;
  [[nodiscard]] std::vector<HolderChange> since(Duration at) const;
  [[nodiscard]] std::vector<Learnt> learnt_since(Duration at) const;

  // Of the first `count` addresses each is on this node and on no other one; is on another one;
  // is on another one and not on this one.
  [[nodiscard]] bool are_at(unsigned node, std::size_t count) const;
  [[nodiscard]] bool are_taken_from(unsigned node, std::size_t count) const;
  [[nodiscard]] bool are_gone_from(unsigned node, std::size_t count) const;
  // Of those from the number `first` to before `end` each is on one node, and that is another one.
  [[nodiscard]] bool are_beside(unsigned node, std::size_t first, std::size_t end) const;
  [[nodiscard]] bool are_nowhere() const;

 private:
  using Nodes = std::uint64_t;  // a bit for each
  void run();
  void look(std::size_t node);
  void look_at_client();
  template <typename Condition>
  [[nodiscard]] bool holds_of_all(std::size_t first, std::size_t end,
                                  const Condition& condition) const;

  std::map<core::IpAddress, std::size_t> numbers_;
  std::vector<core::Mac> macs_;
  std::vector<std::unique_ptr<AddressWatch>> watches_;
  NeighbourWatch client_;
  std::vector<std::size_t> seen_;
  mutable std::mutex mutex_;
  std::vector<Nodes> first_;  // of each address
  std::vector<Nodes> now_;
  std::vector<HolderChange> changes_;
  std::vector<Learnt> learnt_;
  int wake_ = -1;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace vippy::lab
