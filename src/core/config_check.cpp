#include "core/config_check.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <utility>

#include "core/spelling.h"

namespace vippy::core {

namespace {

using Interfaces = std::vector<LocalInterface>;
using Vips = std::set<IpAddress>;

void warn(std::vector<ConfigProblem>& problems, std::string path, std::string text) {
  problems.push_back({Severity::warning, 0, 0, std::move(path), std::move(text)});
}

void check_file(const FileFacts& file, std::vector<ConfigProblem>& problems) {
  if ((file.mode & 0044U) != 0) {
    warn(problems, "secret",
         "others can read " + file.path +
             " and with it the secret: "
             "`chmod 600 " +
             file.path + "`");
  }
  if ((file.mode & 0022U) != 0) {
    warn(problems, "", "others can write " + file.path + ": `chmod 600 " + file.path + "`");
  }
  if (file.is_owned_by_stranger) {
    warn(
        problems, "",
        file.path + " belongs to somebody else, who can change it: `chown root " + file.path + "`");
  }
}

void check_node(const Config& config, const std::string& node,
                std::vector<ConfigProblem>& problems) {
  const auto& nodes = config.shared->nodes;
  if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return;
  std::string text = "\"" + node +
                     "\", the name of this node, is not among them: it will own "
                     "nothing; add it, or start vippyd with -n and the right name";
  const std::vector<std::string_view> known(nodes.begin(), nodes.end());
  const auto near = nearest(node, known);
  if (!near.empty()) text += "; did you mean \"" + std::string(near) + "\"?";
  warn(problems, "nodes", std::move(text));
}

// Each is allowed, and hardly what is meant.
void check_meaning(const Config& config, std::vector<ConfigProblem>& problems) {
  if (config.secret.starts_with("replace me")) {
    warn(problems, "secret", "still the example's, which everybody knows: write one of your own");
  }
  const auto nodes = config.shared->nodes.size();
  if (config.quorum == Quorum::majority && nodes == 2 && config.witness.empty()) {
    warn(problems, "quorum",
         "one of two nodes is no majority: when either dies nobody owns anything; name a witness, "
         "add a node or leave quorum out");
  }
  if (config.isolation == Isolation::release && config.witness.empty()) {
    warn(problems, "isolation",
         "without a witness the last node that lives steps back, and nobody owns anything; name "
         "a witness, or hold");
  }
  if (config.stale < std::chrono::milliseconds(5) && config.realtime == 0) {
    warn(problems, "stale",
         "below 5 ms a busy host is taken for a dead one: set realtime, or a longer stale");
  }
}

const LocalInterface* find(const Interfaces& interfaces, std::string_view name) {
  const auto found = std::find_if(interfaces.begin(), interfaces.end(),
                                  [&](const auto& one) { return one.name == name; });
  return found == interfaces.end() ? nullptr : &*found;
}

std::string unknown_interface(const Interfaces& interfaces, const std::string& name) {
  std::vector<std::string_view> known;
  for (const auto& one : interfaces) known.push_back(one.name);
  const auto near = nearest(name, known);
  return "this host has no interface \"" + name + "\"" +
         (near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?");
}

bool has_subnet(const LocalInterface& interface, const Prefix& wanted) {
  return std::any_of(interface.prefixes.begin(), interface.prefixes.end(), [&](const auto& own) {
    return own.length <= wanted.length && own.contains(wanted.address);
  });
}

// Is the VIP the interface's own address? One that we set has just the VIP's prefix length, and the
// interface has another address in its subnet that is no VIP. A VIP that is alone in its subnet by
// its prefix length cannot be told from the host's own.
bool is_hosts_own(const Vip& vip, const LocalInterface& interface, const Vips& vips) {
  bool is_there = false;
  bool has_other = vip.prefix_length >= vip.address.bits();
  for (const auto& own : interface.prefixes) {
    const bool is_vip = vips.contains(own.address);
    if (own.address == vip.address && own.length != vip.prefix_length) return true;
    is_there = is_there || own.address == vip.address;
    has_other = has_other || (!is_vip && vip.prefix().contains(own.address));
  }
  return is_there && !has_other;
}

// What a node does that cannot carry a VIP.
std::string_view without(Protocol protocol) {
  return speaks_1(protocol) ? ", and would offer itself for nothing while others are active"
                            : ": it refuses the group that needs it, and serves the others";
}

void check_vip(const Vip& vip, Protocol protocol, const HostFacts& facts, const Vips& vips,
               std::vector<ConfigProblem>& problems) {
  const auto& interfaces = *facts.interfaces;
  if (vip.interface.empty()) return;  // the reader has said so
  const auto* interface = find(interfaces, vip.interface);
  if (interface == nullptr) {
    warn(problems, "vips",
         vip.text + ": " + unknown_interface(interfaces, vip.interface) +
             "; this node cannot carry it" + std::string(without(protocol)));
  } else if (vip.prefix_length < vip.address.bits() && !has_subnet(*interface, vip.prefix())) {
    warn(problems, "vips",
         vip.text + ": " + vip.interface + " has no address in " +
             format(Prefix{vip.prefix().first(), vip.prefix_length}) +
             "; give it one, mend the prefix length or name another interface");
  } else if (!facts.is_serving && is_hosts_own(vip, *interface, vips)) {
    warn(problems, "vips",
         vip.text + ": is " + vip.interface + "'s own address, as it seems: it stays on this host "
             "whoever owns it; choose one that no host has");
  }
}

bool is_own(const IpAddress& address, const Interfaces& interfaces) {
  return std::any_of(interfaces.begin(), interfaces.end(), [&](const auto& one) {
    return std::any_of(one.prefixes.begin(), one.prefixes.end(),
                       [&](const Prefix& own) { return own.address == address; });
  });
}

// ARP and NDP do not pass routers.
void check_witness(const IpAddress& witness, const Interfaces& interfaces,
                   std::vector<ConfigProblem>& problems) {
  if (is_own(witness, interfaces)) {
    return warn(problems, "witness",
                format(witness) + " is an address of this host, which cannot tell whether it is "
                                  "cut off: name another host, as a router");
  }
  const bool is_near = std::any_of(interfaces.begin(), interfaces.end(), [&](const auto& one) {
    return !one.is_loopback &&
           std::any_of(one.prefixes.begin(), one.prefixes.end(), [&](const Prefix& own) {
             return own.length < own.address.bits() && own.contains(witness);
           });
  });
  if (is_near) return;
  warn(problems, "witness",
       format(witness) + " is in no network of this host's interfaces: it can never answer; name "
                         "a host on the segment");
}

// Announcements go to those that are listed and to nobody else.
void check_peers(const Config& config, const HostFacts& facts,
                 std::vector<ConfigProblem>& problems) {
  if (config.peers.empty()) return;
  const auto& nodes = config.shared->nodes;
  const bool is_node = std::find(nodes.begin(), nodes.end(), facts.node) != nodes.end();
  const auto wanted = nodes.size() - (is_node ? 1 : 0);
  const auto listed = static_cast<std::size_t>(
      std::count_if(config.peers.begin(), config.peers.end(), [&](const IpAddress& peer) {
        return !is_own(peer, *facts.interfaces);
      }));
  if (listed >= wanted) return;
  warn(problems, "peers",
       "found " + std::to_string(listed) + " addresses of other hosts, wants " +
           std::to_string(wanted) +
           " or more: a node that is left out does not hear this one, and takes what it has");
}

// `wanted` is a name or an address of it.
const LocalInterface* chat_interface(const std::string& wanted, const Interfaces& interfaces) {
  if (const auto* named = find(interfaces, wanted)) return named;
  const auto address = parse_ip(wanted);
  const auto found = std::find_if(interfaces.begin(), interfaces.end(), [&](const auto& one) {
    return address && std::any_of(one.prefixes.begin(), one.prefixes.end(),
                                  [&](const Prefix& own) { return own.address == *address; });
  });
  return found == interfaces.end() ? nullptr : &*found;
}

// No error: what is missing may come, and a node that waits for it can say so in its status.
void check_chat_interface(const std::string& wanted, const Interfaces& interfaces, bool is_alone,
                          std::vector<ConfigProblem>& problems) {
  if (wanted == "all") return;
  const std::string result =
      is_alone ? "" : "; over it this node hears no other one, and with no other chat_interface "
                      "it takes no address";
  const auto* found = chat_interface(wanted, interfaces);
  if (found == nullptr) {
    warn(problems, "chat_interface",
         (parse_ip(wanted)
              ? wanted + " is no address of this host; write one that is, a name, or \"all\""
              : unknown_interface(interfaces, wanted)) +
             result);
  } else if (found->is_loopback && !is_alone) {
    warn(problems, "chat_interface",
         wanted + " is loopback, which no other host is on; name the interface of the segment" +
             result);
  }
}

}  // namespace

std::vector<ConfigProblem> check_config(const Config& config, const HostFacts& facts) {
  std::vector<ConfigProblem> problems;
  if (facts.file) check_file(*facts.file, problems);
  check_node(config, facts.node, problems);
  check_meaning(config, problems);
  if (!facts.has_management_folder) {
    warn(problems, "management",
         "the folder of " + config.management + " is not there, and without it vippyd does not "
             "start: make it, or name another place");
  }
  if (!facts.interfaces) return problems;
  for (const auto& path : config.chat_interfaces) {
    check_chat_interface(path, *facts.interfaces, config.shared->nodes.size() < 2, problems);
  }
  for (const auto& witness : config.witness) {
    check_witness(witness, *facts.interfaces, problems);
  }
  check_peers(config, facts, problems);
  Vips vips;
  for (const auto& group : config.shared->groups) {
    for (const auto& vip : group.vips) vips.insert(vip.address);
  }
  for (const auto& group : config.shared->groups) {
    for (const auto& vip : group.vips) check_vip(vip, config.protocol, facts, vips, problems);
  }
  for (const auto& entry : config.notify) {
    if (!entry.network || find(*facts.interfaces, entry.network->interface) != nullptr) continue;
    warn(problems, "notify",
         unknown_interface(*facts.interfaces, entry.network->interface) + "; nobody in " +
             format(entry.network->network) + " will be told");
  }
  return problems;
}

}  // namespace vippy::core
