// Log events in words: one line and one priority for each.
//
// Purpose: the one place where what happened becomes text for people.
// Purity:  value in, text out.
// Source:  docs/operations.md says what each line asks of the operator.
#pragma once

#include <string>

#include "core/config.h"
#include "core/log_event.h"

namespace vippy::hall {

struct LogLine {
  core::Priority priority{};
  std::string text;
};

[[nodiscard]] LogLine describe(const core::LogEvent& event);

}  // namespace vippy::hall
