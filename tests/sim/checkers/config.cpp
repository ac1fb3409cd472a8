// P6: versions never go back, the highest reaches all, and a difference under one version is said.
#include <fmt/format.h>

#include <map>
#include <set>

#include "core/graduate.h"
#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

class Config final : public Checker {
 public:
  std::string_view name() const override { return "config"; }

  void on_time(const Picture& picture, Instant now) override {
    if (!looked_ && picture.must_be_right(now)) {
      looked_ = true;
      look_at_versions(picture, picture.peace()->first + picture.peace()->second.within);
    }
    for (auto& [pair, since] : differ_since_) {
      if (now - since <= patience(picture) || alarmed_.contains(pair)) continue;
      alarmed_.insert(pair);
      flag(since + patience(picture),
           fmt::format("{} and {} run version {} with different contents, and neither says so",
                       picture.rules().nodes[pair.first], picture.rules().nodes[pair.second],
                       picture.machines()[pair.first].version));
    }
  }

  void on_entry(const Picture& picture, const Entry& entry) override {
    if (std::holds_alternative<seen::Peace>(entry.what)) looked_ = false;
    if (const auto* daemon = std::get_if<seen::Daemon>(&entry.what)) {
      if (daemon->state == DaemonState::off) {
        std::erase_if(alarmed_, [&](const auto& pair) {
          return pair.first == daemon->machine || pair.second == daemon->machine;
        });
        versions_.erase(daemon->machine);
      }
    }
    if (const auto* said = std::get_if<seen::Said>(&entry.what)) on_said(picture, *said, entry.at);
    const bool matters = std::holds_alternative<seen::Said>(entry.what) ||
                         std::holds_alternative<seen::Daemon>(entry.what) ||
                         std::holds_alternative<seen::Hears>(entry.what);
    if (matters && picture.has_changed()) look_at_pairs(picture, entry.at);
  }

 private:
  using Pair = std::pair<std::size_t, std::size_t>;

  static Duration patience(const Picture& picture) {
    return picture.rules().hand_over() + picture.rules().stale;
  }

  void on_said(const Picture& picture, const seen::Said& said, Instant at) {
    if (const auto* differs = std::get_if<core::event::PeerDiffers>(&said.event)) {
      const auto peer = picture.index_of(differs->node);
      if (peer != kNone) alarmed_.insert(std::minmax(said.machine, peer));
    }
    const auto version = picture.machines()[said.machine].version;
    auto& before = versions_[said.machine];
    if (version < before) {
      flag(at, fmt::format("{} went from version {} back to {}",
                           picture.rules().nodes[said.machine], before, version));
    }
    before = version;
  }

  void look_at_pairs(const Picture& picture, Instant now) {
    std::map<Pair, Instant> differ;
    const auto& machines = picture.machines();
    for (std::size_t i = 0; i < machines.size(); ++i) {
      for (std::size_t j = i + 1; j < machines.size(); ++j) {
        if (machines[i].state != DaemonState::running ||
            machines[j].state != DaemonState::running || !picture.hear_each_other(i, j) ||
            !machines[i].shared || !machines[j].shared ||
            machines[i].version != machines[j].version || agree(machines[i], machines[j])) {
          continue;
        }
        const Pair pair{i, j};
        const auto before = differ_since_.find(pair);
        differ[pair] = before == differ_since_.end() ? now : before->second;
      }
    }
    differ_since_ = std::move(differ);
  }

  void look_at_versions(const Picture& picture, Instant at) {
    const auto wanted = picture.peace()->second.shared->version;
    for (std::size_t i = 0; i < picture.machines().size(); ++i) {
      const auto& machine = picture.machines()[i];
      if (!machine.runs() || machine.version == wanted) continue;
      flag(at, fmt::format("{} runs version {}, the cluster has {}", picture.rules().nodes[i],
                           machine.version, wanted));
    }
  }

  bool looked_ = false;
  std::map<Pair, Instant> differ_since_;
  std::set<Pair> alarmed_;
  std::map<std::size_t, std::uint64_t> versions_;
};

}  // namespace

std::unique_ptr<Checker> config() { return std::make_unique<Config>(); }

}  // namespace vippy::sim
