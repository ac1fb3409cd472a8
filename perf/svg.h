// Plots as SVG, to stand in a page.
//
// Purpose: distributions, and values over a number, on logarithmic axes.
// Errors:  values that are not above 0 lie at the beginning of their axis.
// Shape:   well-formed XML; colours are the classes of the page's style, nothing is loaded.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace vippy::lab {

// One row: every value a dot, the median a bar.
struct Strip {
  std::string name;
  std::string style;  // a class: "d0"
  std::vector<double> values;
  std::string note;   // behind it; instead of dots when there are no values
};
[[nodiscard]] std::string strip_plot(const std::vector<Strip>& strips, const std::string& title);

struct Line {
  std::string name;
  std::string style;
  std::vector<std::pair<double, double>> points;
};
// `unit` is "ms" (which becomes s where that reads better) or a word behind the numbers.
[[nodiscard]] std::string line_plot(const std::vector<Line>& lines, const std::string& title,
                                    const std::string& x_title, const std::string& unit);

// Text as it may stand in XML.
[[nodiscard]] std::string escape(const std::string& text);

}  // namespace vippy::lab
