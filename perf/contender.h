// A daemon that keeps addresses alive, whichever it is, on all nodes of a lab.
//
// Purpose: what is done to vippyd is done to the others in the same way.
// Errors:  std::runtime_error, Timeout.
// Order:   begin() writes configurations; then start() and the rest, node by node. Contenders of
//          one lab take turns: end() before another one begins.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "perf/daemon_log.h"
#include "perf/fault.h"
#include "tests/support/lab.h"

namespace vippy::lab {

// What has to be kept alive, as 10.77.x.y of the lab's /16.
struct Addresses {
  std::vector<std::string> ips;
  std::size_t held = 0;  // the first so many are at home on the node to which things happen
  std::string extra;     // comes and goes with a graduation, at home on the second node
};
// 10.77.1.1, 10.77.1.2, ...: `count` of them, of which that node has this share, at least one.
[[nodiscard]] Addresses addresses_of(std::size_t count, double share = 1);
// The node, from 1, that has the address while it is well: `home`, or one of the others in turn.
[[nodiscard]] unsigned home_of(const Addresses& addresses, std::size_t i, unsigned home,
                               unsigned nodes);
// Who follows whom when `home` is not well: 1 for `home` itself, then the nodes after it, around.
[[nodiscard]] unsigned rank_of(unsigned node, unsigned home, unsigned nodes);

class Contender {
 public:
  Contender(Lab& lab, std::string name) : lab_(lab), name_(std::move(name)) {}
  virtual ~Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] virtual std::string version() const = 0;
  // How it is set up here, for people.
  [[nodiscard]] virtual std::string setting() const = 0;
  // Why this is nothing that it knows; empty: it does.
  [[nodiscard]] virtual std::string lacks(Fault fault) const = 0;
  // It is off the addresses without anybody's help, though late; else they stay.
  [[nodiscard]] virtual bool lets_go(Fault fault) const = 0;
  // Its daemon comes back by itself and takes the addresses again.
  [[nodiscard]] virtual bool comes_back(Fault) const { return false; }
  // Whoever has not moved anything in this time will not.
  [[nodiscard]] virtual Duration patience() const = 0;
  // Seconds from one of its announcements to the next.
  [[nodiscard]] virtual double interval() const = 0;

  virtual void begin(const Addresses& addresses) = 0;
  virtual void start(unsigned node) = 0;  // unless it runs
  virtual void stop(unsigned node) = 0;   // asks it to end
  virtual void wait_stopped(unsigned node) = 0;
  virtual void kill_daemon(unsigned node) = 0;
  virtual void kill_all(unsigned node) = 0;  // what it left in the kernel stays there
  virtual void freeze(unsigned node) = 0;
  virtual void thaw(unsigned node) = 0;
  // What a fault needs beforehand; the order itself; until it is carried out.
  virtual void prepare(Fault) {}
  virtual void order(unsigned node, Fault fault);
  virtual void wait_ordered(unsigned node, Fault fault);
  // All daemons run well, and agree that this node has what it holds, as far as they can say.
  [[nodiscard]] virtual bool is_settled(unsigned home) const = 0;
  // The one that decides first.
  [[nodiscard]] virtual std::vector<pid_t> processes(unsigned node) const = 0;
  virtual void mark_logs() = 0;
  [[nodiscard]] virtual std::vector<DaemonLine> lines(Duration) { return {}; }
  [[nodiscard]] virtual std::string logs() const = 0;
  // To which node things happen from now on: the addresses that it holds are at home there.
  [[nodiscard]] unsigned home() const { return home_; }

  // Everything is stopped, and nothing is left on any node.
  void end();

 protected:
  [[nodiscard]] Lab& lab() const { return lab_; }
  unsigned home_ = 1;

 private:
  Lab& lab_;
  std::string name_;
};

// A program of this system; empty: it is not installed.
[[nodiscard]] std::string installed_program(const std::string& name);
[[nodiscard]] std::string first_line(const std::string& text);  // that is not empty

}  // namespace vippy::lab
