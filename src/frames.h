// From "tell the neighbours" to a finished frame, and from their frames to what they say.
//
// Purpose: the one place where the core's Advertise and NeighbourSpoke meet the packet room.
// Purity:  value in, octets out, and back.
// Bounds:  kFrameOctetsMax octets.
// Errors:  a frame that says nothing usable is nullopt.
// Source:  RFC 5227 section 2.3 (request form), RFC 5944 section 4.6 (reply form),
//          RFC 4861 section 7.2.6 (unsolicited advertisement).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/action.h"
#include "core/input.h"
#include "core/limits.h"

namespace vippy::hall {

struct Frame {
  std::array<std::uint8_t, core::kFrameOctetsMax> octets{};
  std::size_t size = 0;

  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return std::span(octets).first(size);
  }
};

[[nodiscard]] Frame frame_of(const core::Advertise& advertise);

// What an ARP, NS or NA frame says; interface and time are the caller's to fill in.
[[nodiscard]] std::optional<core::NeighbourSpoke> spoken_by(std::span<const std::uint8_t> frame);

}  // namespace vippy::hall
