#include "tests/sim/chaos.h"

#include <fmt/format.h>

#include "tests/sim/checkers.h"
#include "tests/sim/world.h"

namespace vippy::sim {

namespace {

using namespace std::chrono_literals;

constexpr int kFaults = 24;
constexpr Duration kPeaceFor = 12s;

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed)
      : choice_(seed ^ 0x7669707079U),
        world_(seed, 2 + choice_.below(4), 1 + choice_.below(3)),
        config_(first_config()) {
    world_.configure(config_);
    for (std::size_t i = 0; i < world_.machines().size(); ++i) {
      foreign_.push_back(world_.machines()[i].kernel.addresses.begin()->first);
    }
  }

  ChaosResult run() {
    describe();
    for (std::size_t i = 0; i < size(); ++i) {
      world_.start(i);
      world_.run_for(milliseconds(0, 300));
    }
    world_.segment().faults.loss_percent = static_cast<std::uint32_t>(choice_.below(20));
    world_.refuse_percent = choice_.chance(1, 3) ? 20 : 0;
    for (int i = 0; i < kFaults; ++i) {
      one_fault();
      world_.run_for(milliseconds(10, 1500));
    }
    make_peace();
    world_.run_for(kPeaceFor);
    return result();
  }

 private:
  core::Config first_config() {
    core::Config config;
    config.chat_address = *core::parse_ip("224.1.1.1");
    config.chat_port = 5007;
    config.secret = "simulated";
    config.interval = 100ms;
    config.mature = 500ms;
    config.stale = 500ms;
    config.arp_cache = 5s;
    config.notify_refresh = 4s;
    config.notify = {core::NotifyEntry{}};
    config.shared = shared(1);
    return config;
  }

  // Groups of the given version: some stay, some go, some come, some change their preference.
  std::shared_ptr<const core::Shared> shared(std::uint64_t version) {
    auto out = std::make_shared<core::Shared>();
    out->version = version;
    for (const auto& machine : world_.machines()) out->nodes.push_back(machine.name);
    const auto groups = 1 + choice_.below(6);
    for (std::size_t g = 0; g < groups; ++g) {
      auto& group = out->groups.emplace_back();
      if (choice_.chance(1, 3)) group.preferred = out->nodes[choice_.below(size())];
      const auto vips = 1 + choice_.below(3);
      for (std::size_t v = 0; v < vips; ++v) {
        core::Vip vip;
        vip.interface = "eth0";
        vip.address = core::Ipv4{{10, 0, static_cast<std::uint8_t>(100 + g),
                                  static_cast<std::uint8_t>(v + 1)}};
        if (choice_.chance(1, 6)) {
          vip.address = *core::parse_ip(fmt::format("fd00::{:x}:{:x}", g + 1, v + 1));
        }
        vip.text = core::format(vip.address);
        vip.prefix_length = vip.address.is_v4() ? 16 : 64;
        group.vips.push_back(std::move(vip));
      }
      core::sort_members(group);
    }
    return out;
  }

  void describe() {
    world_.say("world", fmt::format("{} nodes, {} hosts, {} groups", size(),
                                    world_.hosts().size(), config_.shared->groups.size()));
  }

  [[nodiscard]] std::size_t size() const { return world_.machines().size(); }
  std::size_t any() { return choice_.below(size()); }
  Duration milliseconds(std::uint64_t from, std::uint64_t to) {
    return std::chrono::milliseconds(from + choice_.below(to - from + 1));
  }

  void one_fault() {
    switch (choice_.below(11)) {
      case 0: world_.kill(any()); return;
      case 1: case 2: world_.start(any()); return;
      case 3: partition(); return;
      case 4: heal(); return;
      case 5: world_.set_link(any(), false); return;
      case 6: world_.set_link(any(), true); return;
      case 7: world_.stop(any()); return;
      case 8: new_version(); return;
      case 9: freeze(); return;
      case 10: steal(); return;
    }
  }

  void partition() {
    world_.say("world", "partition");
    for (PortIndex port = 0; port < world_.segment().ports(); ++port) {
      world_.segment().put_on_side(port, static_cast<int>(choice_.below(2)));
    }
  }

  void heal() {
    world_.say("world", "heal");
    for (PortIndex port = 0; port < world_.segment().ports(); ++port) {
      world_.segment().put_on_side(port, 0);
    }
  }

  // One node's file is edited and read again; the others follow by graduation or by restart.
  void new_version() {
    const auto where = any();
    config_.shared = shared(config_.shared->version + 1);
    world_.machines()[where].config = config_;
    world_.say("world", fmt::format("version {} on {}", config_.shared->version,
                                    world_.machines()[where].name));
    world_.reload(where);
  }

  void freeze() {
    const auto victim = any();
    if (!world_.machines()[victim].daemon) return;
    world_.freeze(victim, true);
    world_.run_for(milliseconds(10, 2000));
    world_.freeze(victim, false);
  }

  void steal() {
    const auto& group = config_.shared->groups[choice_.below(config_.shared->groups.size())];
    world_.remove_address(any(), group.vips.front().prefix());
  }

  void make_peace() {
    world_.say("world", "peace");
    world_.segment().heal();
    world_.segment().faults.loss_percent = 0;
    world_.refuse_percent = 0;
    for (std::size_t i = 0; i < size(); ++i) world_.set_link(i, true);
    world_.configure(config_);
    for (std::size_t i = 0; i < size(); ++i) world_.reload(i);
    for (std::size_t i = 0; i < size(); ++i) world_.start(i);
  }

  ChaosResult result() {
    ChaosResult out;
    check_one_owner(world_, *config_.shared, out.violations);
    check_neighbours_point_to_owner(world_, *config_.shared, out.violations);
    check_views_agree(world_, out.violations);
    check_foreign_addresses(world_, foreign_, out.violations);
    check_nothing_left_behind(world_, *config_.shared, out.violations);
    for (const auto& violation : out.violations) world_.say("CHECK", violation);
    out.trace = world_.trace();
    out.simulated_seconds =
        std::chrono::duration<double>(world_.now().time_since_epoch()).count();
    return out;
  }

  core::Rng choice_;
  World world_;
  core::Config config_;
  std::vector<core::Prefix> foreign_;
};

}  // namespace

ChaosResult run_chaos(std::uint64_t seed) { return Chaos(seed).run(); }

}  // namespace vippy::sim
