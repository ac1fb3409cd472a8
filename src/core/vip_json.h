// VIPs and groups as the JSON objects that announcements and status carry.
//
// Purpose: one writer for the normalised form of a VIP.
// Purity:  appends to a string that the caller owns.
// Source:  docs/protocol.md, "Protocol 1: vips".
// Shape:   IPv4: {"ip","netmask","broadcast","network","name"[,"state"]}
//          IPv6: {"ip","prefixlen","name"[,"state"]}, prefixlen being a string
//          group: [preferred name,] VIP objects
#pragma once

#include <string>
#include <vector>

#include "core/config.h"

namespace vippy::core {

void append_vip(std::string& out, const Vip& vip);
void append_group(std::string& out, const Group& group);
void append_groups(std::string& out, const std::vector<Group>& groups);

}  // namespace vippy::core
