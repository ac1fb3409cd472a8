// Which descriptors the guard is started with.
//
// Purpose: one place for what both ends of the start have to know.
#pragma once

namespace vippy::platform {

inline constexpr int kGuardBoard = 3;     // the shared memory
inline constexpr int kGuardLiveness = 4;  // ends when the other process does

}  // namespace vippy::platform
