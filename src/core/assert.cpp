#include "core/assert.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace vippy::core {

namespace {
LastWill last_will = nullptr;
}  // namespace

void install_last_will(LastWill will) { last_will = will; }

void assertion_failed(const char* text, const CodePlace& where) {
  std::fprintf(stderr, "vippy: assertion failed: %s at %s:%u in %s\n", text, where.file, where.line,
               where.function);
  // The will runs once: an assertion inside it must not run it again.
  if (auto* will = std::exchange(last_will, nullptr)) will(text, where);
  std::abort();
}

}  // namespace vippy::core
