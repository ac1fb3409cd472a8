#include "perf/keepalived.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <stdexcept>

#include "perf/stalls.h"

namespace vippy::lab {

namespace {

constexpr std::size_t kAnnouncedMax = 20;
constexpr unsigned kHighestPriority = 254;

std::string instance(const std::vector<std::string>& ips, std::size_t number, unsigned rank,
                     const KeepalivedShape& shape) {
  auto out = fmt::format(
      "vrrp_instance vips{0} {{\n"
      "  state BACKUP\n"
      "  interface eth0\n"
      "  virtual_router_id {0}\n"
      "  priority {1}\n"
      "  advert_int {2}\n"
      "  virtual_ipaddress {{\n",
      number, kHighestPriority - 10 * rank, shape.interval);
  for (std::size_t i = 0; i < ips.size(); ++i) {
    if (i == kAnnouncedMax) out += "  }\n  virtual_ipaddress_excluded {\n";
    out += "    " + ips[i] + "/16 dev eth0\n";
  }
  return out + "  }\n}\n";
}

}  // namespace

std::string keepalived_config(const Addresses& addresses, unsigned node, unsigned nodes,
                              const KeepalivedShape& shape) {
  auto out = fmt::format(
      "global_defs {{\n"
      "  vrrp_version 3\n"
      "  vrrp_rt_priority {}\n"
      "  vrrp_rlimit_rttime 10000000\n"
      "  vrrp_no_swap\n"
      "}}\n",
      shape.realtime);
  std::map<unsigned, std::vector<std::string>> at_home;
  for (std::size_t i = 0; i < addresses.ips.size(); ++i) {
    at_home[home_of(addresses, i, 1, nodes)].push_back(addresses.ips[i]);
  }
  std::size_t number = 0;
  for (const auto& [home, ips] : at_home) {
    const auto each_max = std::max<std::size_t>(shape.instances_max / at_home.size(), 1);
    std::vector<std::vector<std::string>> instances(std::min(each_max, ips.size()));
    for (std::size_t i = 0; i < ips.size(); ++i) instances[i % instances.size()].push_back(ips[i]);
    for (const auto& one : instances) {
      out += instance(one, ++number, rank_of(node, home, nodes), shape);
    }
  }
  return out;
}

std::string Keepalived::version() const {
  const auto path = installed_program("keepalived");
  return path.empty() ? "" : first_line(run_program({path, "--version"}).output);
}

std::string Keepalived::setting() const {
  return fmt::format("VRRPv3, advert_int {}, vrrp_rt_priority {}, {}", shape_.interval,
                     shape_.realtime,
                     shape_.instances_max == 1 ? "one instance for all addresses of a node"
                                               : "an instance for each address, 255 at most");
}

std::string Keepalived::lacks(Fault fault) const {
  switch (fault) {
    case Fault::drain:
    case Fault::undrain: return "no drain: priorities are changed in the file instead";
    case Fault::graduation: return "no version that nodes hand on: each file is changed by hand";
    case Fault::reload_moves: return "no preferred node: priorities on all nodes instead";
    default: return {};
  }
}

bool Keepalived::comes_back(Fault fault) const { return fault == Fault::kill_daemon; }

void Keepalived::begin(const Addresses& addresses) {
  clear();
  for (unsigned n = 1; n <= lab().nodes(); ++n) {
    auto& [process, words] = add(n, "keepalived");
    write_file(process->file(".conf"), keepalived_config(addresses, n, lab().nodes(), shape_));
    words = {installed_program("keepalived"), "-n", "-l", "-G", "-P", "-f",
             process->file(".conf"), "-p", process->file(".pid"), "-r",
             process->file("-vrrp.pid")};
  }
}

pid_t Keepalived::vrrp_process(unsigned node) const {
  const auto& parent = first_of(node);
  const auto child = parent.is_running() ? child_of(parent.pid()) : 0;
  if (child <= 0) throw std::runtime_error(parent.name() + " has no VRRP process");
  return child;
}

void Keepalived::kill_daemon(unsigned node) { ::kill(vrrp_process(node), SIGKILL); }
void Keepalived::freeze(unsigned node) { ::kill(vrrp_process(node), SIGSTOP); }
void Keepalived::thaw(unsigned node) { ::kill(vrrp_process(node), SIGCONT); }

void Keepalived::order(unsigned node, Fault fault) {
  if (fault != Fault::reload_stays) return Contender::order(node, fault);
  first_of(node).mark_log();
  first_of(node).reload();
}

void Keepalived::wait_ordered(unsigned node, Fault) {
  first_of(node).wait_log("Reload complete");
}

bool Keepalived::is_settled(unsigned) const {
  return all_said({"Entering BACKUP STATE", "Entering MASTER STATE", "Reload complete"});
}

std::vector<pid_t> Keepalived::processes(unsigned node) const {
  auto out = own_processes(node);
  if (!out.empty()) {
    if (const auto child = child_of(out.front()); child > 0) out.insert(out.begin(), child);
  }
  return out;
}

}  // namespace vippy::lab
