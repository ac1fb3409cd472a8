#include "core/config_shared.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/config_fields.h"
#include "core/limits.h"
#include "core/spelling.h"

namespace vippy::core {

namespace {

constexpr std::string_view kGroupWants =
    "a group: a list of VIPs, [{\"interface\": \"eth0\", \"ip\": \"10.0.0.5/24\"}], optionally "
    "beginning with the name of the preferred node, or a list of such names";
constexpr std::string_view kVipWants = "{\"interface\": \"eth0\", \"ip\": \"10.0.0.5/24\"}";
constexpr std::string_view kIpWants = "an address such as \"10.0.0.5/24\" or \"fd00::5/64\"";
constexpr std::string_view kInterfaceWants = "the name of the interface that carries the VIP";

struct Unfit {
  Prefix network;
  std::string_view why;
};

// What an address is that no VIP can be; empty: it can.
std::string_view unfit(const IpAddress& address) {
  static constexpr std::string_view kLoopback =
      "a loopback address: each host reaches only itself there";
  static const std::array<Unfit, 8> kUnfit = {{
      {*parse_prefix("0.0.0.0/8"), "an address of \"this network\", which no host has"},
      {*parse_prefix("127.0.0.0/8"), kLoopback},
      {*parse_prefix("224.0.0.0/4"), "a multicast address: it is no single host's"},
      {*parse_prefix("255.255.255.255"), "the broadcast address: it is every host's"},
      {*parse_prefix("::"), "the unspecified address, which no host has"},
      {*parse_prefix("::1"), kLoopback},
      {*parse_prefix("::ffff:0:0/96"), "an IPv4 address in the form of IPv6: write it as IPv4"},
      {*parse_prefix("ff00::/8"), "a multicast address: it is no single host's"},
  }};
  const auto* const found = std::find_if(kUnfit.begin(), kUnfit.end(), [&](const Unfit& one) {
    return one.network.contains(address);
  });
  return found == kUnfit.end() ? std::string_view() : found->why;
}

class SharedReader {
 public:
  explicit SharedReader(ProblemLog& log) : log_(log) {}

  Shared read(const JsonNode& root) {
    if (const auto* version = root.find("version")) {
      shared_.version = read_integer(*version, 0, kVersionMax, log_).value_or(0);
    }
    if (const auto* nodes = root.find("nodes")) read_nodes(*nodes);
    if (const auto* vips = root.find("vips")) read_groups(*vips);
    return std::move(shared_);
  }

 private:
  void read_nodes(const JsonNode& list) {
    if (!list.is_array()) return log_.refuse(list, "a list of node names, [\"node1\", \"node2\"]");
    if (list.children.empty()) {
      log_.warning(list, "the list is empty: without nodes nobody owns any VIP; name the nodes");
    }
    if (list.children.size() > kNodesMax) {
      log_.error(list, "found " + std::to_string(list.children.size()) + " nodes, wants at most " +
                           std::to_string(kNodesMax));
    }
    for (const auto& item : list.children) read_node(item);
    has_nodes_ = true;
  }

  // The announcement's hash separates names by these two: other nodes could not tell them apart.
  std::optional<std::string> read_name(const JsonNode& item) {
    auto name = read_text(item, "a node's name", kNodeNameOctetsMax, log_);
    if (!name || name->find_first_of("|,") == std::string::npos) return name;
    log_.refuse(item, "a node's name without | and ,");
    return std::nullopt;
  }

  void read_node(const JsonNode& item) {
    auto name = read_name(item);
    if (!name) return;
    const auto [first, is_new] = nodes_seen_.emplace(item.text, &item);
    if (!is_new) {
      log_.error(item, found(item) + " is already at " + log_.where(*first->second) +
                           "; each node stands once in the list");
      return;
    }
    if (*name == "_") log_.warning(item, "status shows VIPs without an owner under \"_\" too");
    shared_.nodes.push_back(std::move(*name));
  }

  void read_groups(const JsonNode& list) {
    if (!list.is_array())
      return log_.refuse(list, "a list of groups, each " + std::string(kVipWants));
    if (list.children.empty()) log_.warning(list, "the list is empty: there is nothing to juggle");
    if (list.children.size() > kGroupsMax) {
      log_.error(list, "found " + std::to_string(list.children.size()) + " groups, wants at most " +
                           std::to_string(kGroupsMax));
    }
    for (const auto& item : list.children) read_group(item);
    if (vips_seen_.size() > kVipsMax) {
      log_.error(list, "found " + std::to_string(vips_seen_.size()) + " VIPs, wants at most " +
                           std::to_string(kVipsMax));
    }
  }

  void read_group(const JsonNode& list) {
    if (!list.is_array()) return log_.refuse(list, kGroupWants);
    Group group;
    for (const auto& item : list.children) {
      const bool is_first = &item == list.children.data();
      if (item.is_string() && is_first) {
        group.preferred = read_preferred(item);
      } else if (item.is_array() && is_first) {
        read_preferred_list(item, group);
      } else if (item.is_object()) {
        if (auto vip = read_vip(item)) group.vips.push_back(std::move(*vip));
      } else {
        log_.refuse(item, item.is_string() ? "a VIP: only the first member of a group may be a name"
                                           : "a VIP: " + std::string(kVipWants));
      }
    }
    if (list.children.empty() || (list.children.size() == 1 && group.preferred)) {
      log_.error(list, "this group holds no VIP, wants at least one " + std::string(kVipWants) +
                           ", or take the group out");
    }
    sort_members(group);
    shared_.groups.push_back(std::move(group));
  }

