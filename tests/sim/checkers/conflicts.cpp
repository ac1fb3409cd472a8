// P13: when two members had an address, the one that keeps it has the last word.
#include <fmt/format.h>

#include <map>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

class Conflicts final : public Checker {
 public:
  std::string_view name() const override { return "conflicts"; }

  void on_time(const Picture& picture, Instant now) override {
    for (auto& [vip, talk] : talks_) {
      // Nobody told the holder of one that spoke on the other side of a split and died there, or
      // whose announcements came out of order: the next refresh tells the neighbours.
      const bool is_hidden = !picture.machines()[talk.last].runs() || talk.was_troubled;
      const auto within = picture.rules().last_word() +
                          (is_hidden ? picture.rules().converge() : core::Duration{});
      if (!talk.wrong_since || now - *talk.wrong_since <= within) continue;
      flag(*talk.wrong_since + within,
           fmt::format("{} is on {}, and {} had the last word about it", core::format(vip),
                       picture.rules().nodes[talk.holder], picture.rules().nodes[talk.last]));
      talk.wrong_since.reset();
    }
  }

  void on_entry(const Picture& picture, const Entry& entry) override {
    if (const auto* spoke = std::get_if<seen::Spoke>(&entry.what)) {
      talks_[spoke->vip].last = spoke->machine;
      talks_[spoke->vip].was_troubled = picture.is_troubled();
      look(picture, entry.at, spoke->vip);
    } else if (const auto* address = std::get_if<seen::Address>(&entry.what)) {
      if (talks_.contains(address->prefix.address)) {
        look(picture, entry.at, address->prefix.address);
      }
    } else if (std::holds_alternative<seen::Trouble>(entry.what) ||
               std::holds_alternative<seen::Daemon>(entry.what) ||
               std::holds_alternative<seen::Cause>(entry.what)) {
      for (auto& [vip, talk] : talks_) {
        talk.wrong_since.reset();
        look(picture, entry.at, vip);
      }
    }
  }

 private:
  struct Talk {
    std::size_t last = 0;
    std::size_t holder = 0;
    bool was_troubled = false;  // when the last word was spoken
    std::optional<Instant> wrong_since;
  };

  void look(const Picture& picture, Instant now, const core::IpAddress& vip) {
    auto& talk = talks_[vip];
    std::size_t holders = 0;
    for (std::size_t i = 0; i < picture.machines().size(); ++i) {
      if (!picture.holds(i, vip)) continue;
      ++holders;
      talk.holder = i;
    }
    const bool is_wrong = holders == 1 && talk.holder != talk.last && !picture.is_troubled() &&
                          picture.machines()[talk.holder].state == DaemonState::running;
    if (!is_wrong) {
      talk.wrong_since.reset();
    } else if (!talk.wrong_since) {
      talk.wrong_since = now;
    }
  }

  std::map<core::IpAddress, Talk> talks_;
};

}  // namespace

std::unique_ptr<Checker> conflicts() { return std::make_unique<Conflicts>(); }

}  // namespace vippy::sim
