// A hand-stepped Reconciler with its clock, its requests and what it said.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/reconcile.h"

namespace vippy::core {

class ReconcileBench : public testing::Test {
 protected:
  static constexpr InterfaceIndex kEth0 = 2;
  static constexpr bool kOurs = true;
  static constexpr bool kForeign = false;
  using Requests = std::vector<std::pair<RequestId, Action>>;

  static AddressKey key(const std::string& prefix) { return {kEth0, *parse_prefix(prefix)}; }

  Reconciler::Change see(const AddressKey& what, bool is_tagged, bool own_by_text = false) {
    return reconciler.observe({what.index, what.prefix, true, is_tagged}, own_by_text, now, said);
  }
  Reconciler::Change miss(const AddressKey& what) {
    return reconciler.observe({what.index, what.prefix, false, true}, false, now, said);
  }
  std::vector<AddressKey> complete() { return reconciler.complete_table(now); }
  std::optional<Reconciler::Answer> answer(RequestId id, FailureKind failure = FailureKind::none) {
    return reconciler.outcome(id, failure, now, said);
  }
  RequestId last_id() const { return next_id - 1; }

  Requests plan() {
    Actions out;
    reconciler.plan(now, next_id, out);
    Requests requests;
    for (auto& action : out) {
      if (const auto* add = std::get_if<AddAddress>(&action)) {
        requests.emplace_back(add->id, *add);
      } else if (const auto* remove = std::get_if<RemoveAddress>(&action)) {
        requests.emplace_back(remove->id, *remove);
      } else {
        said.push_back(std::move(action));
      }
    }
    return requests;
  }

  // The address is wanted beside what is held already, added, acknowledged and notified.
  void hold(const AddressKey& what) {
    held_.push_back(what);
    reconciler.want(held_);
    for (const auto& [id, request] : plan()) answer(id);
    see(what, kOurs);
  }

  static std::string words(const Requests& requests) {
    std::string out;
    for (const auto& [id, request] : requests) {
      if (!out.empty()) out += ", ";
      const auto* add = std::get_if<AddAddress>(&request);
      out += (add != nullptr ? "add " + format(add->prefix)
                             : "remove " + format(std::get<RemoveAddress>(request).prefix)) +
             " " + std::to_string(id);
    }
    return out;
  }

  template <typename Event>
  std::size_t logged() const {
    return static_cast<std::size_t>(std::count_if(said.begin(), said.end(), [](const auto& what) {
      const auto* log = std::get_if<Log>(&what);
      return log != nullptr && std::holds_alternative<Event>(log->event);
    }));
  }

  Reconciler reconciler{true};
  Instant now{std::chrono::seconds(100)};
  RequestId next_id = 1;
  Actions said;

 private:
  std::vector<AddressKey> held_;
};

}  // namespace vippy::core
