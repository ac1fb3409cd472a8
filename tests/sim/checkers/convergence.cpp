// P12: after an address has come to rest on one machine, every neighbour sends to that one soon.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

class Convergence final : public Checker {
 public:
  std::string_view name() const override { return "convergence"; }

  void on_time(const Picture& picture, Instant now) override {
    if (picture.is_troubled()) last_trouble_ = now;
    for (auto& [entry, since] : wrong_since_) {
      const auto bound = patience(picture, entry, since);
      if (since == Instant::max() || now - since <= bound) continue;
      flag(since + bound, fmt::format("host {} still sends what is for {} to the wrong machine",
                                      entry.first + 1, core::format(entry.second)));
      since = Instant::max();
    }
  }

  void on_entry(const Picture& picture, const Entry& entry) override {
    if (picture.is_troubled()) last_trouble_ = entry.at;
    if (const auto* cached = std::get_if<seen::Cached>(&entry.what)) {
      learned_in_trouble_[{cached->host, cached->vip}] = picture.is_troubled();
    }
    if (!picture.has_changed()) return;
    if (std::holds_alternative<seen::Address>(entry.what) ||
        std::holds_alternative<seen::Cached>(entry.what) ||
        std::holds_alternative<seen::Said>(entry.what) ||
        std::holds_alternative<seen::Daemon>(entry.what)) {
      look(picture, entry.at);
    }
  }

 private:
  using Key = std::pair<std::size_t, core::IpAddress>;

  // Does a machine still have what its daemon does not know, and so cannot announce, because it was
  // started anew with another file?
  static bool has_unknown(const Picture& picture) {
    return std::any_of(picture.machines().begin(), picture.machines().end(),
                       [](const MachinePicture& machine) {
      if (!machine.runs() || !machine.shared) return false;
      const auto known = vips_of(*machine.shared);
      return std::any_of(machine.addresses.begin(), machine.addresses.end(), [&](const auto& one) {
        return one.second && std::find(known.begin(), known.end(), one.first) == known.end();
      });
    });
  }

  // Where frames were lost or not heeded, their repetition helps; so it does against what was said
  // on the other side of a split by one that is no more.
  Duration patience(const Picture& picture, const Key& entry, Instant since) const {
    const auto& rules = picture.rules();
    const auto learned = learned_in_trouble_.find(entry);
    const bool was_hard = (learned != learned_in_trouble_.end() && learned->second) ||
                          (since != Instant::max() && last_trouble_ >= since - rules.settle());
    return was_hard ? rules.converge() + rules.settle()
                    : rules.quick();
  }

  static bool is_wrong(const Picture& picture, const Key& entry, std::size_t machine) {
    std::size_t holders = 0;
    bool is_held_by_it = false;
    for (std::size_t i = 0; i < picture.machines().size(); ++i) {
      if (!picture.holds(i, entry.second)) continue;
      // Without a daemon that has decided, its kernel answers all the same.
      if (!picture.machines()[i].runs() || !picture.machines()[i].is_active) return false;
      ++holders;
      is_held_by_it = is_held_by_it || i == machine;
    }
    return holders == 1 && !is_held_by_it;
  }

  void look(const Picture& picture, Instant now) {
    if (has_unknown(picture)) last_trouble_ = now;
    std::map<Key, Instant> wrong;
    for (const auto& [entry, machine] : picture.caches()) {
      if (!is_wrong(picture, entry, machine)) continue;
      const auto before = wrong_since_.find(entry);
      wrong[entry] = before == wrong_since_.end() ? now : before->second;
    }
    wrong_since_ = std::move(wrong);
  }

  Instant last_trouble_{};
  std::map<Key, bool> learned_in_trouble_;
  std::map<Key, Instant> wrong_since_;
};

}  // namespace

std::unique_ptr<Checker> convergence() { return std::make_unique<Convergence>(); }

}  // namespace vippy::sim
