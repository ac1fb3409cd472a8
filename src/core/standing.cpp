#include "core/standing.h"

#include <algorithm>

namespace vippy::core {

namespace {

bool is_mutual(const Sight& sight) { return sight.is_heard && sight.hears_us; }

}  // namespace

void Standing::configure(Isolation isolation, Quorum quorum, Duration patience) {
  isolation_ = isolation;
  quorum_ = quorum;
  patience_ = patience;
  reset();
}

void Standing::reset() {
  yielding_since_.clear();
  is_waiting_ = needs_witness_ = false;
  next_ = Instant::max();
}

// `in_touch`: nodes that we hear and that hear us, ourselves included.
std::optional<InactiveReason> Standing::count(std::size_t nodes, std::size_t in_touch,
                                              Witnesses witnesses) {
  needs_witness_ = false;
  is_waiting_ = false;
  if (nodes < 2) return std::nullopt;
  const auto ask_witness = [&](InactiveReason reason) -> std::optional<InactiveReason> {
    needs_witness_ = true;
    is_waiting_ = is_waiting_ || witnesses == Witnesses::unknown;
    const bool counts_as_good = witnesses == Witnesses::answer || witnesses == Witnesses::unknown;
    return counts_as_good ? std::nullopt : std::optional(reason);
  };
  if (quorum_ == Quorum::majority && 2 * in_touch <= nodes) {
    // Exactly half: the witness is the vote that decides.
    if (2 * in_touch < nodes) return InactiveReason::no_quorum;
    if (const auto reason = ask_witness(InactiveReason::no_quorum)) return reason;
  }
  if (isolation_ == Isolation::release && in_touch == 1) {
    return ask_witness(InactiveReason::isolated);
  }
  return std::nullopt;
}

bool Standing::runs_out(std::optional<Instant>& since, bool holds, Instant now) {
  if (!holds) since.reset();
  if (!holds) return false;
  if (!since) since = now;
  if (now - *since >= patience_) return true;
  next_ = std::min(next_, *since + patience_);
  return false;
}

Standing::Yielding Standing::yields_to(std::size_t self, std::size_t other,
                                       std::span<const Sight> sights) {
  const auto& sight = sights[other];
  if (is_mutual(sight)) return Yielding::no;
  const bool is_counted_on = std::any_of(sights.begin(), sights.end(), [&](const Sight& third) {
    return &third != &sights[self] && is_mutual(third) && third.view != nullptr &&
           third.view->test(other);
  });
  if (is_counted_on) return other < self ? Yielding::as_others_count_on_it : Yielding::no;
  return sight.is_heard && sight.is_active ? Yielding::as_it_is_there : Yielding::no;
}

std::optional<InactiveReason> Standing::judge(std::size_t self, std::span<const Sight> sights,
                                              Witnesses witnesses, Instant now) {
  yielding_since_.resize(sights.size());
  next_ = Instant::max();
  std::size_t in_touch = 1;
  bool must_yield = false;
  for (std::size_t i = 0; i < sights.size(); ++i) {
    if (i == self) continue;
    if (is_mutual(sights[i])) ++in_touch;
    // Each reason on its own: one late message of a node that was lost begins only the second.
    const auto yielding = yields_to(self, i, sights);
    auto& since = yielding_since_[i];
    must_yield |= runs_out(since.counted_on, yielding == Yielding::as_others_count_on_it, now);
    must_yield |= runs_out(since.there, yielding == Yielding::as_it_is_there, now);
  }
  if (const auto reason = count(sights.size(), in_touch, witnesses)) return reason;
  return must_yield ? std::optional(InactiveReason::deaf_pair) : std::nullopt;
}

}  // namespace vippy::core
