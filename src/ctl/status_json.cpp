#include "ctl/status_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "ctl/printable.h"

namespace vippy::ctl {

namespace {

constexpr double kSecondsMax = 1e12;

// Brackets nest at most this deep: the JSON library recurses when it copies, and a status needs 6.
bool is_shallow(std::string_view json) {
  constexpr std::size_t kDepthMax = 64;
  std::size_t depth = 0;
  bool is_in_string = false;
  for (std::size_t at = 0; at < json.size() && depth <= kDepthMax; ++at) {
    const char c = json[at];
    if (c == '"') is_in_string = !is_in_string;
    if (is_in_string && c == '\\') ++at;
    if (is_in_string) continue;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return depth <= kDepthMax;
}

}  // namespace

Json parse_status(std::string_view text) {
  return is_shallow(text) ? Json::parse(text, nullptr, false) : Json();
}

const Json& member(const Json& object, const char* key) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string text_of(const Json& value, std::string_view otherwise) {
  return value.is_string() ? printable(value.get_ref<const std::string&>(), LineEnds::replaced)
                           : std::string(otherwise);
}

bool is_true(const Json& value) { return value.is_boolean() && value.get<bool>(); }

std::string count_of(const Json& value) {
  return value.is_number_unsigned() ? std::to_string(value.get<std::uint64_t>()) : "?";
}

std::string age_of(const Json& value) {
  if (!value.is_number()) return "?";
  const double seconds = std::clamp(value.get<double>(), 0.0, kSecondsMax);
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string time_of(const Json& value) {
  if (!value.is_number()) return "?";
  const double seconds = std::clamp(value.get<double>(), 0.0, kSecondsMax);
  auto text = fmt::format("{:.1f}", seconds < 1 ? seconds * 1000 : seconds);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text + (seconds < 1 ? " ms" : " s");
}

}  // namespace vippy::ctl
