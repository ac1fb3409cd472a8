// The least that announcing can cost: a contender that keeps nothing alive.
//
// Purpose: vippy-bare on each node sends one datagram of the size of vippyd's an interval and reads
//          those of the others, with the same scheduling, and does nothing else. What it costs is
//          the kernel's part, below which no daemon comes in which every node announces itself.
// Order:   as in contender.h; the addresses stay on the first node.
#pragma once

#include "perf/programs.h"

namespace vippy::lab {

class Bare : public Programs {
 public:
  Bare(Lab& lab, std::string name, double interval)
      : Programs(lab, std::move(name)), interval_(interval) {}

  [[nodiscard]] std::string version() const override { return "vippy-bare " VIPPY_VERSION; }
  [[nodiscard]] std::string setting() const override;
  [[nodiscard]] std::string lacks(Fault) const override { return "it keeps nothing alive"; }
  [[nodiscard]] Duration patience() const override { return std::chrono::seconds(10); }
  [[nodiscard]] double interval() const override { return interval_; }
  void begin(const Addresses& addresses) override;
  void start(unsigned node) override;
  void stop(unsigned node) override;
  void kill_daemon(unsigned node) override { kill_all(node); }
  void freeze(unsigned node) override { first_of(node).freeze(); }
  void thaw(unsigned node) override { first_of(node).thaw(); }
  [[nodiscard]] bool is_settled(unsigned) const override { return true; }
  [[nodiscard]] std::vector<pid_t> processes(unsigned node) const override {
    return own_processes(node);
  }

 private:
  double interval_;
  Addresses addresses_;
};

// Octets of vippyd's announcement for so many nodes and groups (docs/protocol.md).
[[nodiscard]] std::size_t announcement_octets(std::size_t nodes, std::size_t groups);

}  // namespace vippy::lab
