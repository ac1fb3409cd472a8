#include "tests/support/lab.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace vippy::lab {

namespace {

constexpr const char* kBridge = "br0";

std::string join(const std::vector<unsigned>& numbers) {
  std::string out;
  for (const auto number : numbers) out += (out.empty() ? "n" : ", n") + std::to_string(number);
  return out.empty() ? "nobody" : out;
}

bool says_owner(const VippydProcess& daemon, const std::string& group, const std::string& owner) {
  const auto status = daemon.status();
  if (!status) return false;
  for (const auto& entry : (*status)["vippy"]["groups"]) {
    if (entry["group"] != group) continue;
    return entry["owner"].is_null() ? owner == "_" : entry["owner"] == owner;
  }
  return false;
}

// As lines of `ip -batch`.
std::string own_addresses(unsigned number) {
  const auto last = std::to_string(number);
  return "addr add 10.77.0." + last + "/16 dev eth0\naddr add fd77::" + last +
         "/64 dev eth0 nodad\n";
}

std::string node_name(unsigned n) { return "n" + std::to_string(n); }

// As `ip link set`, without the time that a program takes to start. The answer is errno.
int link_request(const NetSpace& space, unsigned long request, ifreq& link) {
  int code = 0;
  space.in([&] {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    code = ::ioctl(fd, request, &link) == 0 ? 0 : errno;
    ::close(fd);
  });
  return code;
}

void set_up(const NetSpace& space, const std::string& interface, bool is_up) {
  ifreq link{};
  std::strncpy(link.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  int code = link_request(space, SIOCGIFFLAGS, link);
  constexpr short kUp = IFF_UP;
  link.ifr_flags = static_cast<short>(is_up ? link.ifr_flags | kUp : link.ifr_flags & ~kUp);
  if (code == 0) code = link_request(space, SIOCSIFFLAGS, link);
  if (code != 0) throw std::runtime_error(interface + ": " + std::strerror(code));
}

// Into the bridge or out of it; where it is already there is nothing to do.
void set_port(const NetSpace& space, const std::string& port, unsigned long request) {
  ifreq link{};
  std::strncpy(link.ifr_name, kBridge, IFNAMSIZ - 1);
  link.ifr_ifindex = static_cast<int>(space.index_of(port));
  const int code = link_request(space, request, link);
  if (code != 0 && code != EBUSY && code != EINVAL) {
    throw std::runtime_error(port + " at the bridge: " + std::strerror(code));
  }
}

// A switch carries frames and filters nothing, whatever this machine's bridges do.
void pass_no_filter(const NetSpace& space) {
  for (const std::string tables : {"arptables", "iptables", "ip6tables"}) {
    const auto path = "bridge/bridge-nf-call-" + tables;
    bool is_there = false;
    space.in([&] { is_there = ::access(("/proc/sys/net/" + path).c_str(), W_OK) == 0; });
    if (is_there) space.sysctl(path, "0");
  }
}

}  // namespace

std::string loop_of_environment() {
  const char* const wanted = std::getenv("VIPPY_LOOP");
  return wanted != nullptr ? wanted : "auto";
}

Json vip(const std::string& ip, const std::string& interface) {
  return {{"interface", interface}, {"ip", ip}};
}

Json group(const std::vector<std::string>& ips) {
  auto out = Json::array();
  for (const auto& ip : ips) out.push_back(vip(ip));
  return out;
}

Json group_at(const std::string& preferred, const std::vector<std::string>& ips) {
  auto out = group(ips);
  out.insert(out.begin(), preferred);
  return out;
}

Lab::Lab(const LabShape& shape) : shape_(shape), switch_("switch") {
  pass_no_filter(switch_);
  switch_.ip("link add br0 type bridge mcast_snooping 0\nlink set br0 up");
  for (unsigned n = 1; n <= shape.nodes; ++n) {
    const auto name = node_name(n);
    nodes_.push_back(std::make_unique<NetSpace>(name));
    attach(*nodes_.back(), name, 100 + n);
    daemons_.push_back(std::make_unique<VippydProcess>(*nodes_.back(), name, shape.loop));
  }
  for (unsigned m = 1; m <= shape.hosts; ++m) {
    const auto name = "h" + std::to_string(m);
    hosts_.push_back(std::make_unique<NetSpace>(name));
    attach(*hosts_.back(), name, 200 + m);
  }
}

void Lab::attach(const NetSpace& space, const std::string& port, unsigned number) const {
  switch_.ip("link add " + port + " type veth peer name eth0 netns " + space.path() +
             "\nlink set " + port + " master br0 up");
  space.ip("link set eth0 addrgenmode none\n" + own_addresses(number) + "link set eth0 up");
}

void Lab::sweep(unsigned n) const {
  space(n).ip("addr flush dev eth0\nroute flush table local proto 181\n" +
              own_addresses(100 + n));
}

Json Lab::config(const Json& groups) const {
  Json nodes = Json::array();
  for (const auto& node : nodes_) nodes.push_back(node->name());
  return {{"chat", std::string(kChatGroup) + ":" + std::to_string(kChatPort)},
          {"chat_interface", "eth0"},
          {"secret", "lab"},
          {"version", 1},
          {"vips", groups},
          {"nodes", nodes},
          {"interval", shape_.interval},
          {"mature", shape_.mature},
          {"stale", shape_.stale},
          {"notify", {"arp-cache"}},
          {"logging", {{"driver", "console"}}}};
}

void Lab::start(const Json& config) {
  for (auto& daemon : daemons_) {
    daemon->write_config(config);
    daemon->start();
  }
}

void Lab::cut(unsigned n) const { set_up(switch_, node_name(n), false); }

void Lab::cut_silently(unsigned n) const { set_port(switch_, node_name(n), SIOCBRDELIF); }

void Lab::mend(unsigned n) const {
  set_port(switch_, node_name(n), SIOCBRADDIF);
  set_up(switch_, node_name(n), true);
}

std::vector<unsigned> Lab::holders(const std::string& ip) const {
  std::vector<unsigned> out;
  for (unsigned n = 1; n <= nodes(); ++n) {
    if (has_address(space(n), ip)) out.push_back(n);
  }
  return out;
}

void Lab::wait_held(const std::string& ip, std::vector<unsigned> by) const {
  wait_until(ip + " is on " + join(by), [&] { return holders(ip) == by; });
}

void Lab::wait_owned(const std::string& group, const std::string& owner) const {
  wait_until("all say that " + group + " is owned by " + owner, [&] {
    return std::all_of(daemons_.begin(), daemons_.end(), [&](const auto& daemon) {
      return !daemon->is_running() || says_owner(*daemon, group, owner);
    });
  });
}

void Lab::wait_neighbour(const std::string& ip, unsigned n) const {
  const auto mac = mac_of(space(n), "eth0");
  wait_until("the client sends " + ip + " to n" + std::to_string(n),
             [&] { return neighbour(host(), ip) == mac; });
}

std::vector<const NetSpace*> Lab::spaces() const {
  std::vector<const NetSpace*> out;
  for (const auto& node : nodes_) out.push_back(node.get());
  return out;
}

Echo Lab::echo() const { return Echo(spaces()); }

std::string Lab::logs() const {
  std::string out;
  for (const auto& daemon : daemons_) out += "---- " + daemon->name() + "\n" + daemon->log();
  return out;
}

}  // namespace vippy::lab
