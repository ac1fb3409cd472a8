// VIPs as JSON objects, normalised as the reference has them.
//
// Purpose: one text for announcements and status: {"ip":...,"netmask":...,"broadcast":...,
//          "network":...,"name":...,"state":...} for IPv4,
//          {"ip":...,"prefixlen":"64","name":...,"state":...} for IPv6; `state` is there when
//          the configuration has it.
// Purity:  values in, text out, without spaces.
// Errors:  none. `state_json` is handed on as it came; config_json.cpp sees to it that it is JSON.
// Source:  the reference's status and announcements (tests/golden/vippy1).
#pragma once

#include <string>
#include <vector>

#include "core/config.h"

namespace vippy::core {

void append_vip(std::string& out, const Vip& vip);

// [["preferred",{vip},...],[{vip}]]
void append_group(std::string& out, const Group& group);
void append_groups(std::string& out, const std::vector<Group>& groups);

}  // namespace vippy::core
