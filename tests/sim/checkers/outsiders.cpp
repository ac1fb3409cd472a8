// P5: forged and replayed traffic never changes state: the same run without it decides the same.
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

// What of an entry is a decision; empty: nothing.
struct Words {
  std::string operator()(const seen::Address& it) const {
    return fmt::format("{} {} {}", it.machine + 1, it.is_there ? "gets" : "loses",
                       core::format(it.prefix));
  }
  std::string operator()(const seen::Said& it) const {
    if (const auto* moved = std::get_if<core::event::GroupMoved>(&it.event)) {
      return fmt::format("{} says {} to {}: {}", it.machine + 1, moved->group, moved->to,
                         core::name(moved->reason));
    }
    if (const auto* active = std::get_if<core::event::PeerActive>(&it.event)) {
      return fmt::format("{} says {} is active", it.machine + 1, active->node);
    }
    if (const auto* left = std::get_if<core::event::PeerLeft>(&it.event)) {
      return fmt::format("{} says {} left", it.machine + 1, left->node);
    }
    if (const auto* died = std::get_if<core::event::PeerDied>(&it.event)) {
      return fmt::format("{} says {} died", it.machine + 1, died->node);
    }
    if (const auto* silent = std::get_if<core::event::PeerSilent>(&it.event)) {
      return fmt::format("{} says {} is silent", it.machine + 1, silent->node);
    }
    if (const auto* adopted = std::get_if<core::event::ConfigAdopted>(&it.event)) {
      return fmt::format("{} adopts {}", it.machine + 1, adopted->after);
    }
    return "";
  }
  template <typename Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

}  // namespace

void Decisions::see(const Entry& entry) {
  const auto words = std::visit(Words{}, entry.what);
  if (words.empty()) return;
  const auto at = std::chrono::duration<double, std::milli>(entry.at.time_since_epoch()).count();
  made.push_back(fmt::format("{:.6f} {}", at - 1000.0, words));
}

std::string outsiders(const std::vector<std::string>& with,
                      const std::vector<std::string>& without) {
  const auto [one, other] =
      std::mismatch(with.begin(), with.end(), without.begin(), without.end());
  if (one == with.end() && other == without.end()) return "";
  return fmt::format("with outsiders: {}; without: {}", one == with.end() ? "nothing" : *one,
                     other == without.end() ? "nothing" : *other);
}

}  // namespace vippy::sim
