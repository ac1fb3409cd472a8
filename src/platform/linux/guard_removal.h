// Taking addresses and local routes away for a daemon that cannot do it any more.
//
// Purpose: which of some addresses are there with our mark; the removal of these and of routes, in
//          batches.
// Bounds:  kRemovalsPerBatch removals a call; no allocation after open().
// Errors:  errno values, 0 = done. An address or interface that is gone already is no failure.
// Order:   open(), find(), then remove_some() until it is complete: secondary addresses first, and
//          promotion around those that may be primary.
// Source:  docs/adr/0003-secondary-addresses.md; rtnetlink(7).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/limits.h"
#include "platform/guard_host.h"
#include "platform/linux/address_messages.h"
#include "platform/linux/descriptor.h"
#include "platform/linux/netlink_decode.h"

namespace vippy::platform {

inline constexpr std::size_t kRemovalsPerBatch = 64;

class GuardRemoval {
 public:
  [[nodiscard]] int open();
  // `held` is sorted. Our routes are taken for present.
  [[nodiscard]] int find(std::span<const HeldAddress> held, bool needs_tag);
  [[nodiscard]] Removed remove_some(std::span<const HeldAddress> held);

 private:
  enum class Finding : std::uint8_t { absent, harmless, primary };
  struct Answers {
    std::size_t done = 0;
    int os_error = 0;
  };
  // Asks for the table of addresses.
  [[nodiscard]] int ask();
  // EAGAIN: the table changed meanwhile.
  [[nodiscard]] int read_dump(std::span<const HeldAddress> held, bool needs_tag);
  void note(const AddressMessage& message, std::span<const HeldAddress> held, bool needs_tag);
  std::size_t choose();
  void write_promotions(std::span<const HeldAddress> held, std::size_t count);
  void append_promotion(InterfaceIndex index, bool is_on);
  [[nodiscard]] Answers read_answers(std::uint32_t first, std::size_t count);
  [[nodiscard]] std::span<std::uint8_t> room() { return std::span(octets_).subspan(used_); }

  // What a batch can need: each removal on an interface of its own, with two promotions.
  static constexpr std::size_t kBatchOctets = 3 * kRemovalsPerBatch * kAddressMessageOctetsMax;
  static constexpr std::size_t kReceiveOctets = 32UL * 1024;

  Descriptor socket_;
  std::uint32_t sequence_ = 0;
  std::vector<Finding> findings_;  // of each held address
  std::size_t cursor_ = 0;
  Finding pass_ = Finding::harmless;
  std::array<std::uint32_t, kRemovalsPerBatch> chosen_{};
  std::array<InterfaceIndex, kRemovalsPerBatch> promoted_{};
  std::size_t promoted_count_ = 0;
  std::array<std::uint8_t, kBatchOctets> octets_{};
  std::size_t used_ = 0;
  std::array<std::uint8_t, kReceiveOctets> received_{};
};

}  // namespace vippy::platform
