// A set of small numbers, one bit each, as it travels.
//
// Purpose: which groups a node holds or cannot hold, 4,096 of them in 512 octets.
// Purity:  a value; allocates only when its size changes.
// Shape:   bit i is bit 7 - i % 8 of octet i / 8 (the first is the most significant).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/assert.h"

namespace vippy::core {

class BitSet {
 public:
  BitSet() = default;
  explicit BitSet(std::size_t bits) : octets_(octets_for(bits)), bits_(bits) {}

  static constexpr std::size_t octets_for(std::size_t bits) { return (bits + 7) / 8; }

  static BitSet all(std::size_t bits) {
    return from_octets(bits, std::vector<std::uint8_t>(octets_for(bits), 0xffU));
  }

  // Octets from the wire; bits past the end are dropped.
  static BitSet from_octets(std::size_t bits, std::span<const std::uint8_t> octets) {
    VIPPY_ASSERT(octets.size() == octets_for(bits));
    BitSet out(bits);
    std::copy(octets.begin(), octets.end(), out.octets_.begin());
    if (bits % 8 != 0) out.octets_.back() &= static_cast<std::uint8_t>(0xff00U >> (bits % 8));
    return out;
  }

  [[nodiscard]] bool test(std::size_t bit) const {
    return bit < bits_ && (octets_[bit / 8] & mask(bit)) != 0;
  }
  void set(std::size_t bit, bool value = true) {
    VIPPY_ASSERT(bit < bits_);
    if (value) {
      octets_[bit / 8] |= mask(bit);
    } else {
      octets_[bit / 8] &= static_cast<std::uint8_t>(~mask(bit));
    }
  }
  [[nodiscard]] bool any() const {
    return std::any_of(octets_.begin(), octets_.end(), [](auto octet) { return octet != 0; });
  }
  // Joins another set of the same size.
  BitSet& operator|=(const BitSet& other) {
    VIPPY_ASSERT(bits_ == other.bits_);
    for (std::size_t i = 0; i < octets_.size(); ++i) octets_[i] |= other.octets_[i];
    return *this;
  }
  // Calls `visit` with each bit that is set, in their order.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (std::size_t i = 0; i < octets_.size(); ++i) {
      if (octets_[i] == 0) continue;
      for (std::size_t bit = 8 * i; bit < 8 * i + 8; ++bit) {
        if (test(bit)) visit(bit);
      }
    }
  }
  // Adds the bits in which two sets differ. A set of another size than this one is empty.
  void add_difference(const BitSet& left, const BitSet& right) {
    for (std::size_t i = 0; i < octets_.size(); ++i) {
      const unsigned one = left.bits_ == bits_ ? left.octets_[i] : 0U;
      const unsigned other = right.bits_ == bits_ ? right.octets_[i] : 0U;
      octets_[i] |= static_cast<std::uint8_t>(one ^ other);
    }
  }
  void clear() { std::fill(octets_.begin(), octets_.end(), std::uint8_t{0}); }
  [[nodiscard]] std::size_t size() const { return bits_; }
  [[nodiscard]] std::span<const std::uint8_t> octets() const { return octets_; }
  bool operator==(const BitSet&) const = default;

 private:
  static constexpr std::uint8_t mask(std::size_t bit) {
    return static_cast<std::uint8_t>(0x80U >> (bit % 8));
  }

  std::vector<std::uint8_t> octets_;
  std::size_t bits_ = 0;
};

}  // namespace vippy::core
