#include "core/config_fields.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "core/limits.h"
#include "core/spelling.h"

namespace vippy::core {

namespace {

constexpr double kNanosecondsInSecond = 1e9;

std::optional<double> number_of(const JsonNode& node) {
  if (node.is_number()) return node.number;
  if (!node.is_string()) return std::nullopt;
  double number = 0;
  const auto* const end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, number);
  if (error != std::errc{} || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace

bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if (octet < 0x20 || octet == 0x7f) return true;
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0xffU;
    if (octet == 0xc2 && next < 0xa0) return true;
  }
  return false;
}

std::optional<std::string> read_text(const JsonNode& node, std::string_view what,
                                     std::size_t octets_max, ProblemLog& log) {
  if (!node.is_string()) {
    log.refuse(node, std::string(what) + " in quotes");
  } else if (node.text.empty() || node.text.size() > octets_max) {
    log.error(node, "found " + std::to_string(node.text.size()) + " octets, wants " +
                        std::string(what) + " of 1 to " + std::to_string(octets_max) + " octets");
  } else if (has_control(node.text)) {
    log.refuse(node, std::string(what) + " without control characters");
  } else {
    return node.text;
  }
  return std::nullopt;
}

std::optional<std::string> read_interface(const JsonNode& node, ProblemLog& log) {
  if (node.is_string() && node.text.empty()) {
    log.warning(node,
                "the name is empty: no interface of this host carries this address; write "
                "the interface's name (as in `ip link`)");
    return std::string();
  }
  auto name = read_text(node, "an interface's name", kInterfaceNameOctetsMax, log);
  if (name && name->find_first_of(" /") != std::string::npos) {
    log.refuse(node, "an interface's name without blanks and slashes, such as eth0");
    return std::nullopt;
  }
  return name;
}

std::optional<std::uint64_t> read_integer(const JsonNode& node, std::uint64_t min,
                                          std::uint64_t max, ProblemLog& log) {
  const bool is_integer = node.is_number() && std::trunc(node.number) == node.number;
  if (is_integer && node.number >= static_cast<double>(min) &&
      node.number <= static_cast<double>(max)) {
    return static_cast<std::uint64_t>(node.number);
  }
  log.refuse(node, "a whole number from " + std::to_string(min) + " to " + std::to_string(max) +
                       (node.is_string() ? ", without quotes" : ""));
  return std::nullopt;
}

std::optional<Duration> read_seconds(const JsonNode& node, Duration min, Duration max,
                                     ProblemLog& log) {
  const auto seconds = number_of(node);
  // Compared as seconds first: a huge number must not reach the conversion.
  if (seconds && *seconds >= 0 && *seconds <= std::chrono::duration<double>(max).count()) {
    const Duration duration(std::llround(*seconds * kNanosecondsInSecond));
    if (duration >= min) return duration;
  }
  log.refuse(node, "seconds from " + format_seconds(min) + " to " + format_seconds(max));
  return std::nullopt;
}

std::optional<std::size_t> read_choice(const JsonNode& node,
                                       std::span<const std::string_view> choices, ProblemLog& log) {
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (node.is_string() && node.text == choices[i]) return i;
  }
  std::string wants = list_choices(choices);
  const auto near = node.is_string() ? nearest(node.text, choices) : std::string_view();
  if (!near.empty()) wants += "; did you mean \"" + std::string(near) + "\"?";
  log.refuse(node, wants);
  return std::nullopt;
}

std::string format_seconds(Duration duration) {
  const auto nanoseconds = duration.count();
  std::string text = std::to_string(nanoseconds / 1'000'000'000);
  auto fraction = std::to_string(1'000'000'000 + nanoseconds % 1'000'000'000);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (fraction.size() > 1) text += '.' + fraction.substr(1);
  return text;
}

}  // namespace vippy::core