  std::optional<std::string> read_preferred(const JsonNode& item) {
    auto name = read_name(item);
    if (name && parse_ip(*name)) {
      log_.refuse(item, "a node's name that is no address, or a VIP {\"interface\", \"ip\"}");
      return std::nullopt;
    }
    if (!name || !has_nodes_ || nodes_seen_.contains(*name)) return name;
    std::string text = found(item) + " is not one of the nodes: nobody is preferred for this group";
    const std::vector<std::string_view> known(shared_.nodes.begin(), shared_.nodes.end());
    const auto near = nearest(*name, known);
    if (!near.empty()) text += "; did you mean \"" + std::string(near) + "\"?";
    log_.warning(item, std::move(text));
    return name;
  }

  void read_preferred_list(const JsonNode& list, Group& group) {
    if (list.children.empty() || list.children.size() > kPreferredMax) {
      return log_.refuse(list, "1 to " + std::to_string(kPreferredMax) +
                                   " names of nodes, the best first");
    }
    for (const auto& item : list.children) {
      auto name = read_preferred(item);
      if (!name) continue;
      auto& next = group.next_preferred;
      const bool is_known = group.preferred == name ||
                            std::find(next.begin(), next.end(), *name) != next.end();
      if (is_known) {
        log_.refuse(item, "each node once");
      } else if (!group.preferred) {
        group.preferred = std::move(*name);
      } else {
        next.push_back(std::move(*name));
      }
    }
  }

  std::optional<Vip> read_vip(const JsonNode& object) {
    static constexpr std::array<std::string_view, 4> kKeys = {"interface", "ip", "state", "plumb"};
    check_keys(object, kKeys, log_);
    const auto* interface = object.find("interface");
    const auto* ip = object.find("ip");
    const auto* state = object.find("state");
    if (interface == nullptr) log_.missing(object, "interface", kInterfaceWants);
    if (ip == nullptr) log_.missing(object, "ip", kIpWants);
    if (interface == nullptr || ip == nullptr) return std::nullopt;
    Vip vip;
    if (state != nullptr) append_compact(vip.state_json.emplace(), *state);
    auto name = read_interface(*interface, log_);
    const bool has_address = read_address(*ip, vip);
    if (!name || !has_address) return std::nullopt;
    vip.interface = std::move(*name);
    if (const auto* plumb = object.find("plumb")) read_plumb(*plumb, vip);
    return vip;
  }

  void read_plumb(const JsonNode& node, Vip& vip) {
    const auto choice = read_choice(node, kPlumbNames, log_);
    if (!choice) return;
    vip.plumb = static_cast<Plumb>(*choice);
    if (vip.plumb == Plumb::route && vip.address.is_v6()) {
      log_.refuse(node, "\"address\" for IPv6: for a route the kernel answers no neighbour "
                        "solicitation");
    }
  }

  bool read_address(const JsonNode& ip, Vip& vip) {
    const auto prefix = ip.is_string() ? parse_prefix(ip.text) : std::nullopt;
    if (!prefix) {
      log_.refuse(ip, kIpWants);
      return false;
    }
    if (const auto why = unfit(prefix->address); !why.empty()) {
      log_.error(ip, found(ip) + " is " + std::string(why) +
                         "; wants an address that one host can have");
      return false;
    }
    const auto [first, is_new] = vips_seen_.emplace(prefix->address, &ip);
    if (!is_new) {
      log_.error(ip, found(ip) + " is already at " + log_.where(*first->second) +
                         "; each address stands once in the file");
      return false;
    }
    warn_of_network_address(ip, *prefix);
    warn_of_link_local(ip, prefix->address);
    vip.address = prefix->address;
    vip.prefix_length = prefix->length;
    vip.text = ip.text.substr(0, ip.text.find('/'));
    return true;
  }

  void warn_of_network_address(const JsonNode& ip, const Prefix& prefix) {
    if (prefix.address.is_v6() || prefix.length > 30) return;
    if (prefix.address == prefix.first() || prefix.address == prefix.last()) {
      log_.warning(ip, found(ip) +
                           " is the network's own or its broadcast address: hosts will not "
                           "answer to it; check the prefix length");
    }
  }

  void warn_of_link_local(const JsonNode& ip, const IpAddress& address) {
    static const auto kLinkLocal = *parse_prefix("fe80::/10");
    if (!kLinkLocal.contains(address)) return;
    log_.warning(ip, found(ip) +
                         " is link-local: only hosts of this segment reach it, and they have to "
                         "name their interface; it is good for a router's address, and hardly for "
                         "a service");
  }

  ProblemLog& log_;
  Shared shared_;
  bool has_nodes_ = false;
  std::unordered_map<std::string_view, const JsonNode*> nodes_seen_;
  std::unordered_map<IpAddress, const JsonNode*, IpAddressHash> vips_seen_;
};

}  // namespace

Shared read_shared(const JsonNode& root, ProblemLog& log) { return SharedReader(log).read(root); }

}  // namespace vippy::core
