// How a VIP gets into the kernel.
//
// Purpose: one word for it in the configuration, the core, the platform and the guard.
// Purity:  values only.
// Source:  docs/adr/0008-plumbing-by-route.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace vippy::core {

enum class Plumb : std::uint8_t {
  address,  // of the interface
  route,    // a local host route over the interface: the kernel answers for it, and keeps no list
};

// The names that the file uses, in the order of the enumerators.
inline constexpr std::array<std::string_view, 2> kPlumbNames = {"address", "route"};

}  // namespace vippy::core
