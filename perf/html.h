// Reports as a page.
//
// Purpose: plots and tables of what was measured, in one file that needs no network and no script,
//          light or dark as its reader likes.
// Shape:   well-formed XML, so that a test can read it.
#pragma once

#include <string>

#include "perf/comparison.h"

namespace vippy::lab {

[[nodiscard]] std::string html_of(const Report& report);
// How a median compares with keepalived's: "24 × shorter", "1.3 × longer", "same"; empty when one
// of them is missing.
[[nodiscard]] std::string ratio_text(const Report& median, const Report& keepalived);

}  // namespace vippy::lab
