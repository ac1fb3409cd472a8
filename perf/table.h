// Reports as plain text.
//
// Purpose: what vippy-perf prints at its end, from the JSON that it also writes.
#pragma once

#include <string>

#include "perf/comparison.h"

namespace vippy::lab {

[[nodiscard]] std::string table_of(const Report& report);
// "3.21", "0.04", "1,234": three digits that count; "-" for null.
[[nodiscard]] std::string short_number(const Report& value);

}  // namespace vippy::lab
