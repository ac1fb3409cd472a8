// A node stepped by hand: values in, values out, a clock that only the test turns.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/graduate.h"
#include "core/node.h"
#include "tests/support/vectors.h"

namespace vippy::core {

// interval 100 ms, stale 300 ms, mature 1 s; each group one address of 10.0.0.0/24 on eth0.
inline Config small_config(std::uint64_t version, const std::vector<std::string>& nodes,
                           const std::vector<std::pair<std::string, std::string>>& groups) {
  using namespace std::chrono_literals;
  Config config;
  config.chat_address = *parse_ip("224.1.1.1");
  config.chat_port = 5007;
  config.secret = "s";
  config.protocol = Protocol::v1;
  config.interval = 100ms;
  config.stale = 300ms;
  config.mature = 1s;
  config.notify_refresh = 0s;
  config.management = "/run/v";
  auto shared = std::make_shared<Shared>();
  shared->version = version;
  shared->nodes = nodes;
  for (const auto& [preferred, address] : groups) {
    auto& group = shared->groups.emplace_back();
    if (!preferred.empty()) group.preferred = preferred;
    group.vips.push_back(test::vip(address));
  }
  config.shared = std::move(shared);
  return config;
}

class SteppedNode {
 public:
  explicit SteppedNode(const std::string& name = "a", bool has_tags = true,
                       std::uint64_t seed = 7)
      : node(name, {.address_tags = has_tags}, seed) {}

  void step(const Input& input) {
    Actions out;
    node.step(input, now, out);
    for (auto& action : out) actions.push_back(std::move(action));
  }
  void tick() { step(Tick{}); }
  void answer(RequestId id, FailureKind failure = FailureKind::none) {
    step(OutcomeArrived{id, failure});
  }

  void link(bool is_running = true, const std::string& name = "eth0", InterfaceIndex index = 2) {
    step(LinkSeen{index, name, Mac{{2, 0, 0, 0, 0, 1}}, true, is_running, true, false});
  }
  void address(const std::string& prefix, bool is_tagged, bool exists = true) {
    step(AddressSeen{2, *parse_prefix(prefix), exists, is_tagged});
  }
  void tables(const std::vector<std::string>& leftovers = {}, bool is_tagged = true) {
    step(TableBegin{KernelTable::links});
    link();
    step(TableComplete{KernelTable::links});
    step(TableBegin{KernelTable::addresses});
    address("10.0.0.1/24", false);
    for (const auto& leftover : leftovers) address(leftover, is_tagged);
    step(TableComplete{KernelTable::addresses});
  }
  // Loads the configuration and opens everything.
  void start(const Config& config, const std::vector<std::string>& leftovers = {}) {
    step(ConfigLoaded{config});
    tables(leftovers);
    answer(last<OpenManagement>().id);
    answer(last<OpenChat>().id);
    answer(last<UseInjector>().id);
    tick();
  }
  // Ticks at every deadline until `until`, answering the kernel's requests as done.
  void run(Duration duration) {
    const auto until = now + duration;
    for (int i = 0; i < 10'000 && node.next_deadline() <= until; ++i) {
      now = std::max(now, node.next_deadline());
      tick();
      comply();
    }
    now = until;
  }
  // The kernel does what was asked for.
  void comply() {
    for (; complied_ < actions.size(); ++complied_) {
      if (const auto* add = std::get_if<AddAddress>(&actions[complied_])) {
        const auto what = *add;
        if (refuses) {
          answer(what.id, FailureKind::no_resources);
          continue;
        }
        kernel.insert(what.prefix);
        answer(what.id);
        step(AddressSeen{what.index, what.prefix, true, true});
      } else if (const auto* remove = std::get_if<RemoveAddress>(&actions[complied_])) {
        const auto what = *remove;
        kernel.erase(what.prefix);
        answer(what.id);
        step(AddressSeen{what.index, what.prefix, false, true});
      } else if (const auto* content = std::get_if<PrepareContent>(&actions[complied_])) {
        const auto task = content->task;
        step(prepare(*task));
      }
    }
  }

  void hear(const std::string& me, const Config& config, bool is_active = true) {
    Announcement said;
    said.me = me;
    said.is_active = is_active;
    said.shared = config.shared;
    said.nonce = "n";
    said.hash = AnnouncementHash(*config.shared, config.secret).of("n");
    step(AnnouncementHeard{said, *parse_ip("10.0.0.2"), now});
  }
  // Deadlines as they come, and the peer speaks every 50 ms.
  void run_with(const std::string& peer, const Config& config, Duration duration,
                bool is_active = true) {
    using namespace std::chrono_literals;
    for (Duration passed{}; passed < duration; passed += 50ms) {
      hear(peer, config, is_active);
      tick();
      comply();
      run(50ms);
    }
  }

  template <typename What>
  const What& last() const {
    const auto found = std::find_if(actions.rbegin(), actions.rend(), [](const auto& action) {
      return std::holds_alternative<What>(action);
    });
    if (found == actions.rend()) throw std::runtime_error("there is no such action");
    return std::get<What>(*found);
  }
  template <typename What>
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::count_if(actions.begin(), actions.end(), [](const auto& action) {
          return std::holds_alternative<What>(action);
        }));
  }
  template <typename Event>
  std::vector<Event> logged() const {
    std::vector<Event> out;
    for (const auto& action : actions) {
      const auto* log = std::get_if<Log>(&action);
      if (log != nullptr && std::holds_alternative<Event>(log->event)) {
        out.push_back(std::get<Event>(log->event));
      }
    }
    return out;
  }
  void forget() {
    actions.clear();
    complied_ = 0;
  }

  Status status() const { return node.status(now); }
  // The group's owner by name; "_" when nobody is.
  std::string owner(std::size_t group = 0) const {
    const auto picture = status();
    const auto owner = picture.groups.at(group).owner;
    return owner == kNobody ? "_" : picture.shared->nodes.at(owner);
  }

  Node node;
  Instant now{std::chrono::seconds(100)};
  Actions actions;
  std::set<Prefix> kernel;  // the addresses that were set
  bool refuses = false;     // the kernel takes no address

 private:
  std::size_t complied_ = 0;
};

class NodeTestBase : public testing::Test, public SteppedNode {};

}  // namespace vippy::core
