// A cluster of real vippyd processes on real kernels, in one process tree.
//
// Purpose: nodes and clients on one switch, each in a network namespace, for tests, the demo and
//          measurements.
// Units:   seconds in configurations; nodes and hosts are numbered from 1.
// Errors:  std::runtime_error, Timeout, Refused (world.h).
// Order:   enter_world() first. Node n has eth0 with 10.77.0.(100+n)/16 and fd77::(100+n)/64, host
//          m has 10.77.0.(200+m)/16 and fd77::(200+m)/64. Daemons are named n1, n2, ...; they are
//          started by the caller and killed with the Lab.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/kernel_view.h"
#include "tests/support/net_space.h"
#include "tests/support/traffic.h"
#include "tests/support/vippyd_process.h"
#include "tests/support/world.h"

namespace vippy::lab {

// Where the nodes of a lab announce.
inline constexpr const char* kChatGroup = "224.1.1.1";
inline constexpr std::uint16_t kChatPort = 5007;

// From the environment variable VIPPY_LOOP; "auto" without it.
[[nodiscard]] std::string loop_of_environment();

struct LabShape {
  unsigned nodes = 2;
  unsigned hosts = 1;
  double interval = 0.05;
  double stale = 0.4;
  double mature = 0.4;
  std::string loop = loop_of_environment();
};

// A group of VIPs on eth0, without and with a preferred node; a VIP on another interface.
[[nodiscard]] Json group(const std::vector<std::string>& ips);
[[nodiscard]] Json group_at(const std::string& preferred, const std::vector<std::string>& ips);
[[nodiscard]] Json vip(const std::string& ip, const std::string& interface = "eth0");

class Lab {
 public:
  explicit Lab(const LabShape& shape = {});

  [[nodiscard]] VippydProcess& node(unsigned n) { return *daemons_.at(n - 1); }
  [[nodiscard]] const NetSpace& space(unsigned n) const { return *nodes_.at(n - 1); }
  [[nodiscard]] std::vector<const NetSpace*> spaces() const;
  [[nodiscard]] const NetSpace& host(unsigned m = 1) const { return *hosts_.at(m - 1); }
  [[nodiscard]] const NetSpace& network() const { return switch_; }
  [[nodiscard]] unsigned nodes() const { return static_cast<unsigned>(nodes_.size()); }

  // The configuration of this lab with these groups: version 1, all nodes, console log.
  [[nodiscard]] Json config(const Json& groups) const;
  // Writes it for each node, starts them all.
  void start(const Json& config);

  // The switch's port of a node: without carrier; with carrier but without any frame; as it was.
  void cut(unsigned n) const;
  void cut_silently(unsigned n) const;
  void mend(unsigned n) const;

  // Takes every address and route of ours off a node but its own addresses.
  void sweep(unsigned n) const;

  // The nodes whose kernel has the address.
  [[nodiscard]] std::vector<unsigned> holders(const std::string& ip) const;
  void wait_held(const std::string& ip, std::vector<unsigned> by) const;
  // Every running daemon says that `owner` ("n1", "_") owns the group.
  void wait_owned(const std::string& group, const std::string& owner) const;
  // A client's neighbour table points at the node's interface.
  void wait_neighbour(const std::string& ip, unsigned n) const;

  [[nodiscard]] Echo echo() const;
  // All logs, for when something went wrong.
  [[nodiscard]] std::string logs() const;

 private:
  void attach(const NetSpace& space, const std::string& port, unsigned number) const;

  LabShape shape_;
  NetSpace switch_;
  std::vector<std::unique_ptr<NetSpace>> nodes_;
  std::vector<std::unique_ptr<NetSpace>> hosts_;
  std::vector<std::unique_ptr<VippydProcess>> daemons_;
};

}  // namespace vippy::lab
