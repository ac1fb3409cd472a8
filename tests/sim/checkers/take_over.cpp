// P7: from the loss of an owner to the new owner's first frame, when nothing else is wrong.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

class TakeOverChecker final : public Checker {
 public:
  std::string_view name() const override { return "take_over"; }

  void on_time(const Picture& picture, Instant now) override {
    was_calm_ = picture.is_calm(now) && all_agree(picture);
    for (const auto& due : due_) {
      if (now <= due.deadline) continue;
      flag(due.deadline,
           fmt::format("{} was lost with {}, and nobody has spoken for it since",
                       core::format(due.vip), picture.rules().nodes[due.lost]));
    }
    std::erase_if(due_, [&](const Due& due) { return now > due.deadline; });
  }

  void on_entry(const Picture& picture, const Entry& entry) override {
    if (const auto* spoke = std::get_if<seen::Spoke>(&entry.what)) {
      std::erase_if(due_, [&](const Due& due) {
        if (due.vip != spoke->vip || due.lost == spoke->machine) return false;
        measure({due.cause, entry.at - due.since});
        return true;
      });
    }
    const auto* cause = std::get_if<seen::Cause>(&entry.what);
    if (cause == nullptr) return;
    due_.clear();  // something else is wrong now
    const bool is_loss = cause->kind == CauseKind::kill || cause->kind == CauseKind::freeze;
    if (is_loss && was_calm_) lost(picture, *cause, entry.at);
  }

 private:
  struct Due {
    core::IpAddress vip;
    std::size_t lost = 0;
    CauseKind cause{};
    Instant since{};
    Instant deadline{};
  };

  void lost(const Picture& picture, const seen::Cause& cause, Instant now) {
    const auto machine = cause.machine;
    const auto& machines = picture.machines();
    // What the lost one held and nobody else knows of, nobody can take over.
    std::size_t heir = 0;
    while (heir < machines.size() && (heir == machine || !machines[heir].runs())) ++heir;
    if (heir == machines.size() || !machines[heir].shared) return;
    for (const auto& vip : vips_of(*machines[heir].shared)) {
      if (picture.holders(vip) != std::vector{machine}) continue;
      due_.push_back(
          {vip.address, machine, cause.kind, now, now + picture.rules().take_over()});
    }
  }

  bool was_calm_ = false;
  std::vector<Due> due_;
};

}  // namespace

std::unique_ptr<Checker> take_over() { return std::make_unique<TakeOverChecker>(); }

}  // namespace vippy::sim
