// P12: after an address has come to rest on one machine, every neighbour sends to that one soon.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

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
    if (const auto* address = std::get_if<seen::Address>(&entry.what)) {
      look_for_unknown(picture, address->machine, entry.at);
      look(picture, entry.at, [&](const Key& key) {
        return key.second == address->prefix.address;
      });
    } else if (const auto* cached = std::get_if<seen::Cached>(&entry.what)) {
      note_unknown(entry.at);
      look(picture, {cached->host, cached->vip}, cached->machine, entry.at);
    } else if (const auto* said = std::get_if<seen::Said>(&entry.what)) {
      look_for_unknown(picture, said->machine, entry.at);
      look(picture, entry.at, [](const Key&) { return true; });
    } else if (const auto* daemon = std::get_if<seen::Daemon>(&entry.what)) {
      look_for_unknown(picture, daemon->machine, entry.at);
      look(picture, entry.at, [](const Key&) { return true; });
    }
  }

 private:
  using Key = std::pair<std::size_t, core::IpAddress>;

  // Does a machine still have what its daemon does not know, and so cannot announce, because it was
  // started anew with another file?
  static bool has_unknown(const MachinePicture& machine) {
    if (!machine.runs() || !machine.shared) return false;
    return std::any_of(machine.addresses.begin(), machine.addresses.end(), [&](const auto& one) {
      return one.second && !is_vip_of(*machine.shared, one.first);
    });
  }

  static bool is_vip_of(const core::Shared& shared, const core::Prefix& prefix) {
    return std::any_of(shared.groups.begin(), shared.groups.end(), [&](const auto& group) {
      return std::any_of(group.vips.begin(), group.vips.end(),
                         [&](const auto& vip) { return vip.prefix() == prefix; });
    });
  }

  // Only one machine has changed.
  void look_for_unknown(const Picture& picture, std::size_t machine, Instant now) {
    if (has_unknown(picture.machines()[machine])) {
      unknown_.insert(machine);
    } else {
      unknown_.erase(machine);
    }
    note_unknown(now);
  }

  void note_unknown(Instant now) {
    if (!unknown_.empty()) last_trouble_ = now;
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

  template <typename Concerned>
  void look(const Picture& picture, Instant now, const Concerned& is_concerned) {
    for (const auto& [entry, machine] : picture.caches()) {
      if (is_concerned(entry)) look(picture, entry, machine, now);
    }
  }

  void look(const Picture& picture, const Key& entry, std::size_t machine, Instant now) {
    if (is_wrong(picture, entry, machine)) {
      wrong_since_.try_emplace(entry, now);
    } else {
      wrong_since_.erase(entry);
    }
  }

  Instant last_trouble_{};
  std::set<std::size_t> unknown_;  // machines
  std::map<Key, bool> learned_in_trouble_;
  std::map<Key, Instant> wrong_since_;
};

}  // namespace

std::unique_ptr<Checker> convergence() { return std::make_unique<Convergence>(); }

}  // namespace vippy::sim
