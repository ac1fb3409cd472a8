#include "perf/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "perf/statistics.h"

namespace vippy::lab {

namespace {

constexpr double kWidth = 1'000;
constexpr double kLeft = 150;
constexpr double kRight = 190;  // for what stands behind a row
constexpr double kRow = 38;
constexpr double kTop = 8;
constexpr double kBottom = 34;
constexpr double kLinesHeight = 300;
constexpr unsigned kJitterSteps = 7;

// Whole powers of ten around all values.
struct LogAxis {
  double low = 1;
  double high = 10;
  double from = 0;
  double to = 0;

  LogAxis(const std::vector<double>& values, double begin, double end) : from(begin), to(end) {
    double least = INFINITY;
    double most = 0;
    for (const auto value : values) {
      if (value > 0) least = std::min(least, value);
      most = std::max(most, value);
    }
    if (most <= 0) return;
    low = std::pow(10, std::floor(std::log10(least)));
    high = std::pow(10, std::ceil(std::log10(most)));
    if (high <= low) high = 10 * low;
  }
  [[nodiscard]] double at(double value) const {
    const auto part = std::log10(std::max(value, low) / low) / std::log10(high / low);
    return from + part * (to - from);
  }
};

std::string tick_text(double value, const std::string& unit) {
  if (unit != "ms") return fmt::format("{:g}{}{}", value, unit.empty() ? "" : " ", unit);
  return value >= 1'000 ? fmt::format("{:g} s", value / 1'000) : fmt::format("{:g} ms", value);
}

template <typename Visit>
void each_tick(const LogAxis& axis, const Visit& visit) {
  for (double decade = axis.low; decade <= axis.high * 1.001; decade *= 10) {
    for (const int step : {1, 2, 5}) {
      if (decade * step <= axis.high * 1.001) visit(decade * step, step == 1);
    }
  }
}

std::string vertical_grid(const LogAxis& axis, double top, double bottom,
                          const std::string& unit) {
  std::string out;
  each_tick(axis, [&](double value, bool is_decade) {
    const auto x = axis.at(value);
    out += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
                       "y2=\"{:.1f}\"/>", is_decade ? "grid" : "grid faint", x, top, x, bottom);
    if (!is_decade) return;
    out += fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" "
                       "text-anchor=\"middle\">{}</text>", x, bottom + 20,
                       escape(tick_text(value, unit)));
  });
  return out;
}

std::string horizontal_grid(const LogAxis& axis, double left, double right,
                            const std::string& unit) {
  std::string out;
  each_tick(axis, [&](double value, bool is_decade) {
    const auto y = axis.at(value);
    out += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
                       "y2=\"{:.1f}\"/>", is_decade ? "grid" : "grid faint", left, y, right, y);
    if (!is_decade) return;
    out += fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" "
                       "text-anchor=\"end\">{}</text>", left - 8, y + 4,
                       escape(tick_text(value, unit)));
  });
  return out;
}

std::string opened(double height, const std::string& title) {
  return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" "
                     "role=\"img\"><title>{}</title>", kWidth, height, escape(title));
}

// Dots that lie on each other become visible: each a little higher or lower, in turn.
std::string dots(const Strip& strip, const LogAxis& axis, double middle) {
  std::string out;
  for (std::size_t i = 0; i < strip.values.size(); ++i) {
    const auto step = static_cast<double>(i * 3 % kJitterSteps) - (kJitterSteps - 1) / 2.0;
    out += fmt::format("<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\">"
                       "<title>{:.3g} ms</title></circle>",
                       strip.style, axis.at(strip.values[i]), middle + 2.6 * step,
                       strip.values[i]);
  }
  return out;
}

std::string row(const Strip& strip, const LogAxis& axis, double middle) {
  auto out = fmt::format("<text class=\"name {}\" x=\"{:.0f}\" y=\"{:.1f}\" "
                         "text-anchor=\"end\">{}</text>", strip.style, kLeft - 14, middle + 5,
                         escape(strip.name));
  const auto summary = summary_of(strip.values);
  if (!summary) {
    return out + fmt::format("<text class=\"note\" x=\"{:.0f}\" y=\"{:.1f}\">{}</text>", kLeft + 8,
                             middle + 5, escape(strip.note));
  }
  out += fmt::format("<line class=\"range {}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
                     "y2=\"{:.1f}\"/>", strip.style, axis.at(summary->min), middle,
                     axis.at(summary->max), middle);
  out += dots(strip, axis, middle);
  out += fmt::format("<rect class=\"median {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"4\" "
                     "height=\"26\" rx=\"2\"/>", strip.style, axis.at(summary->median) - 2,
                     middle - 13);
  return out + fmt::format("<text class=\"note\" x=\"{:.0f}\" y=\"{:.1f}\">{}</text>",
                           kWidth - kRight + 14, middle + 5, escape(strip.note));
}

}  // namespace

std::string strip_plot(const std::vector<Strip>& strips, const std::string& title) {
  std::vector<double> all;
  for (const auto& strip : strips) all.insert(all.end(), strip.values.begin(), strip.values.end());
  const LogAxis axis(all, kLeft, kWidth - kRight);
  const auto bottom = kTop + kRow * static_cast<double>(strips.size());
  auto out = opened(bottom + kBottom, title) + vertical_grid(axis, kTop, bottom, "ms");
  double middle = kTop + kRow / 2;
  for (const auto& strip : strips) {
    out += row(strip, axis, middle);
    middle += kRow;
  }
  return out + "</svg>";
}

std::string line_plot(const std::vector<Line>& lines, const std::string& title,
                      const std::string& x_title, const std::string& unit) {
  std::vector<double> xs;
  std::vector<double> ys;
  for (const auto& line : lines) {
    for (const auto& [x, y] : line.points) {
      xs.push_back(x);
      ys.push_back(y);
    }
  }
  const LogAxis across(xs, kLeft, kWidth - kRight);
  const LogAxis up(ys, kTop + kLinesHeight, kTop + 10);
  auto out = opened(kTop + kLinesHeight + kBottom + 20, title);
  out += vertical_grid(across, kTop, kTop + kLinesHeight, "");
  out += horizontal_grid(up, kLeft, kWidth - kRight, unit);
  out += fmt::format("<text class=\"note\" x=\"{:.0f}\" y=\"{:.0f}\" "
                     "text-anchor=\"middle\">{}</text>", (kLeft + kWidth - kRight) / 2,
                     kTop + kLinesHeight + kBottom + 10, escape(x_title));
  double name_at = kTop + 20;
  for (const auto& line : lines) {
    std::string points;
    for (const auto& [x, y] : line.points) {
      points += fmt::format("{:.1f},{:.1f} ", across.at(x), up.at(y));
      out += fmt::format("<circle class=\"dot solid {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\">"
                         "<title>{:g}: {}</title></circle>", line.style, across.at(x), up.at(y), x,
                         escape(tick_text(y, unit)));
    }
    out += fmt::format("<polyline class=\"line {}\" points=\"{}\"/>", line.style, points);
    out += fmt::format("<text class=\"name {}\" x=\"{:.0f}\" y=\"{:.1f}\">{}</text>", line.style,
                       kWidth - kRight + 14, name_at, escape(line.name));
    name_at += 24;
  }
  return out + "</svg>";
}

std::string escape(const std::string& text) {
  std::string out;
  for (const char one : text) {
    switch (one) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += one;
    }
  }
  return out;
}

}  // namespace vippy::lab
