// From "tell the neighbours" to finished frames.
//
// Purpose: the one place where the core's Advertise meets the packet room.
// Purity:  value in, octets out.
// Bounds:  at most kFramesPerAdvertise frames of kFrameOctetsMax octets.
// Source:  RFC 5227 section 2.3 (request form), RFC 5944 section 4.6 (reply form),
//          RFC 4861 section 7.2.6 (unsolicited advertisement).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/action.h"
#include "core/limits.h"

namespace vippy::hall {

inline constexpr std::size_t kFramesPerAdvertise = 2;

struct Frame {
  std::array<std::uint8_t, core::kFrameOctetsMax> octets{};
  std::size_t size = 0;

  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return std::span(octets).first(size);
  }
};

struct Frames {
  std::array<Frame, kFramesPerAdvertise> frames;
  std::size_t count = 0;

  [[nodiscard]] std::span<const Frame> all() const { return std::span(frames).first(count); }
};

[[nodiscard]] Frames frames_of(const core::Advertise& advertise);

}  // namespace vippy::hall
