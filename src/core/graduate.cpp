#include "core/graduate.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "core/limits.h"
#include "core/shared_json.h"
#include "core/wire1.h"

namespace vippy::core {

namespace {

class Localiser {
 public:
  Localiser(const Shared& known, const Interfaces& interfaces) : interfaces_(interfaces) {
    for (const auto& group : known.groups) {
      for (const auto& vip : group.vips) {
        if (vip.interface.empty()) continue;
        known_[vip.address] = &vip;
        names_.insert(vip.interface);
      }
    }
  }

  // What is said of a VIP on this host only.
  void place(Vip& vip) const {
    vip.interface = interface_for(vip);
    if (const auto found = known_.find(vip.address); found != known_.end()) {
      vip.plumb = found->second->plumb;
    }
  }

 private:
  [[nodiscard]] std::string interface_for(const Vip& vip) const {
    if (const auto found = known_.find(vip.address); found != known_.end()) {
      return found->second->interface;
    }
    if (const auto* interface = interfaces_.carrying(vip.address)) return interface->name;
    for (const auto& [address, other] : known_) {
      if (other->prefix().length < address.bits() && other->prefix().contains(vip.address)) {
        return other->interface;
      }
    }
    return names_.size() == 1 ? *names_.begin() : std::string();
  }

  const Interfaces& interfaces_;
  std::map<IpAddress, const Vip*> known_;
  std::set<std::string> names_;
};

// The hash covers names joined by separators: with one inside, whoever replays an announcement
// could pass off other lists under the hash of the genuine ones.
bool is_ambiguous(std::string_view name, char separator) {
  return name.empty() || std::any_of(name.begin(), name.end(), [&](char c) {
    return c == separator || static_cast<unsigned char>(c) < 0x20;
  });
}

bool same_group(const Group& left, const Group& right) {
  return left.preferred == right.preferred &&
         std::equal(left.vips.begin(), left.vips.end(), right.vips.begin(), right.vips.end(),
                    [](const Vip& one, const Vip& other) { return one.text == other.text; });
}

}  // namespace

std::shared_ptr<const Shared> localise(const Shared& received, const Shared& known,
                                       const Interfaces& interfaces) {
  const Localiser localiser(known, interfaces);
  auto out = std::make_shared<Shared>(received);
  for (auto& group : out->groups) {
    for (auto& vip : group.vips) localiser.place(vip);
  }
  return out;
}

std::optional<std::string> unusable(const Shared& received, Protocol protocol) {
  std::set<std::string> nodes;
  for (const auto& node : received.nodes) {
    if (!nodes.insert(node).second) return "node " + node + " is named twice";
    if (is_ambiguous(node, '|')) return "node \"" + node + "\" cannot be told from others";
  }
  std::set<IpAddress> addresses;
  for (const auto& group : received.groups) {
    const auto& preferred = group.preferred;
    if (preferred && (is_ambiguous(*preferred, ',') || parse_ip(*preferred))) {
      return "preferred node \"" + *preferred + "\" cannot be told from others";
    }
    for (const auto& vip : group.vips) {
      if (!addresses.insert(vip.address).second) return "address " + vip.text + " is named twice";
    }
  }
  if (!speaks_1(protocol)) return std::nullopt;
  const std::string longest(kNodeNameOctetsMax, 'n');
  if (announcement_octets(received, longest) > kDatagramOctetsMax) {
    return "its announcement does not fit into a datagram";
  }
  return std::nullopt;
}

ContentPrepared prepare(const ContentTask& task) {
  ContentPrepared out{task.digest, task.from, std::nullopt, std::nullopt, task.known};
  const auto received = parse_shared(task.text);
  if (!received) return out;
  out.unusable = unusable(*received, task.protocol);
  out.prepared = prepare(localise(*received, *task.known, task.interfaces));
  return out;
}

bool same_to_cluster(const Shared& left, const Shared& right) {
  return left.version == right.version && left.nodes == right.nodes &&
         std::equal(left.groups.begin(), left.groups.end(), right.groups.begin(),
                    right.groups.end(), same_group);
}

}  // namespace vippy::core
