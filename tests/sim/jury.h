// The checkers of one run, and what they found.
//
// Purpose: hand every entry of a history to every checker that holds for the run's rules.
// Purity:  looks and changes nothing. The same history gives the same violations.
// Bounds:  kViolationsMax are kept; one is enough to fail.
// Order:   for each entry: bounds that ran out before it, then the change itself. Nothing happens
//          between two entries, so no bound can run out unseen.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/history.h"
#include "tests/sim/picture.h"
#include "tests/sim/rules.h"

namespace vippy::sim {

struct Violation {
  Instant at{};
  std::string checker;
  std::string text;
};

// An address that an owner's loss took with it, until its new owner's first frame.
struct TakeOver {
  CauseKind cause{};  // kill or freeze
  Duration took{};
};

class Jury;

class Checker {
 public:
  virtual ~Checker() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Does it hold under these rules at all?
  [[nodiscard]] virtual bool applies(const Rules&) const { return true; }
  // Time has come to `now` and the picture is still as it was.
  virtual void on_time(const Picture&, Instant) {}
  // The picture has just changed by this entry.
  virtual void on_entry(const Picture&, const Entry&) {}
  // No more entries; the picture stays as it is.
  virtual void on_end(const Picture& picture, Instant now) { on_time(picture, now); }

 protected:
  void flag(Instant at, std::string text);
  void measure(const TakeOver& what);

 private:
  friend class Jury;
  std::vector<Violation>* found_ = nullptr;
  std::vector<TakeOver>* measured_ = nullptr;
};

using Checkers = std::vector<std::unique_ptr<Checker>>;

class Jury final : public Witness {
 public:
  Jury(const Rules& rules, Checkers checkers);

  void see(const Entry& entry) override;
  void end(Instant now);

  [[nodiscard]] const Picture& picture() const { return picture_; }
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
  [[nodiscard]] const std::vector<TakeOver>& take_overs() const { return take_overs_; }

 private:
  static constexpr std::size_t kViolationsMax = 20;

  Picture picture_;
  Checkers checkers_;
  std::vector<Violation> violations_;
  std::vector<TakeOver> take_overs_;
};

}  // namespace vippy::sim
