// What is risky about a configuration on this very host.
//
// Purpose: warnings that the text alone cannot give: they need the file's mode, this node's name
//          and the local interfaces, which the hall hands in as facts; and settings that are
//          allowed, but together mean what hardly anybody wants.
// Purity:  facts in, warnings out.
// Bounds:  VIPs x interfaces; meant for start and reload, not for every event.
// Errors:  none: every problem is a warning, without line and column.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/ip.h"

namespace vippy::core {

struct FileFacts {
  std::string path;
  std::uint32_t mode = 0600;          // permission bits
  bool is_owned_by_stranger = false;  // neither by root nor by whom vippyd runs as
};

struct LocalInterface {
  std::string name;
  std::vector<Prefix> prefixes;
  bool is_loopback = false;
};

struct HostFacts {
  std::string node;                                       // what this node is called
  std::optional<FileFacts> file;                          // absent: not from a file
  std::optional<std::vector<LocalInterface>> interfaces;  // absent: not known
  bool has_management_folder = true;  // where the socket is to be
  bool is_serving = false;  // VIPs may be on the interfaces since this node put them there
};

[[nodiscard]] std::vector<ConfigProblem> check_config(const Config& config, const HostFacts& facts);

}  // namespace vippy::core
