// Any octets are a configuration or are refused with a reason; what reads well prints, and the
// print reads back equal.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/assert.h"
#include "core/config.h"
#include "core/limits.h"

using vippy::core::print_config;
using vippy::core::read_config;
using vippy::core::SecretPrint;
using vippy::core::Severity;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto reading = read_config({reinterpret_cast<const char*>(data), size});
  bool has_error = false;
  for (const auto& problem : reading.problems) {
    has_error = has_error || problem.severity == Severity::error;
    VIPPY_ASSERT(!format(problem).empty() && problem.column <= size + 1);
  }
  VIPPY_ASSERT(reading.config.has_value() != has_error);
  if (!reading.config) return 0;
  const auto again = read_config(print_config(*reading.config, SecretPrint::shown));
  VIPPY_ASSERT(again.config.has_value() && *again.config == *reading.config);
  return 0;
}
