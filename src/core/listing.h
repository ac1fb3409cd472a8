// Names in a row: "one, two".
//
// Purpose: one spelling of lists in the words of the log, the status and vippyctl.
// Purity:  appends to the caller's string; nothing else.
#pragma once

#include <string>
#include <string_view>

namespace vippy::core {

inline void append_item(std::string& list, std::string_view item) {
  if (!list.empty()) list += ", ";
  list += item;
}

}  // namespace vippy::core
