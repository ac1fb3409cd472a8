// A network namespace of the benchmarks' own.
//
// Purpose: what a benchmark does to the kernel is done to nobody else's interfaces.
// Order:   all benchmarks of the program share it; it goes with the program.
#pragma once

namespace vippy::bench {

// Enters it, with loopback up; false where it is refused.
[[nodiscard]] bool enter_own_namespace();

}  // namespace vippy::bench
