// P14: every move has a reason, and it is the one that the world knows.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

using core::MoveReason;

class Reasons final : public Checker {
 public:
  std::string_view name() const override { return "reasons"; }

  void on_entry(const Picture& picture, const Entry& entry) override {
    if (const auto* daemon = std::get_if<seen::Daemon>(&entry.what)) {
      if (daemon->state == DaemonState::off) decided_.erase(daemon->machine);
      return;
    }
    const auto* said = std::get_if<seen::Said>(&entry.what);
    if (said == nullptr) return;
    const auto* moved = std::get_if<core::event::GroupMoved>(&said->event);
    if (moved == nullptr) return;
    const auto wrong = fault(picture, said->machine, *moved, entry.at);
    if (moved->reason != MoveReason::start) decided_.insert(said->machine);
    if (wrong.empty()) return;
    flag(entry.at, fmt::format("{} says that {} moves from {} to {} because \"{}\", but {}",
                               picture.rules().nodes[said->machine], moved->group, moved->from,
                               moved->to, core::name(moved->reason), wrong));
  }

 private:
  static bool is_recent(const Picture& picture, const std::optional<Instant>& at, Instant now) {
    return at && now - *at <= 2 * picture.rules().settle();
  }

  static const std::optional<std::string>* preferred(const MachinePicture& sayer,
                                                     const std::string& group) {
    if (!sayer.shared) return nullptr;
    const auto& groups = sayer.shared->groups;
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const core::Group& each) {
      return each.vips.front().text == group;
    });
    return found == groups.end() ? nullptr : &found->preferred;
  }

  // Why the reason cannot be true; empty when it can.
  std::string fault(const Picture& picture, std::size_t sayer, const core::event::GroupMoved& moved,
                    Instant now) const {
    const auto& machine = picture.machines()[sayer];
    const auto from = picture.index_of(moved.from);
    const auto to = picture.index_of(moved.to);
    const auto reason = moved.reason;
    const auto* prefers = preferred(machine, moved.group);
    const bool is_preferred = prefers != nullptr && *prefers == moved.to;
    if (reason == MoveReason::start) {
      return decided_.contains(sayer) ? "it has decided before" : "";
    }
    if (reason == MoveReason::configuration) {
      return is_recent(picture, machine.configured, now) ? "" : "its configuration is the old one";
    }
    if (reason == MoveReason::nobody_active) return to == kNone ? "" : "there is a new owner";
    if (reason == MoveReason::nobody_had_it) return from == kNone ? "" : "there was an owner";
    if (from == kNone || to == kNone) return "somebody must have it for that";
    if (reason == MoveReason::owner_silent) {
      return is_well_heard(picture, from, sayer, now) ? "that one was heard all the time" : "";
    }
    if (reason == MoveReason::owner_left || reason == MoveReason::owner_died) {
      const auto& owner = picture.machines()[from];
      const bool left = !owner.runs() || !owner.is_active ||
                        is_recent(picture, owner.inactive, now);
      return left ? "" : "that one did not leave";
    }
    if (reason == MoveReason::owner_deaf) {
      const bool was_heard = !may_have_been_silent(picture, sayer, now) &&
                             is_well_heard(picture, sayer, from, now);
      return was_heard ? "that one heard it all the time" : "";
    }
    if (reason == MoveReason::preferred_returned && prefers != nullptr && !is_preferred) {
      return "the preferred node is another";
    }
    if (reason == MoveReason::better_returned && is_preferred) return "that one is preferred";
    return "";
  }

  std::set<std::size_t> decided_;
};

}  // namespace

std::unique_ptr<Checker> reasons() { return std::make_unique<Reasons>(); }

}  // namespace vippy::sim
