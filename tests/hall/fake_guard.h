// A guard that does nothing, for the daemon's end of it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "guard_board.h"
#include "guard_link.h"

namespace vippy::hall {

struct GuardState {
  int program_error = 0;
  std::optional<platform::Fitness> fitness;
  bool stands_still = false;
};

// A guard that does nothing, and the board that it would look at.
class FakeGuard final : public platform::GuardProcess {
 public:
  FakeGuard(std::span<std::byte> board, const GuardState& state) : board_(board), state_(state) {}
  std::span<std::byte> board() override { return board_; }
  int board_error() const override { return 0; }
  int find_program(const std::string&) override { return state_.program_error; }
  int start(const std::string&) override { return 0; }
  Word listen() override {
    auto* board = find_board(board_);
    if (!state_.stands_still && board != nullptr) ++board->looked_at;
    return {false, state_.fitness};
  }
  void poke() const override {}
  bool is_running() const override { return true; }
  int process() const override { return 1; }

 private:
  std::span<std::byte> board_;
  const GuardState& state_;
};

}  // namespace vippy::hall
