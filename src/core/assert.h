// Assertions for our own bugs, live in release builds.
//
// Purpose: stop at once when vippy's own reasoning is wrong, after running the last will.
// Purity:  no allocation, no logging; the last will is installed by main (it lets go of addresses).
// Errors:  never used for what peers, users or the operating system did: those are values.
#pragma once

#include <source_location>

namespace vippy::core {

// Called once before the program aborts; `text` names the broken assertion.
using LastWill = void (*)(const char* text, const std::source_location& where);

void install_last_will(LastWill will);

[[noreturn]] void assertion_failed(const char* text, const std::source_location& where);

}  // namespace vippy::core

#define VIPPY_ASSERT(condition)                                                               \
  ((condition) ? static_cast<void>(0)                                                         \
               : ::vippy::core::assertion_failed(#condition, std::source_location::current()))
