// Daemons of others: one or several programs on each node, a log for each.
//
// Purpose: what keepalived and ucarp have in common as contenders.
// Order:   as in contender.h.
#pragma once

#include "perf/contender.h"

namespace vippy::lab {

class Programs : public Contender {
 public:
  using Contender::Contender;

  [[nodiscard]] bool lets_go(Fault fault) const override {
    return fault == Fault::clean_stop || fault == Fault::link_down;
  }
  void start(unsigned node) override;
  void stop(unsigned node) override;
  void wait_stopped(unsigned node) override;
  void kill_all(unsigned node) override;
  void mark_logs() override;
  [[nodiscard]] std::string logs() const override;

 protected:
  struct Program {
    std::unique_ptr<NodeProcess> process;
    std::vector<std::string> words;
  };
  void clear();
  Program& add(unsigned node, const std::string& name);
  [[nodiscard]] const std::vector<Program>& of(unsigned node) const { return nodes_.at(node - 1); }
  [[nodiscard]] NodeProcess& first_of(unsigned node) const { return *of(node).front().process; }
  // The programs themselves; with those that they have started.
  [[nodiscard]] std::vector<pid_t> own_processes(unsigned node) const;
  // What it left in the kernel, if it does not do so itself when it starts again.
  virtual void sweep(unsigned) const {}
  // Each program's log has said one of these since it was started.
  [[nodiscard]] bool all_said(const std::vector<std::string>& one_of) const;

 private:
  std::vector<std::vector<Program>> nodes_;
};

}  // namespace vippy::lab
