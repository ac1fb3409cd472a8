// Bounded big-endian reading and writing of octets.
//
// Purpose: codecs that cannot run past an end: reading too far answers zeros and stays failed,
//          writing too far is our own bug.
// Purity:  spans of the caller; no allocation.
// Units:   octets; network order.
// Errors:  Reader::failed() once anything was read past the end, for good. Writer asserts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/assert.h"

namespace vippy::core {

class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  template <typename Number>
  [[nodiscard]] Number number() {
    std::uint64_t value = 0;
    for (const auto octet : take(sizeof(Number))) value = value << 8U | octet;
    return static_cast<Number>(value);
  }
  // The next `count` octets; an empty span when there are fewer.
  [[nodiscard]] std::span<const std::uint8_t> take(std::size_t count) {
    if (failed_ || rest_.size() < count) {
      failed_ = true;
      return {};
    }
    const auto out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return out;
  }
  [[nodiscard]] std::span<const std::uint8_t> rest() { return take(rest_.size()); }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::span<const std::uint8_t> rest_;
  bool failed_ = false;
};

class Writer {
 public:
  explicit Writer(std::span<std::uint8_t> out) : out_(out) {}

  template <typename Number>
  void number(Number value) {
    const auto at = room(sizeof(Number));
    auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = sizeof(Number); i-- > 0; bits >>= 8U) {
      at[i] = static_cast<std::uint8_t>(bits);
    }
  }
  void octets(std::span<const std::uint8_t> from) {
    std::copy(from.begin(), from.end(), room(from.size()).begin());
  }
  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] std::span<const std::uint8_t> written() const { return out_.first(used_); }

 private:
  std::span<std::uint8_t> room(std::size_t count) {
    VIPPY_ASSERT(out_.size() - used_ >= count);
    const auto at = out_.subspan(used_, count);
    used_ += count;
    return at;
  }

  std::span<std::uint8_t> out_;
  std::size_t used_ = 0;
};

}  // namespace vippy::core
