// Who held an address when, as the kernels said.
//
// Purpose: the time with two holders and with none, from the notifications of every kernel.
// Units:   Duration of the wall clock; nodes from 1. A notification is timed when it is read, by a
//          thread with realtime priority where the system allows one.
// Errors:  std::runtime_error when netlink refuses.
// Order:   sees everything from its construction on.
#pragma once

#include <atomic>
#include <memory>
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
};

struct HolderTimes {
  Duration two{};
  Duration two_running{};  // of it: the daemons of two of them ran
  Duration none{};
};

// `holders` and `running` say how it was at `from`; a change is in order of time.
[[nodiscard]] HolderTimes holder_times(std::vector<unsigned> holders, std::vector<unsigned> running,
                                       const std::vector<HolderChange>& changes, Duration from,
                                       Duration to);

class AddressLog {
 public:
  AddressLog(const std::vector<const NetSpace*>& nodes, const std::string& ip);
  ~AddressLog();
  AddressLog(const AddressLog&) = delete;
  AddressLog& operator=(const AddressLog&) = delete;

  [[nodiscard]] std::vector<unsigned> holders() const;
  [[nodiscard]] std::vector<HolderChange> since(Duration at) const;
  [[nodiscard]] std::vector<unsigned> holders_at(Duration at) const;

 private:
  void run();
  void look(std::size_t node);

  std::string ip_;
  std::vector<std::unique_ptr<AddressWatch>> watches_;
  std::vector<std::size_t> seen_;
  mutable std::mutex mutex_;
  std::vector<unsigned> first_;
  std::vector<HolderChange> changes_;
  int wake_ = -1;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace vippy::lab
