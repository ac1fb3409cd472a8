// One checker for each promise, each in a file of its own.
//
// Purpose: make them by name, or all at once.
// Purity:  see jury.h.
// Source:  docs/guarantees.md; the numbers P1 to P14 are those of the promises there.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/jury.h"

namespace vippy::sim {

[[nodiscard]] std::unique_ptr<Checker> one_owner();    // P1
[[nodiscard]] std::unique_ptr<Checker> overlap();      // P2, protocol 2
[[nodiscard]] std::unique_ptr<Checker> let_go();       // P3, with a guard
[[nodiscard]] std::unique_ptr<Checker> foreign();      // P4
[[nodiscard]] std::unique_ptr<Checker> config();       // P6
[[nodiscard]] std::unique_ptr<Checker> take_over();    // P7
[[nodiscard]] std::unique_ptr<Checker> no_gap();       // P8, protocol 2
[[nodiscard]] std::unique_ptr<Checker> movement();     // P9
[[nodiscard]] std::unique_ptr<Checker> lateness();     // P10
[[nodiscard]] std::unique_ptr<Checker> convergence();  // P12
[[nodiscard]] std::unique_ptr<Checker> conflicts();    // P13
[[nodiscard]] std::unique_ptr<Checker> reasons();      // P14

[[nodiscard]] Checkers all_checkers();

// What a run decided, in words that do not depend on what was merely said about outsiders.
class Decisions final : public Witness {
 public:
  void see(const Entry& entry) override;
  std::vector<std::string> made;
};

// P5: the same run with and without outsiders' traffic. The first difference, in words; empty when
// there is none.
[[nodiscard]] std::string outsiders(const std::vector<std::string>& with,
                                    const std::vector<std::string>& without);

// Do both run configurations that are the same to a cluster?
[[nodiscard]] bool agree(const MachinePicture& one, const MachinePicture& other);
// Do all daemons that run?
[[nodiscard]] bool all_agree(const Picture& picture);
// Has `to` had every reason, for longer than `stale`, to believe that `from` is there?
[[nodiscard]] bool is_well_heard(const Picture& picture, std::size_t from, std::size_t to,
                                 Instant now);

// Whoever was late itself says nothing at first: may that have been so, a moment ago?
[[nodiscard]] bool may_have_been_silent(const Picture& picture, std::size_t node, Instant now);

}  // namespace vippy::sim
