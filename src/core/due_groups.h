// Which groups are to be looked at again: what changes ten of ten thousand costs ten.
//
// Purpose: marks on single groups or on all of them, and a time for each group at which it is due
//          by itself.
// Purity:  values; no clock.
// Units:   Instant.
// Bounds:  O(1) for a mark, O(log groups) for a time that changes; a taken list is as long as there
//          were marks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "core/bitset.h"
#include "core/time.h"

namespace vippy::core {

class GroupMarks {
 public:
  // All of them are marked.
  void resize(std::size_t groups) {
    marks_ = BitSet(groups);
    marked_.clear();
    are_all_ = true;
  }
  void mark(std::size_t group) {
    if (are_all_ || marks_.test(group)) return;
    marks_.set(group);
    marked_.push_back(group);
  }
  void mark_all() { are_all_ = true; }
  [[nodiscard]] bool any() const { return are_all_ || !marked_.empty(); }
  [[nodiscard]] bool are_all() const { return are_all_; }

  // The marked ones in their order; they are not marked any more.
  [[nodiscard]] std::vector<std::size_t> take() {
    auto taken = std::exchange(marked_, {});
    if (std::exchange(are_all_, false)) {
      taken.resize(marks_.size());
      std::iota(taken.begin(), taken.end(), std::size_t{0});
      marks_.clear();
    } else {
      std::sort(taken.begin(), taken.end());
      for (const auto group : taken) marks_.set(group, false);
    }
    return taken;
  }

 private:
  BitSet marks_;
  std::vector<std::size_t> marked_;
  bool are_all_ = true;
};

class GroupDeadlines {
 public:
  // None of them has one.
  void resize(std::size_t groups) {
    at_.assign(groups, Instant::max());
    order_.clear();
  }
  // Instant::max(): none.
  void set(std::size_t group, Instant at) {
    auto& known = at_[group];
    if (known == at) return;
    if (known != Instant::max()) order_.erase({known, group});
    if (at != Instant::max()) order_.emplace(at, group);
    known = at;
  }
  [[nodiscard]] Instant next() const {
    return order_.empty() ? Instant::max() : order_.begin()->first;
  }
  // The group whose time has come first, and has no time any more; only after next() <= now.
  [[nodiscard]] std::size_t take_first() {
    const auto group = order_.begin()->second;
    set(group, Instant::max());
    return group;
  }

 private:
  std::vector<Instant> at_;
  std::set<std::pair<Instant, std::size_t>> order_;
};

}  // namespace vippy::core
