// P2: two machines that hear each other never hold the same address longer than a hand-over. Who
// runs other contents under the same version shares no groups with the others: see config.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

class Overlap final : public Checker {
 public:
  std::string_view name() const override { return "overlap"; }
  bool applies(const Rules& rules) const override { return rules.speaks_2(); }

  void on_time(const Picture& picture, Instant now) override {
    if (is_somebody_unmissed(picture, now)) since_.clear();
    for (auto& [key, since] : since_) {
      if (since == Instant::max() || now - since <= picture.rules().hand_over()) continue;
      const auto& [vip, one, other] = key;
      if (is_unmissed_by(picture, one, other, now)) {
        since = now;
        continue;
      }
      flag(since + picture.rules().hand_over(),
           fmt::format("{} is on {} and {}, which hear each other", core::format(vip),
                       picture.rules().nodes[one], picture.rules().nodes[other]));
      since = Instant::max();  // said once
    }
  }

  void on_entry(const Picture& picture, const Entry& entry) override {
    if (!picture.has_changed()) return;
    if (std::holds_alternative<seen::Address>(entry.what) ||
        std::holds_alternative<seen::Daemon>(entry.what) ||
        std::holds_alternative<seen::Said>(entry.what) ||
        std::holds_alternative<seen::Hears>(entry.what)) {
      look(picture, entry.at);
    }
  }

 private:
  using Key = std::tuple<core::Prefix, std::size_t, std::size_t>;

  // A daemon that has just started with what an earlier one left listens first.
  static bool may_be_blamed(const Picture& picture, std::size_t machine, Instant now) {
    const auto& it = picture.machines()[machine];
    return it.state == DaemonState::running && now - it.started > picture.rules().mature;
  }

  // A node died or was cut off and is not missed yet, or was back before everybody missed it: those
  // that count on it still may differ from those that never did about who is next, and who has the
  // address keeps it until it is missed.
  bool is_somebody_unmissed(const Picture& picture, Instant now) {
    const auto missed_within = patience(picture.rules());
    bool is_one = false;
    for (std::size_t i = 0; i < picture.machines().size(); ++i) {
      const auto& machine = picture.machines()[i];
      const auto lost = machine.runs() ? unheard_since(picture, i) : machine.state_since;
      const bool is_missed_soon = lost && now - *lost <= missed_within;
      if (is_missed_soon) unmissed_[i] = now;
      const auto last = unmissed_.find(i);
      is_one = is_one || is_missed_soon ||
               (!lost && last != unmissed_.end() && now - last->second <= missed_within);
    }
    return is_one;
  }

  // The same of one that is cut off from both of these: what goes to it both of them may have.
  static bool is_unmissed_by(const Picture& picture, std::size_t one, std::size_t two,
                             Instant now) {
    for (std::size_t i = 0; i < picture.machines().size(); ++i) {
      if (i == one || i == two || picture.hears(i, one) || picture.hears(i, two)) continue;
      const auto last = std::max(picture.hears_since(i, one), picture.hears_since(i, two));
      if (picture.machines()[i].runs() && now - last <= patience(picture.rules())) return true;
    }
    return false;
  }

  static Duration patience(const Rules& rules) {
    return rules.stale + 2 * rules.interval + 2 * rules.delay;
  }

  // When the last of the others ceased to hear it; nullopt: it is heard.
  static std::optional<Instant> unheard_since(const Picture& picture, std::size_t machine) {
    Instant out{};
    for (std::size_t other = 0; other < picture.machines().size(); ++other) {
      if (other == machine) continue;
      if (picture.hears(machine, other)) return std::nullopt;
      out = std::max(out, picture.hears_since(machine, other));
    }
    return out;
  }

  void look(const Picture& picture, Instant now) {
    std::map<Key, Instant> both;
    // A kernel that takes its time makes a hand-over take as long.
    if (is_somebody_unmissed(picture, now) ||
        !picture.kernels_are_well(picture.rules().settle(), now)) {
      since_.clear();
      return;
    }
    for (std::size_t one = 0; one < picture.machines().size(); ++one) {
      if (!may_be_blamed(picture, one, now)) continue;
      for (const auto& [prefix, is_ours] : picture.machines()[one].addresses) {
        if (!is_ours) continue;
        for (std::size_t other = one + 1; other < picture.machines().size(); ++other) {
          if (!picture.machines()[other].addresses.contains(prefix) ||
              !may_be_blamed(picture, other, now) || !picture.hear_each_other(one, other) ||
              !agree(picture.machines()[one], picture.machines()[other])) {
            continue;
          }
          const Key key{prefix, one, other};
          const auto before = since_.find(key);
          const bool begins = before == since_.end() || is_unmissed_by(picture, one, other, now);
          both[key] = begins ? now : before->second;
        }
      }
    }
    since_ = std::move(both);
  }

  std::map<Key, Instant> since_;
  std::map<std::size_t, Instant> unmissed_;  // by machine: when that was last so
};

}  // namespace

std::unique_ptr<Checker> overlap() { return std::make_unique<Overlap>(); }

}  // namespace vippy::sim
