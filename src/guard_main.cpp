// vippy-guard: sees vippyd die or hang, and leaves on its behalf. Started by vippyd, never by hand.
// What it decides is in guard.h, what it knows is on the board, what it does is in guard_host.h.
#include <cstdio>
#include <memory>
#include <string_view>

#include "guard_board.h"
#include "guard_watch.h"
#include "platform/guard_host.h"

namespace {

using namespace vippy;

constexpr int kUsage = 2;
constexpr int kOtherForm = 3;

}  // namespace

int main(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word == "-V" || word == "--version") {
    std::puts("vippy-guard " VIPPY_VERSION);
    return 0;
  }
  const auto host = platform::make_guard_host();
  if (!host) {
    std::fputs("vippy-guard: vippyd starts this program; there is nothing to do by hand\n", stderr);
    return kUsage;
  }
  const auto fitness = host->prepare(word);
  auto* board = hall::find_board(host->board());
  if (board == nullptr) return kOtherForm;
  host->report(fitness);
  const auto watch = std::make_unique<hall::GuardWatch>(*host, *board);
  bool is_dead = false;
  while (const auto until = watch->turn(is_dead)) is_dead = host->wait(*until);
  return 0;
}
