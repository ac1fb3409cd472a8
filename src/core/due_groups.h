// Which groups are to be looked at again: what changes ten of ten thousand costs ten.
//
// Purpose: marks on single groups or on all of them, and a time for each group at which it is due
//          by itself.
// Purity:  values; no clock.
// Units:   Instant.
// Bounds:  O(1) for a mark, O(log groups) for a time that changes; a taken list is as long as there
//          were marks, or as the caller can do at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
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
    next_ = 0;
    mark_all();
  }
  void mark(std::size_t group) {
    if (is_in_rest(group) || marks_.test(group)) return;
    marks_.set(group);
    marked_.push_back(group);
  }
  void mark_all() {
    are_all_ = true;
    rest_ = marks_.size();
  }
  [[nodiscard]] bool any() const { return are_all_ || !marked_.empty(); }

  // At most `most` of those that have waited longest, in their order; they are not marked any more.
  [[nodiscard]] std::vector<std::size_t> take(std::size_t most = SIZE_MAX) {
    std::vector<std::size_t> taken;
    for (; rest_ > 0 && taken.size() < most; --rest_) {
      taken.push_back(next_);
      next_ = (next_ + 1) % marks_.size();
    }
    are_all_ = rest_ > 0;
    for (; !marked_.empty() && taken.size() < most; marked_.pop_front()) {
      marks_.set(marked_.front(), false);
      if (!is_in_rest(marked_.front())) taken.push_back(marked_.front());
    }
    std::sort(taken.begin(), taken.end());
    taken.erase(std::unique(taken.begin(), taken.end()), taken.end());
    return taken;
  }

 private:
  // Of all of them these are still to come: `rest_` from `next_` on, and round.
  [[nodiscard]] bool is_in_rest(std::size_t group) const {
    const auto size = marks_.size();
    return rest_ > 0 && (group + size - next_) % size < rest_;
  }

  BitSet marks_;
  std::deque<std::size_t> marked_;
  bool are_all_ = true;
  std::size_t rest_ = 0;
  std::size_t next_ = 0;  // goes round, so that none waits for ever however often all are marked
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
