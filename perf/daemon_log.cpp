#include "perf/daemon_log.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <sstream>

namespace vippy::lab {

namespace {

// "[2026-01-31T12:00:00.123+0100] [notice] vippyd[7] text"
bool read_line(const std::string& line, DaemonLine& out) {
  tm local{};
  const char* rest = ::strptime(line.c_str(), "[%Y-%m-%dT%H:%M:%S.", &local);
  if (rest == nullptr) return false;
  char* zone = nullptr;
  const auto thousandths = std::strtol(rest, &zone, 10);
  char* end = nullptr;
  const auto shift = std::strtol(zone, &end, 10);
  const auto seconds = ::timegm(&local) - (shift / 100 * 60 + shift % 100) * 60;
  out.at = std::chrono::seconds(seconds) + std::chrono::milliseconds(thousandths);
  const auto priority = line.find("] [");
  if (priority == std::string::npos) return false;
  const auto process = line.find("] ", priority + 3);
  const auto text = process == std::string::npos ? process : line.find(' ', process + 2);
  out.text = text == std::string::npos ? line : line.substr(text + 1);
  return true;
}

}  // namespace

std::vector<DaemonLine> daemon_lines(Lab& lab, Duration since) {
  std::vector<DaemonLine> out;
  for (unsigned n = 1; n <= lab.nodes(); ++n) {
    DaemonLine line{{}, lab.node(n).name(), {}};
    std::istringstream log(lab.node(n).log());
    for (std::string text; std::getline(log, text);) {
      if (!read_line(text, line)) line.text = text;
      // Stamps are cut off to the millisecond.
      if (line.at + std::chrono::milliseconds(1) >= since) out.push_back(line);
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& left, const auto& right) { return left.at < right.at; });
  return out;
}

bool is_about_lateness(const std::string& text) {
  constexpr std::array kSigns = {"this node itself was silent for", "is lost: silent for",
                                 "this node hung", "did not get round", "does not hear us"};
  return std::any_of(kSigns.begin(), kSigns.end(),
                     [&](const char* sign) { return contains(text, sign); });
}

bool is_move(const std::string& text) { return contains(text, "group ? moves from "); }

}  // namespace vippy::lab
