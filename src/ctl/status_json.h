// Reading a status, whatever a daemon sent.
//
// Purpose: the fields of a status as text for people, for the pages that vippyctl prints.
// Purity:  values in, text out.
// Units:   seconds in, "7.2 ms", "3 s" or from two minutes on hours:minutes:seconds out.
// Bounds:  a status nests at most 64 deep.
// Errors:  null for what is missing or of another type, "?" as its text; control characters are
//          replaced.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace vippy::ctl {

using Json = nlohmann::ordered_json;

// Null or discarded for what is no JSON or nests too deep.
[[nodiscard]] Json parse_status(std::string_view text);

// The member, or null when there is none or this is no object.
[[nodiscard]] const Json& member(const Json& object, const char* key);

[[nodiscard]] std::string text_of(const Json& value, std::string_view otherwise = "?");
[[nodiscard]] bool is_true(const Json& value);
[[nodiscard]] std::string count_of(const Json& value);
// How long ago: "21.5 s", "1:02:05".
[[nodiscard]] std::string age_of(const Json& value);
// A time that was set or measured: "7.2 ms", "3 s".
[[nodiscard]] std::string time_of(const Json& value);

}  // namespace vippy::ctl
