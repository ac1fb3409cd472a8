// Taking over a newer configuration that a peer announces, without its interface names.
//
// Purpose: what the cluster agrees on comes from the peer; where a VIP lies on this host is ours.
// Purity:  values in, value out.
// Errors:  VIPs for which no local interface can be found keep an empty interface name; the caller
//          reports them (VipHasNoInterface) and does not offer itself.
// Source:  docs/protocol.md, "Graduation".
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/config.h"
#include "core/input.h"
#include "core/interfaces.h"

namespace vippy::core {

// `received` with local interface names: a VIP known by its address keeps its interface; a new one
// goes to the interface whose subnet contains it; failing that, where a known VIP of the same
// network is; failing that, to the only interface that VIPs use on this host.
[[nodiscard]] std::shared_ptr<const Shared> localise(const Shared& received, const Shared& known,
                                                     const Interfaces& interfaces);

// Why a received configuration cannot be lived by, nullopt when it can: the same node or the same
// address twice, or (in protocol 1) an announcement of it would not fit into a datagram.
[[nodiscard]] std::optional<std::string> unusable(const Shared& received, Protocol protocol);

// What has to be known to take over contents: copies, for it is done beside the loop.
struct ContentTask {
  std::string text;
  ContentDigest digest = 0;
  std::string from;  // who announces it
  Protocol protocol = Protocol::v2;
  std::shared_ptr<const Shared> known;
  Interfaces interfaces;
};
[[nodiscard]] ContentPrepared prepare(const ContentTask& task);

// Do both say the same to the cluster (everything the hash covers)? Interfaces and prefix lengths
// are not part of it.
[[nodiscard]] bool same_to_cluster(const Shared& left, const Shared& right);

}  // namespace vippy::core
