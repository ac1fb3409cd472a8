// Which loop this system gets: probed at run time, ranked, forced by a choice.
//
// Purpose: io_uring where the kernel allows it, epoll elsewhere, and the reason in words.
// Errors:  a forced loop that is not available is an error, never a silent other choice.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/linux/loop.h"

namespace vippy::platform {

enum class LoopChoice : std::uint8_t {
  automatic,  // io_uring if it works here, else epoll
  io_uring,
  epoll,
};

// "auto", "io_uring" or "epoll".
[[nodiscard]] std::optional<LoopChoice> parse_loop_choice(std::string_view text);

struct SelectedLoop {
  std::unique_ptr<Loop> loop;  // null: `text` is the error
  std::string text;            // what was taken and why, for the log
  bool is_fallback = false;    // io_uring was wanted and is not there
};

// `environment` is the value of VIPPY_LOOP or null; it counts only when `choice` is automatic.
[[nodiscard]] SelectedLoop select_loop(LoopChoice choice, const char* environment);

}  // namespace vippy::platform
