// "Did you mean": the known word that a misspelt one stands for.
//
// Purpose: a wrong key or name is answered with the right one.
// Purity:  text in, text out.
// Bounds:  O(word * candidate) for each candidate; words over 64 octets have no near one.
// Source:  restricted Damerau-Levenshtein distance (insert, remove, replace, swap neighbours).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace vippy::core {

// How many edits apart two words are; upper and lower case are the same, and so are '-' and '_'.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

// The nearest candidate within one edit (words under 6 octets) or two (longer ones); words of one
// or two octets must be equal but for case. Empty when there is none.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> candidates);

}  // namespace vippy::core
