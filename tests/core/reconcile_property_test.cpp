// The reconciler against a model kernel whose acknowledgements and notifications come late.
#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "core/reconcile.h"
#include "core/rng.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

constexpr InterfaceIndex kEth0 = 2;
constexpr std::size_t kAddresses = 6;

AddressKey key(std::size_t number) {
  return {kEth0, {Ipv4::from_number(0x0a000001U + static_cast<std::uint32_t>(number)), 24}};
}

// The kernel acts at once; acknowledgements and notifications travel on two lines of their own,
// each in order, and nobody says which line is faster.
class ModelKernel {
 public:
  explicit ModelKernel(Rng& rng) : rng_(rng) {}

  void on(const AddAddress& add) {
    if (rng_.chance(1, 6)) return answer(add.id, FailureKind::no_resources);
    if (tagged.contains(add.prefix)) return answer(add.id, FailureKind::already_there);
    tagged[add.prefix] = true;
    notify(add.prefix, true);
    answer(add.id, FailureKind::none);
  }
  void on(const RemoveAddress& remove) {
    if (rng_.chance(1, 6)) return answer(remove.id, FailureKind::no_resources);
    if (tagged.erase(remove.prefix) == 0) return answer(remove.id, FailureKind::not_there);
    notify(remove.prefix, false);
    answer(remove.id, FailureKind::none);
  }
  // Somebody else at work.
  void meddle() {
    const auto prefix = key(rng_.below(kAddresses)).prefix;
    if (tagged.contains(prefix)) {
      notify(prefix, false);
      tagged.erase(prefix);
    } else {
      tagged[prefix] = false;
      notify(prefix, true);
    }
  }
  void lose_notifications() {
    notifications.clear();
    is_table_due = true;
  }

  std::map<Prefix, bool> tagged;
  std::deque<std::pair<RequestId, FailureKind>> outcomes;
  std::deque<AddressSeen> notifications;
  bool is_table_due = false;

 private:
  void answer(RequestId id, FailureKind failure) { outcomes.emplace_back(id, failure); }
  void notify(const Prefix& prefix, bool exists) {
    notifications.push_back({kEth0, prefix, exists, !exists || tagged[prefix]});
  }

  Rng& rng_;
};

class Story {
 public:
  // Either somebody else is at work, or notifications are lost.
  explicit Story(std::uint64_t seed)
      : rng_(seed), kernel_(rng_), is_meddled_(rng_.chance(1, 2)) {
    for (std::size_t i = 0; i < 2; ++i) kernel_.tagged[key(rng_.below(kAddresses)).prefix] = true;
    kernel_.tagged[key(kAddresses).prefix] = false;  // never wanted, never ours
    table();
  }

  void trouble() {
    for (int i = 0; i < 200; ++i) {
      switch (rng_.below(8)) {
        case 0: want_some(); break;
        case 1: case 2: hear_outcome(); break;
        case 3: case 4: hear_notification(); break;
        case 5: now_ += std::chrono::milliseconds(rng_.below(300)); break;
        case 6: if (is_meddled_ && rng_.chance(1, 4)) kernel_.meddle(); break;
        case 7: if (!is_meddled_ && rng_.chance(1, 8)) lose(); break;
      }
      plan();
    }
  }

  void peace() {
    for (int i = 0; i < 400; ++i) {
      while (hear_outcome()) {}
      while (hear_notification()) {}
      now_ += 1s;
      plan();
    }
  }

  // Empty when the kernel has what is wanted, and nothing else that carries our mark.
  std::string wrong() const {
    std::string out;
    for (const auto& key : wanted_) {
      if (!kernel_.tagged.contains(key.prefix)) out += " lacks " + format(key.prefix);
      if (!reconciler_.is_up(key)) out += " does not believe in " + format(key.prefix);
    }
    std::size_t ours = 0;
    for (const auto& [prefix, is_tagged] : kernel_.tagged) {
      ours += is_tagged ? 1 : 0;
      if (is_tagged && !wanted_.contains({kEth0, prefix})) out += " keeps " + format(prefix);
    }
    if (!kernel_.tagged.contains(key(kAddresses).prefix)) out += " took what was not its own";
    if (reconciler_.ours() != ours) out += " miscounts";
    if (!reconciler_.is_settled()) out += " is not settled";
    if (removed_foreign_) out += " removed what others set";
    return out;
  }

 private:
  void want_some() {
    wanted_.clear();
    for (std::size_t i = 0; i < kAddresses; ++i) {
      if (rng_.chance(1, 2)) wanted_.insert(key(i));
    }
    reconciler_.want({wanted_.begin(), wanted_.end()});
  }
  bool hear_outcome() {
    if (kernel_.outcomes.empty()) return false;
    const auto [id, failure] = kernel_.outcomes.front();
    kernel_.outcomes.pop_front();
    EXPECT_TRUE(reconciler_.outcome(id, failure, now_, out_).has_value());
    return true;
  }
  bool hear_notification() {
    if (kernel_.notifications.empty()) return false;
    reconciler_.observe(kernel_.notifications.front(), false, now_, out_);
    kernel_.notifications.pop_front();
    return true;
  }
  void lose() {
    kernel_.lose_notifications();
    table();
  }
  void table() {
    reconciler_.begin_table();
    for (const auto& [prefix, is_tagged] : kernel_.tagged) {
      reconciler_.observe({kEth0, prefix, true, is_tagged}, false, now_, out_);
    }
    reconciler_.complete_table(now_);
  }
  void plan() {
    Actions asked;
    reconciler_.plan(now_, next_id_, asked);
    for (const auto& action : asked) {
      if (const auto* add = std::get_if<AddAddress>(&action)) kernel_.on(*add);
      if (const auto* remove = std::get_if<RemoveAddress>(&action)) {
        const auto found = kernel_.tagged.find(remove->prefix);
        // Somebody may have replaced it by theirs a moment ago, and we have not heard of it yet.
        removed_foreign_ = removed_foreign_ || (found != kernel_.tagged.end() && !found->second &&
                                                kernel_.notifications.empty());
        kernel_.on(*remove);
      }
    }
  }

  Rng rng_;
  ModelKernel kernel_;
  bool is_meddled_;
  Reconciler reconciler_{true};
  std::set<AddressKey> wanted_;
  Instant now_{100s};
  RequestId next_id_ = 1;
  Actions out_;
  bool removed_foreign_ = false;
};

TEST(ReconcilePropertyTest, WhateverHappenedTheKernelEndsWithWhatIsWantedAndForeignUntouched) {
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    Story story(seed);
    story.trouble();
    story.peace();
    ASSERT_EQ(story.wrong(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace vippy::core
