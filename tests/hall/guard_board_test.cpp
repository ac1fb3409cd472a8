#include "guard_board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace vippy::hall {
namespace {

using Octets = std::vector<std::uint8_t>;

template <std::size_t kMax>
Octets read(const Published<kMax>& published) {
  Octets out(kMax);
  const auto size = published.read(out);
  out.resize(size.value_or(0));
  return out;
}

platform::HeldAddress held(const std::string& text, unsigned index) {
  return {index, *core::parse_prefix(text)};
}

TEST(GuardBoardTest, NothingIsReadBeforeAnythingWasPublished) {
  Published<100> published;
  Octets out(100);
  EXPECT_FALSE(published.read(out));
}

TEST(GuardBoardTest, TheNewestIsReadWhateverItsLength) {
  Published<100> published;
  for (std::size_t size = 0; size <= 100; ++size) {
    Octets octets(size);
    for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(i + size);
    published.publish(octets);
    EXPECT_EQ(read(published), octets);
  }
  published.publish(Octets(101, 7));
  EXPECT_EQ(read(published), Octets(100, 7));
}

TEST(GuardBoardTest, AReaderBesideAWriterNeverSeesAMixture) {
  Published<1'000> published;
  published.publish(Octets(1'000, 1));
  std::atomic<bool> is_over = false;
  std::thread writer([&] {
    for (unsigned i = 2; !is_over; ++i) {
      published.publish(Octets(1 + i % 1'000, static_cast<std::uint8_t>(i)));
    }
  });
  unsigned whole = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (whole < 20'000 && std::chrono::steady_clock::now() < end) {
    const auto octets = read(published);
    if (octets.empty()) continue;
    ++whole;
    ASSERT_EQ(std::count(octets.begin(), octets.end(), octets.front()),
              static_cast<std::ptrdiff_t>(octets.size()));
  }
  is_over = true;
  writer.join();
  EXPECT_GT(whole, 1'000U);
}

TEST(GuardBoardTest, ASlotHoldsAnAddressOrNone) {
  HeldSlot slot;
  EXPECT_FALSE(slot.get());
  for (const auto* text : {"10.1.2.3/24", "0.0.0.0/0", "fd77::9/64", "fd77::9/128"}) {
    slot.put(held(text, 7));
    EXPECT_EQ(slot.get(), held(text, 7));
    slot.clear();
    EXPECT_FALSE(slot.get());
  }
  auto route = held("10.1.2.3/32", 7);
  route.plumb = core::Plumb::route;
  slot.put(route);
  EXPECT_EQ(slot.get(), route);
  slot.clear();
  slot.put(held("10.1.2.3/32", 7));
  EXPECT_NE(slot.get(), route);
}

TEST(GuardBoardTest, ASlotThatChangesIsNeverAMixture) {
  HeldSlot slot;
  const auto one = held("10.98.1.1/24", 3);
  const auto other = held("fd77::9/64", 4);
  std::atomic<bool> is_over = false;
  std::thread writer([&] {
    while (!is_over) {
      slot.put(one);
      slot.clear();
      slot.put(other);
      std::this_thread::yield();  // held while the reader runs, where there is one processor
      slot.clear();
    }
  });
  unsigned seen = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (seen < 20'000 && std::chrono::steady_clock::now() < end) {
    const auto got = slot.get();
    if (!got) continue;
    ++seen;
    ASSERT_TRUE(*got == one || *got == other) << core::format(got->prefix);
  }
  is_over = true;
  writer.join();
  EXPECT_GT(seen, 100U);
}

TEST(GuardBoardTest, OnlyOneLowersAFenceAndARaisedOneIsNotRaised) {
  const auto board = std::make_unique<Board>();
  EXPECT_FALSE(lower_fence(*board));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(raise_fence(*board));
    EXPECT_TRUE(is_fence_up(*board));
    EXPECT_FALSE(raise_fence(*board));
    EXPECT_TRUE(lower_fence(*board));
    EXPECT_FALSE(is_fence_up(*board));
    EXPECT_FALSE(lower_fence(*board));
  }
}

TEST(GuardBoardTest, ABoardOfAnotherFormIsRefused) {
  std::vector<std::uint64_t> memory(sizeof(Board) / 8 + 1);
  const std::span<std::byte> octets{reinterpret_cast<std::byte*>(memory.data()), sizeof(Board)};
  EXPECT_EQ(find_board(octets), nullptr);
  auto* board = make_board(octets);
  ASSERT_NE(board, nullptr);
  EXPECT_EQ(find_board(octets), board);
  EXPECT_EQ(find_board(octets.first(octets.size() - 1)), nullptr);
  board->octets -= 1;
  EXPECT_EQ(find_board(octets), nullptr);
}

}  // namespace
}  // namespace vippy::hall
