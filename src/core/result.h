// Result of something that can fail through somebody else's fault: a value or a named error.
//
// Purpose: one spelling for tl::expected (std::expected is C++23).
// Errors:  the error type is always an enum or a struct of ours, never a string or an errno.
#pragma once

#include <tl/expected.hpp>

namespace vippy::core {

template <typename Value, typename Error>
using Result = tl::expected<Value, Error>;

template <typename Error>
[[nodiscard]] constexpr auto failure(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace vippy::core
