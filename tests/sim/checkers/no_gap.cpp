// P8: in a planned move over a healthy network somebody holds the address at every instant, and
// every neighbour sends to one who does.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

bool is_planned(CauseKind kind) {
  return kind == CauseKind::start || kind == CauseKind::stop || kind == CauseKind::drain ||
         kind == CauseKind::reload || kind == CauseKind::file;
}

class NoGap final : public Checker {
 public:
  std::string_view name() const override { return "no_gap"; }
  bool applies(const Rules& rules) const override { return rules.speaks_2(); }

  void on_time(const Picture& picture, Instant now) override {
    was_calm_ = picture.is_calm(now) && all_agree(picture);
    if (now > until_) watched_.clear();
  }

  void on_entry(const Picture& picture, const Entry& entry) override {
    if (const auto* cause = std::get_if<seen::Cause>(&entry.what)) {
      on_cause(picture, *cause, entry.at);
    } else if (std::holds_alternative<seen::Trouble>(entry.what)) {
      watched_.clear();
    } else if (const auto* file = std::get_if<seen::File>(&entry.what)) {
      const auto vips = vips_of(*file->shared);
      if (!newest_ || newest_->version <= file->shared->version) newest_ = file->shared;
      std::erase_if(watched_, [&](const core::Prefix& vip) {
        return std::find(vips.begin(), vips.end(), vip) == vips.end();
      });
    } else if (std::holds_alternative<seen::Address>(entry.what) ||
               std::holds_alternative<seen::Cached>(entry.what) ||
               std::holds_alternative<seen::Daemon>(entry.what)) {
      look(picture, entry.at);
    }
  }

 private:
  void on_cause(const Picture& picture, const seen::Cause& cause, Instant now) {
    if (!is_planned(cause.kind) || (watched_.empty() && !was_calm_)) {
      watched_.clear();
      return;
    }
    until_ = now + picture.rules().settle();
    if (watched_.empty()) {
      stopping_.clear();
      for (const auto& machine : picture.machines()) {
        if (!machine.runs()) continue;
        for (const auto& [prefix, is_ours] : machine.addresses) {
          if (is_ours && stays(picture, machine, prefix)) watched_.insert(prefix);
        }
      }
      // Who was told otherwise before the move, by one that is gone, is not its victim.
      misled_.clear();
      for (const auto& [entry, machine] : picture.caches()) {
        if (machine == kNone || !picture.holds(machine, entry.second)) misled_.insert(entry);
      }
    }
    const bool leaves = cause.kind == CauseKind::stop || cause.kind == CauseKind::drain;
    if (leaves) stopping_.insert(cause.machine);
    bool somebody_stays = false;
    for (std::size_t i = 0; i < picture.machines().size(); ++i) {
      const auto& machine = picture.machines()[i];
      somebody_stays = somebody_stays || (machine.runs() && !stopping_.contains(i) &&
                                          now - machine.started > picture.rules().settle());
    }
    if (!somebody_stays) watched_.clear();
  }

  // What the newest file leaves out may go, and what any other does that is newer than what runs:
  // a machine that starts may bring it.
  bool stays(const Picture& picture, const MachinePicture& holder, const core::Prefix& vip) const {
    const auto has = [&](const core::Shared& shared) {
      const auto vips = vips_of(shared);
      return std::find(vips.begin(), vips.end(), vip) != vips.end();
    };
    return newest_ && has(*newest_) &&
           std::all_of(picture.machines().begin(), picture.machines().end(),
                       [&](const MachinePicture& machine) {
                         return !machine.file || machine.file->version <= holder.version ||
                                has(*machine.file);
                       });
  }

  void look(const Picture& picture, Instant now) {
    for (auto at = watched_.begin(); at != watched_.end();) {
      const auto vip = *at;
      const auto holders = picture.holders(vip);
      std::string wrong;
      if (holders.empty()) wrong = fmt::format("nobody has {}", core::format(vip));
      for (const auto& [entry, machine] : picture.caches()) {
        if (entry.second != vip.address || !wrong.empty() || misled_.contains(entry)) continue;
        if (std::find(holders.begin(), holders.end(), machine) != holders.end()) continue;
        wrong = fmt::format("host {} sends what is for {} to {}, which does not have it",
                            entry.first + 1, core::format(vip.address),
                            machine == kNone ? "nobody" : picture.rules().nodes[machine]);
      }
      if (!wrong.empty()) flag(now, wrong + ", in a planned move");
      at = wrong.empty() ? std::next(at) : watched_.erase(at);
    }
  }

  bool was_calm_ = false;
  std::shared_ptr<const core::Shared> newest_;
  Instant until_{};
  std::set<core::Prefix> watched_;
  std::set<std::size_t> stopping_;
  std::set<std::pair<std::size_t, core::IpAddress>> misled_;
};

}  // namespace

std::unique_ptr<Checker> no_gap() { return std::make_unique<NoGap>(); }

}  // namespace vippy::sim
