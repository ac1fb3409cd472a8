#include "tests/sim/jury.h"

#include <utility>

namespace vippy::sim {

void Checker::flag(Instant at, std::string text) {
  found_->push_back({at, std::string(name()), std::move(text)});
}

void Checker::measure(const TakeOver& what) { measured_->push_back(what); }

Jury::Jury(const Rules& rules, Checkers checkers) : picture_(rules) {
  for (auto& checker : checkers) {
    if (!checker->applies(rules)) continue;
    checker->found_ = &violations_;
    checker->measured_ = &take_overs_;
    checkers_.push_back(std::move(checker));
  }
}

void Jury::see(const Entry& entry) {
  if (violations_.size() >= kViolationsMax) return;
  for (auto& checker : checkers_) checker->on_time(picture_, entry.at);
  picture_.apply(entry);
  for (auto& checker : checkers_) checker->on_entry(picture_, entry);
}

void Jury::end(Instant now) {
  for (auto& checker : checkers_) checker->on_end(picture_, now);
}

}  // namespace vippy::sim
