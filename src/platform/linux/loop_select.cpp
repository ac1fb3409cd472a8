#include "platform/linux/loop_select.h"

namespace vippy::platform {

std::optional<LoopChoice> parse_loop_choice(std::string_view text) {
  if (text == "auto") return LoopChoice::automatic;
  if (text == "io_uring") return LoopChoice::io_uring;
  if (text == "epoll") return LoopChoice::epoll;
  return std::nullopt;
}

SelectedLoop select_loop(LoopChoice choice, const char* environment) {
  SelectedLoop out;
  std::string why = "asked for";
  if (choice == LoopChoice::automatic && environment != nullptr && *environment != '\0') {
    const auto forced = parse_loop_choice(environment);
    if (!forced) {
      out.text = "VIPPY_LOOP is \"" + std::string(environment) + "\": auto, io_uring or epoll";
      return out;
    }
    choice = *forced;
    why = "VIPPY_LOOP says so";
  }
  std::string cause;
  if (choice != LoopChoice::epoll) {
    out.loop = make_uring_loop(&cause);
    if (out.loop != nullptr) {
      out.text = "io_uring is used: " + (choice == LoopChoice::automatic ? "it works here" : why);
      return out;
    }
    if (choice == LoopChoice::io_uring) {
      out.text = cause;
      return out;
    }
    out.is_fallback = true;
    why = cause;
  }
  out.loop = make_epoll_loop(&cause);
  out.text = out.loop == nullptr ? cause : "epoll is used: " + why;
  return out;
}

}  // namespace vippy::platform
