#include "core/config_fields.h"

#include <algorithm>
#include <array>
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

// What "2s" or "250 ms" would be.
std::optional<Duration> with_unit(const JsonNode& node) {
  static constexpr std::array<std::pair<std::string_view, double>, 11> kUnits = {
      {{"ms", 1e-3}, {"msec", 1e-3}, {"us", 1e-6}, {"s", 1}, {"sec", 1}, {"second", 1},
       {"seconds", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}}};
  if (!node.is_string()) return std::nullopt;
  double number = 0;
  const auto* const end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, number);
  auto unit = std::string_view(node.text).substr(static_cast<std::size_t>(
      stop - node.text.data()));
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  const auto* const known = std::find_if(kUnits.begin(), kUnits.end(),
                                         [&](const auto& one) { return one.first == unit; });
  if (error != std::errc{} || known == kUnits.end()) return std::nullopt;
  const auto seconds = number * known->second;
  const bool is_usable = seconds >= 0 && seconds <= std::chrono::duration<double>(kTimeMax).count();
  if (!is_usable) return std::nullopt;
  return Duration(std::llround(seconds * kNanosecondsInSecond));
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
  const auto meant = with_unit(node);
  const auto example = meant ? "write " + format_seconds(*meant) : std::string();
  log.refuse(node, "seconds from " + format_seconds(min) + " to " + format_seconds(max) +
                       (meant ? ", a number without a unit: " + example : ""));
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
