// How this node, not a VIP, asks a host whether it is there.
//
// Purpose: one question for witnesses and for the MACs of the other nodes.
// Purity:  values in, a value out.
// Errors:  nullopt: no Ethernet interface that is up has the host in its subnet.
// Source:  RFC 5227 section 1.1 (a probe from 0.0.0.0 changes nobody's table, and is answered);
//          RFC 4861 section 7.2.2 (a solicitation from an address of ours).
#pragma once

#include <optional>

#include "core/action.h"
#include "core/interfaces.h"

namespace vippy::core {

// With the host's MAC to it alone, without to everybody.
[[nodiscard]] std::optional<Advertise> question_to(const IpAddress& host, std::optional<Mac> mac,
                                                   const Interfaces& interfaces);

}  // namespace vippy::core
