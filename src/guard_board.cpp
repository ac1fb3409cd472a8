#include "guard_board.h"

#include <cstring>

namespace vippy::hall {

namespace {

constexpr std::uint32_t kIsV6 = 0x100;
constexpr std::uint32_t kIsRoute = 0x200;

}  // namespace

// Each part is released behind the state that clear() stored: whoever sees it sees that, too.
void HeldSlot::put(const platform::HeldAddress& held) {
  index_.store(held.index, std::memory_order_release);
  const auto octets = held.prefix.address.octets();
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), octets.data(), octets.size());
  address_[0].store(words[0], std::memory_order_release);
  address_[1].store(words[1], std::memory_order_release);
  const auto plumb = held.plumb == core::Plumb::route ? kIsRoute : 0U;
  kind_.store((held.prefix.address.is_v6() ? kIsV6 : 0U) | plumb | held.prefix.length,
              std::memory_order_release);
  state_.store(state_.load(std::memory_order_relaxed) | 1U, std::memory_order_release);
}

void HeldSlot::clear() {
  state_.store((state_.load(std::memory_order_relaxed) | 1U) + 1, std::memory_order_relaxed);
}

std::optional<platform::HeldAddress> HeldSlot::get() const {
  const auto state = state_.load(std::memory_order_acquire);
  if ((state & 1U) == 0) return std::nullopt;
  platform::HeldAddress out;
  out.index = index_.load(std::memory_order_acquire);
  std::array<std::uint64_t, 2> words{address_[0].load(std::memory_order_acquire),
                                     address_[1].load(std::memory_order_acquire)};
  const auto kind = kind_.load(std::memory_order_acquire);
  if (state_.load(std::memory_order_relaxed) != state) return std::nullopt;
  std::array<std::uint8_t, 16> octets{};
  std::memcpy(octets.data(), words.data(), octets.size());
  const std::size_t size = (kind & kIsV6) != 0 ? 16 : 4;
  out.prefix.address = *core::IpAddress::from_octets(std::span(octets).first(size));
  out.prefix.length = static_cast<std::uint8_t>(kind);
  out.plumb = (kind & kIsRoute) != 0 ? core::Plumb::route : core::Plumb::address;
  return out;
}

Board* make_board(std::span<std::byte> memory) {
  if (memory.size() < sizeof(Board)) return nullptr;
  auto* board = reinterpret_cast<Board*>(memory.data());
  board->magic = Board::kMagic;
  board->octets = sizeof(Board);
  return board;
}

Board* find_board(std::span<std::byte> memory) {
  if (memory.size() < sizeof(Board)) return nullptr;
  auto* board = reinterpret_cast<Board*>(memory.data());
  return board->magic == Board::kMagic && board->octets == sizeof(Board) ? board : nullptr;
}

bool raise_fence(Board& board) {
  auto fence = board.fence.load();
  return (fence & 1U) == 0 && board.fence.compare_exchange_strong(fence, fence + 1);
}

bool lower_fence(Board& board) {
  auto fence = board.fence.load();
  return (fence & 1U) != 0 && board.fence.compare_exchange_strong(fence, fence + 1);
}

bool is_fence_up(const Board& board) { return (board.fence.load() & 1U) != 0; }

}  // namespace vippy::hall
