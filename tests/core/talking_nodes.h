// Several nodes stepped by hand that hear what the others say, at once and in order.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tests/core/stepped_node.h"

namespace vippy::core {

inline Config talking_config(std::uint64_t version, const std::vector<std::string>& nodes,
                             const std::vector<std::pair<std::string, std::string>>& groups) {
  using namespace std::chrono_literals;
  auto config = small_config(version, nodes, groups);
  config.protocol = Protocol::v2;
  config.interval = 10ms;
  config.stale = 30ms;
  config.mature = 100ms;
  return config;
}

class TalkingNodes {
 public:
  explicit TalkingNodes(const std::vector<std::string>& names) {
    for (const auto& name : names) add(name);
  }
  void add(const std::string& name) {
    nodes_.push_back(std::make_unique<SteppedNode>(name, true, nodes_.size() + 7));
    nodes_.back()->now = now;
    heard_.push_back(0);
    paths_.push_back({*parse_ip("10.0.0.2")});
  }
  // Where a node announces from: one address for each of its interfaces, from eth0 on.
  void speaks_from(std::size_t node, const std::vector<std::string>& addresses) {
    paths_[node].clear();
    for (const auto& address : addresses) paths_[node].push_back(*parse_ip(address));
  }
  SteppedNode& operator[](std::size_t i) { return *nodes_[i]; }
  void start(const Config& config) {
    for (auto& node : nodes_) node->start(config);
  }
  // `from` is no longer heard by `to`, or is again.
  void cut(std::size_t from, std::size_t to, bool is_cut = true) {
    if (is_cut) {
      cuts_.insert({from, to});
    } else {
      cuts_.erase({from, to});
    }
  }
  void isolate(std::size_t node, bool is_cut = true) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      cut(node, i, is_cut);
      cut(i, node, is_cut);
    }
  }
  void forget(std::size_t node) {
    nodes_[node]->forget();
    heard_[node] = 0;
  }
  // Its process stands still, or is gone. What its kernel receives meanwhile is read by wake().
  void silence(std::size_t node) { silent_.insert(node); }
  void wake(std::size_t node) {
    silent_.erase(node);
    nodes_[node]->now = now;
    for (auto& heard : std::exchange(unread_[node], {})) nodes_[node]->step(std::move(heard));
  }

  void run(Duration duration) {
    const auto until = now + duration;
    while (now < until) {
      now += std::chrono::milliseconds(1);
      pass();
    }
  }
  // One instant: everybody ticks, complies and hears, until nobody has anything to say.
  void pass() {
    for (int round = 0; round < 50; ++round) {
      bool was_said = false;
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (silent_.contains(i)) continue;
        nodes_[i]->now = now;
        tick(*nodes_[i]);
        nodes_[i]->comply();
        was_said = deliver(i) || was_said;
      }
      observe();
      if (!was_said) return;
    }
  }
  [[nodiscard]] std::vector<std::size_t> holders(const std::string& vip) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!silent_.contains(i) && nodes_[i]->kernel.contains(*parse_prefix(vip))) out.push_back(i);
    }
    return out;
  }
  // From now on note the fewest and the most holders of an address at any instant.
  void watch(const std::string& vip) {
    watched_ = vip;
    fewest = SIZE_MAX;
    most = 0;
    observe();
  }
  std::size_t fewest = SIZE_MAX;
  std::size_t most = 0;
  Instant now{std::chrono::seconds(100)};
  std::vector<Message> recorded;  // everything that was ever said

 private:
  // A daemon leaves out a Tick that is not due: it would have done nothing.
  void tick(SteppedNode& node) {
    const bool is_due = node.node.is_due(now);
    const auto before = node.actions.size();
    const auto deadline = node.node.next_deadline();
    node.tick();
    if (is_due) return;
    EXPECT_EQ(node.actions.size(), before);
    EXPECT_EQ(node.node.next_deadline(), deadline);
  }
  void observe() {
    if (watched_.empty()) return;
    const auto count = holders(watched_).size();
    fewest = std::min(fewest, count);
    most = std::max(most, count);
  }
  bool deliver(std::size_t from) {
    bool was_said = false;
    auto& node = *nodes_[from];
    for (; heard_[from] < node.actions.size(); ++heard_[from]) {
      const auto* send = std::get_if<SendMessage>(&node.actions[heard_[from]]);
      if (send == nullptr) continue;
      was_said = true;
      const auto message = send->message;
      recorded.push_back(message);
      for (std::size_t to = 0; to < nodes_.size(); ++to) {
        if (cuts_.contains({from, to})) continue;
        InterfaceIndex index = 2;
        for (const auto& source : paths_[from]) {
          const MessageHeard heard{message, source, now, index++};
          if (silent_.contains(to)) {
            unread_[to].push_back(heard);
          } else {
            nodes_[to]->now = now;
            nodes_[to]->step(heard);
          }
        }
      }
    }
    return was_said;
  }

  std::vector<std::unique_ptr<SteppedNode>> nodes_;
  std::vector<std::size_t> heard_;  // per node: actions that were looked at
  std::vector<std::vector<IpAddress>> paths_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
  std::set<std::size_t> silent_;
  std::map<std::size_t, std::vector<MessageHeard>> unread_;
  std::string watched_;
};

}  // namespace vippy::core
