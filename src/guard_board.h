// The board: the memory that the daemon and its guard share. The daemon writes, the guard reads.
//
// Purpose: everything that the guard needs to leave on behalf of a daemon that cannot be asked.
// Purity:  a plain struct of lock-free atomics; who maps it where is the platform's.
// Units:   nanoseconds of the monotonic clock; octets; interface indices.
// Bounds:  one datagram of kDatagramOctetsMax, kRouteTargetsMax targets, kVipsMax held addresses.
// Errors:  a writer that is killed at any point leaves the copy before intact; a reader that a
//          writer overtakes takes the newer copy.
// Order:   an address is put on the board before the kernel is asked for it, and taken off after
//          the kernel has said that it is gone.
// Source:  Boehm, "Can seqlocks get along with programming language memory models?" (MSPC 2012).
// Shape:   `fence`: even: down; odd: raised by the guard. Raising, acknowledging and lowering each
//          add one, by compare and exchange: exactly one of them succeeds.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/limits.h"
#include "platform/guard_host.h"

namespace vippy::hall {

// One for each interface, or one for each peer where announcements are not multicast.
inline constexpr std::size_t kRouteTargetsMax = 256;

// Octets in two copies, of which at most one is being written.
template <std::size_t kOctetsMax>
class Published {
 public:
  void publish(std::span<const std::uint8_t> octets);
  // How many octets were written to the front of `out`; nullopt: nothing whole was found, because
  // nothing was published yet or because the writer is faster than we read.
  [[nodiscard]] std::optional<std::size_t> read(std::span<std::uint8_t> out) const;

 private:
  static constexpr unsigned kAttemptsMax = 16;
  static constexpr std::size_t kWords = (kOctetsMax + 7) / 8;
  struct Copy {
    std::atomic<std::uint64_t> writes = 0;  // odd: one is under way
    std::atomic<std::uint64_t> size = 0;
    std::array<std::atomic<std::uint64_t>, kWords> words{};
  };
  std::array<Copy, 2> copies_{};
  std::atomic<std::uint32_t> newest_ = 0;
};

// A held address; the writer's own list says which slots are free.
class HeldSlot {
 public:
  void put(const platform::HeldAddress& held);
  void clear();
  [[nodiscard]] std::optional<platform::HeldAddress> get() const;

 private:
  std::atomic<std::uint32_t> state_ = 0;  // odd: held; another number after each change
  std::atomic<std::uint32_t> index_ = 0;
  std::array<std::atomic<std::uint64_t>, 2> address_{};
  std::atomic<std::uint32_t> kind_ = 0;  // family, prefix length, how it is plumbed
};

struct Board {
  static constexpr std::uint64_t kMagic = 0x7669707079670004;  // "vippyg", form 4

  std::uint64_t magic = kMagic;
  std::uint64_t octets = sizeof(Board);
  std::atomic<std::int64_t> beat_at = 0;
  std::atomic<std::int64_t> looked_at = 0;  // by the guard
  std::atomic<std::int64_t> stale = 0;
  std::atomic<std::int64_t> kill_after = 0;
  std::atomic<std::int64_t> hand_over = 0;
  std::atomic<std::int32_t> priority = 0;  // SCHED_FIFO; 0: the usual one
  std::atomic<std::uint32_t> has_tags = 0;
  std::atomic<std::uint32_t> is_leaving = 0;
  std::atomic<std::uint64_t> fence = 0;
  std::atomic<std::int64_t> fenced_at = 0;      // when it was raised last
  std::atomic<std::uint32_t> removed = 0;       // by the guard, since it raised the fence
  std::atomic<std::int32_t> removal_error = 0;  // what the system said to the latest removal
  Published<core::kDatagramOctetsMax> will;
  Published<kRouteTargetsMax * sizeof(platform::WillTarget)> route;
  std::atomic<std::uint32_t> held_end = 0;  // no slot from here on was ever used
  std::array<HeldSlot, core::kVipsMax> held;
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

// The board in fresh memory, which is zero already: what is not used stays untouched.
[[nodiscard]] Board* make_board(std::span<std::byte> memory);
// The board in memory that a guard was given; null: it is of another form.
[[nodiscard]] Board* find_board(std::span<std::byte> memory);

// The guard: false when it is up already.
bool raise_fence(Board& board);
// The guard takes it back, the daemon acknowledges: true for the one who was first.
bool lower_fence(Board& board);
[[nodiscard]] bool is_fence_up(const Board& board);

// ---- the templates ----------------------------------------------------------------------------

template <std::size_t kOctetsMax>
void Published<kOctetsMax>::publish(std::span<const std::uint8_t> octets) {
  const auto other = 1 - (newest_.load(std::memory_order_relaxed) & 1U);
  auto& copy = copies_[other];
  const auto writes = copy.writes.load(std::memory_order_relaxed) | 1U;
  // Whoever sees one of the new words sees this number, too: the words are released behind it.
  copy.writes.store(writes, std::memory_order_relaxed);
  const auto size = octets.size() < kOctetsMax ? octets.size() : kOctetsMax;
  copy.size.store(size, std::memory_order_release);
  for (std::size_t at = 0; at < size; at += 8) {
    std::uint64_t word = 0;
    const auto count = size - at < 8 ? size - at : 8;
    for (std::size_t i = 0; i < count; ++i) word |= std::uint64_t{octets[at + i]} << (8 * i);
    copy.words[at / 8].store(word, std::memory_order_release);
  }
  copy.writes.store(writes + 1, std::memory_order_release);
  newest_.store(other, std::memory_order_release);
}

template <std::size_t kOctetsMax>
std::optional<std::size_t> Published<kOctetsMax>::read(std::span<std::uint8_t> out) const {
  for (unsigned attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto& copy = copies_[newest_.load(std::memory_order_acquire) & 1U];
    const auto writes = copy.writes.load(std::memory_order_acquire);
    if (writes == 0) return std::nullopt;
    const auto size = copy.size.load(std::memory_order_acquire);
    if ((writes & 1U) != 0 || size > kOctetsMax || size > out.size()) continue;
    for (std::size_t at = 0; at < size; at += 8) {
      const auto word = copy.words[at / 8].load(std::memory_order_acquire);
      const auto count = size - at < 8 ? size - at : 8;
      for (std::size_t i = 0; i < count; ++i) {
        out[at + i] = static_cast<std::uint8_t>(word >> (8 * i));
      }
    }
    if (copy.writes.load(std::memory_order_relaxed) == writes) return size;
  }
  return std::nullopt;
}

}  // namespace vippy::hall
