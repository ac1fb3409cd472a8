// What was needed once, to read and to start, back to the system.
#pragma once

#include <cstdlib>  // says which library this is

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace vippy::platform {

inline void trim_heap() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace vippy::platform
