// P12: after an address has come to rest on one machine, every neighbour sends to that one soon.
#include <fmt/format.h>

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
      const auto bound = patience(picture, since);
      if (since == Instant::max() || now - since <= bound) continue;
      flag(since + bound, fmt::format("host {} still sends what is for {} to the wrong machine",
                                      entry.first + 1, core::format(entry.second)));
      since = Instant::max();
    }
  }

  void on_entry(const Picture& picture, const Entry& entry) override {
    if (picture.is_troubled()) last_trouble_ = entry.at;
    if (std::holds_alternative<seen::Address>(entry.what) ||
        std::holds_alternative<seen::Cached>(entry.what) ||
        std::holds_alternative<seen::Said>(entry.what) ||
        std::holds_alternative<seen::Daemon>(entry.what)) {
      look(picture, entry.at);
    }
  }

 private:
  using Key = std::pair<std::size_t, core::IpAddress>;

  // Where frames were lost or not heeded, their repetition helps.
  Duration patience(const Picture& picture, Instant since) const {
    const auto& rules = picture.rules();
    const bool was_hard = since != Instant::max() && last_trouble_ >= since - rules.settle();
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
    std::map<Key, Instant> wrong;
    for (const auto& [entry, machine] : picture.caches()) {
      if (!is_wrong(picture, entry, machine)) continue;
      const auto before = wrong_since_.find(entry);
      wrong[entry] = before == wrong_since_.end() ? now : before->second;
    }
    wrong_since_ = std::move(wrong);
  }

  Instant last_trouble_{};
  std::map<Key, Instant> wrong_since_;
};

}  // namespace

std::unique_ptr<Checker> convergence() { return std::make_unique<Convergence>(); }

}  // namespace vippy::sim
