// Single values of the configuration file: read one, or say what is wrong with it.
//
// Purpose: every kind of value is checked against its bounds in one place.
// Purity:  tree in, value out; faults go to the log.
// Units:   the file speaks seconds, as a number or in quotes; Duration comes out, rounded to ns.
// Errors:  nullopt, and one problem in the log that says what was found and what is allowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/config_problems.h"
#include "core/time.h"
#include "core/tree_json.h"

namespace vippy::core {

// The longest time that the file may name.
inline constexpr Duration kTimeMax = std::chrono::hours(7 * 24);

// Text of 1 to `octets_max` octets without control characters; `what` names it: "a node's name".
[[nodiscard]] std::optional<std::string> read_text(const JsonNode& node, std::string_view what,
                                                   std::size_t octets_max, ProblemLog& log);

// An interface's name; empty is allowed (with a warning) where no local interface is known.
[[nodiscard]] std::optional<std::string> read_interface(const JsonNode& node, ProblemLog& log);

// A whole number from `min` to `max`, not in quotes; `max` at most 2^53 - 1.
[[nodiscard]] std::optional<std::uint64_t> read_integer(const JsonNode& node, std::uint64_t min,
                                                        std::uint64_t max, ProblemLog& log);

// Seconds from `min` to `max`.
[[nodiscard]] std::optional<Duration> read_seconds(const JsonNode& node, Duration min, Duration max,
                                                   ProblemLog& log);

// One of the choices: its index.
[[nodiscard]] std::optional<std::size_t> read_choice(const JsonNode& node,
                                                     std::span<const std::string_view> choices,
                                                     ProblemLog& log);

// Seconds without trailing zeros: "0.25", "15"; reads back to the same value.
[[nodiscard]] std::string format_seconds(Duration duration);

// Holds a control character (below U+0020, or U+007F to U+009F)?
[[nodiscard]] bool has_control(std::string_view text);

}  // namespace vippy::core
