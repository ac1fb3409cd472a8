// ucarp as a contender: a process for each address, scripts that add and remove it.
//
// Purpose: advbase 1 s, the shortest that ucarp takes, and its usual dead ratio of 3.
// Bounds:  255 addresses: each has a vhid.
// Order:   as in contender.h.
// Source:  ucarp(8).
#pragma once

#include "perf/programs.h"

namespace vippy::lab {

inline constexpr std::size_t kUcarpAddressesMax = 255;

// `ucarp SCRIPTS`: the words of its command line; who has the lower rank is preferred.
[[nodiscard]] std::vector<std::string> ucarp_words(const std::string& program,
                                                   const std::string& address, std::size_t vhid,
                                                   unsigned node, unsigned rank,
                                                   const std::string& up_script,
                                                   const std::string& down_script);
// ucarp calls a script with the interface and the address; `what` is "add" or "del".
[[nodiscard]] std::string ucarp_script(const std::string& what);

class Ucarp : public Programs {
 public:
  using Programs::Programs;

  [[nodiscard]] std::string version() const override;
  [[nodiscard]] std::string setting() const override;
  [[nodiscard]] std::string lacks(Fault fault) const override;
  [[nodiscard]] Duration patience() const override { return std::chrono::seconds(30); }
  [[nodiscard]] double interval() const override { return 1; }
  void begin(const Addresses& addresses) override;
  void kill_daemon(unsigned node) override { kill_all(node); }
  void freeze(unsigned node) override;
  void thaw(unsigned node) override;
  [[nodiscard]] bool is_settled(unsigned home) const override;
  [[nodiscard]] std::vector<pid_t> processes(unsigned node) const override {
    return own_processes(node);
  }

 protected:
  void sweep(unsigned node) const override;

 private:
  void signal_all(unsigned node, int number) const;
};

}  // namespace vippy::lab
