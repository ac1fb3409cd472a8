// Assertions for our own bugs, live in release builds.
//
// Purpose: stop at once when vippy's own reasoning is wrong, after running the last will.
// Purity:  no allocation, no logging; the last will is installed by main (it lets go of addresses).
// Errors:  never used for what peers, users or the operating system did: those are values.
#pragma once

namespace vippy::core {

// Where in the sources (std::source_location does not exist under clang 14).
struct CodePlace {
  const char* file;
  unsigned line;
  const char* function;
};

// Called once before the program aborts; `text` names the broken assertion.
using LastWill = void (*)(const char* text, const CodePlace& where);

void install_last_will(LastWill will);

[[noreturn]] void assertion_failed(const char* text, const CodePlace& where);

}  // namespace vippy::core

#define VIPPY_ASSERT(condition)                   \
  ((condition) ? static_cast<void>(0)             \
               : ::vippy::core::assertion_failed( \
                     #condition, ::vippy::core::CodePlace{__FILE__, __LINE__, __func__}))
