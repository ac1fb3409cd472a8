#include "perf/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "perf/html_style.h"
#include "perf/svg.h"
#include "perf/table.h"

namespace vippy::lab {

namespace {

constexpr double kSame = 1.05;

std::string text_of(const Report& value) {
  if (value.is_string()) return escape(value.get<std::string>());
  if (value.is_number()) return short_number(value);
  if (!value.is_array()) return escape(value.dump());
  std::string out;
  for (const auto& one : value) out += (out.empty() ? "" : ", ") + text_of(one);
  return out;
}

std::string tag(const std::string& name, const std::string& content) {
  return "<" + name + ">" + content + "</" + name + ">";
}

// The colour of a daemon is its place in the list.
std::string style_of(const Report& daemons, const std::string& name) {
  for (std::size_t i = 0; i < daemons.size(); ++i) {
    if (daemons[i].at("name") == name) return "d" + std::to_string(i);
  }
  return "d9";
}

std::string definitions(const Report& values) {
  std::string out;
  for (const auto& [key, value] : values.items()) {
    if (value == "" || value.empty()) continue;
    auto name = key;
    std::replace(name.begin(), name.end(), '_', ' ');
    out += fmt::format("<div class=\"{}\">", escape(key)) + tag("dt", escape(name)) +
           tag("dd", text_of(value)) + "</div>";
  }
  return tag("dl", out);
}

std::string daemon_list(const Report& daemons) {
  std::string out;
  for (const auto& daemon : daemons) {
    const auto name = daemon.at("name").get<std::string>();
    const auto skipped = daemon.at("skipped").get<std::string>();
    const auto what = skipped.empty() ? text_of(daemon.at("version")) + "; " +
                                            tag("code", text_of(daemon.at("setting")))
                                      : "skipped: " + escape(skipped);
    out += fmt::format("<li><b class=\"{}\">{}</b> {}</li>", style_of(daemons, name), escape(name),
                       what);
  }
  return tag("ul", out);
}

Report median_of(const Report& result, const char* key) {
  const auto& figure = result.at("summary").at(key);
  return figure.is_null() ? Report(nullptr) : figure.at("median");
}

const Report* find_result(const Report& results, const Report& fault, const std::string& daemon) {
  for (const auto& one : results) {
    if (one.at("fault") == fault && one.at("daemon") == daemon) return &one;
  }
  return nullptr;
}

std::string ratio_to_keepalived(const Report& results, const Report& result) {
  const auto* other = find_result(results, result.at("fault"), "keepalived");
  if (other == nullptr || other == &result) return {};
  // Where nothing is lost a gap is how the machine shared its processors.
  if (median_of(result, "lost") == 0 && median_of(*other, "lost") == 0) return "neither lost any";
  return ratio_text(median_of(result, "gap_ms"), median_of(*other, "gap_ms"));
}

std::vector<std::string> faults_of(const Report& results) {
  std::vector<std::string> out;
  for (const auto& result : results) {
    const auto fault = result.at("fault").get<std::string>();
    if (out.empty() || out.back() != fault) out.push_back(fault);
  }
  return out;
}

std::vector<std::string> participants(const Report& daemons) {
  std::vector<std::string> out;
  for (const auto& daemon : daemons) {
    if (daemon.at("skipped") == "") out.push_back(daemon.at("name"));
  }
  return out;
}

// ---- failover ---------------------------------------------------------------------------------

std::string overview_cell(const Report& results, const Report* result) {
  if (result == nullptr) return "<td></td>";
  const auto lacks = (*result).at("lacks").get<std::string>();
  if (!lacks.empty()) return fmt::format("<td title=\"{}\">-</td>", escape(lacks));
  const auto ratio = ratio_to_keepalived(results, *result);
  const auto* side = ratio.find("shorter") != std::string::npos  ? "better"
                     : ratio.find("longer") != std::string::npos ? "worse"
                                                                 : "";
  return fmt::format("<td><b>{}</b><small class=\"{}\">{}</small></td>",
                     short_number(median_of(*result, "gap_ms")), side, ratio);
}

std::string overview(const Report& report) {
  const auto& results = report.at("results");
  std::string head = "<th>client gap, median, ms</th>";
  for (const auto& daemon : participants(report.at("daemons"))) {
    head += fmt::format("<th class=\"{}\">{}</th>", style_of(report.at("daemons"), daemon),
                        escape(daemon));
  }
  std::string rows = tag("tr", head);
  for (const auto& fault : faults_of(results)) {
    auto row = fmt::format("<th><a href=\"#{0}\">{0}</a></th>", escape(fault));
    for (const auto& daemon : participants(report.at("daemons"))) {
      row += overview_cell(results, find_result(results, fault, daemon));
    }
    rows += tag("tr", row);
  }
  return "<section><h2>Overview</h2><p>The longest time in which a client had no answer, beside "
         "keepalived's.</p><div class=\"wide\"><table>" + rows + "</table></div></section>";
}

Strip strip_of(const Report& report, const Report& result) {
  const auto daemon = result.at("daemon").get<std::string>();
  Strip out{daemon, style_of(report.at("daemons"), daemon), {}, result.at("lacks")};
  for (const auto& sample : result.at("samples")) out.values.push_back(sample.at("gap_ms"));
  if (!out.values.empty()) {
    out.note = short_number(median_of(result, "gap_ms")) + " ms";
    const auto ratio = ratio_to_keepalived(report.at("results"), result);
    if (!ratio.empty()) out.note += ", " + ratio;
  } else if (out.note.empty()) {
    out.note = "nothing was measured";
  }
  return out;
}

std::string figure_row(const Report& result) {
  auto row = tag("th", text_of(result.at("daemon")));
  const auto lacks = result.at("lacks").get<std::string>();
  if (!lacks.empty()) {
    return tag("tr", row + fmt::format("<td class=\"left\" colspan=\"{}\">- ({})</td>",
                                       figures().size(), escape(lacks)));
  }
  for (const auto& figure : figures()) {
    const auto& summary = result.at("summary").at(figure.key);
    if (summary.is_null()) {
      row += "<td>-</td>";
      continue;
    }
    const bool stays = std::string(figure.key) == "two_ms" && result.at("two_stay") != 0;
    row += fmt::format("<td><b>{}</b>{}<small>{} &#8211; {}</small></td>",
                       short_number(summary.at("median")), stays ? " and on" : "",
                       short_number(summary.at("min")), short_number(summary.at("max")));
  }
  return tag("tr", row);
}

std::string all_figures(const Report& results, const std::string& fault) {
  std::string rows = "<tr><th>daemon, figure</th><th>n</th><th>min</th><th>median</th>"
                     "<th>p95</th><th>p99</th><th>max</th></tr>";
  for (const auto& result : results) {
    if (result.at("fault") != fault) continue;
    for (const auto& figure : figures()) {
      const auto& summary = result.at("summary").at(figure.key);
      if (summary.is_null()) continue;
      auto row = tag("th", text_of(result.at("daemon")) + ": " + figure.title);
      for (const auto* key : {"count", "min", "median", "p95", "p99", "max"}) {
        row += tag("td", short_number(summary.at(key)));
      }
      rows += tag("tr", row);
    }
  }
  return "<details><summary>all figures</summary><div class=\"wide\"><table>" + rows +
         "</table></div></details>";
}

std::string failures_of(const Report& result) {
  std::string out;
  for (const auto& failure : result.at("failures")) {
    out += tag("li", text_of(result.at("daemon")) + ": " + text_of(failure));
  }
  return out;
}

std::string fault_section(const Report& report, const std::string& fault) {
  std::vector<Strip> strips;
  std::string head = "<th>median, min &#8211; max</th>";
  for (const auto& figure : figures()) head += tag("th", figure.title);
  auto rows = tag("tr", head);
  std::string story;
  std::string failures;
  for (const auto& result : report.at("results")) {
    if (result.at("fault") != fault) continue;
    story = result.at("story");
    strips.push_back(strip_of(report, result));
    rows += figure_row(result);
    failures += failures_of(result);
  }
  auto out = fmt::format("<section id=\"{}\"><h2>{}</h2><p>{}</p>", escape(fault), escape(fault),
                         escape(story));
  out += strip_plot(strips, fault + ": client gap of each repetition");
  out += "<div class=\"wide\"><table>" + rows + "</table></div>";
  if (!failures.empty()) out += "<p>Repetitions that did not end:</p>" + tag("ul", failures);
  return out + all_figures(report.at("results"), fault) + "</section>";
}

std::string failover_sections(const Report& report) {
  auto out = overview(report);
  for (const auto& fault : faults_of(report.at("results"))) out += fault_section(report, fault);
  return out;
}

// ---- cost and scale ---------------------------------------------------------------------------

struct CostFigure {
  const char* key;
  const char* title;
  const char* unit;
};
constexpr CostFigure kCostFigures[] = {
    {"processor_percent", "processor, % of one", "%"},
    {"interval_us", "processor time an interval, us", "us"},
    {"wakeups", "wake-ups a second", ""},
    {"octets", "octets sent a second", ""},
    {"pss_kib", "memory (PSS), KiB", "KiB"},
};

// A curve for each daemon: its medians over a number.
std::vector<Line> curves(const Report& report, const Report& results, const char* over,
                         const char* key) {
  std::vector<Line> out;
  for (const auto& daemon : participants(report.at("daemons"))) {
    Line line{daemon, style_of(report.at("daemons"), daemon), {}};
    for (const auto& result : results) {
      const auto median = result.at("daemon") == daemon ? median_of(result, key) : Report(nullptr);
      if (median.is_number()) line.points.emplace_back(result.at(over), median);
    }
    if (!line.points.empty()) out.push_back(std::move(line));
  }
  return out;
}

std::string cost_sections(const Report& report) {
  std::string head = "<th>a node, median</th><th>role</th><th>nodes</th>";
  for (const auto& figure : kCostFigures) head += tag("th", figure.title);
  auto rows = tag("tr", head);
  for (const auto& result : report.at("results")) {
    auto row = tag("th", text_of(result.at("daemon"))) + tag("td", text_of(result.at("role"))) +
               tag("td", text_of(result.at("nodes")));
    for (const auto& figure : kCostFigures) {
      row += tag("td", short_number(median_of(result, figure.key)));
    }
    rows += tag("tr", row);
  }
  auto out = "<section><h2>The cost of standing by</h2><p>While nothing happens: the owner has "
             "the addresses, the other has none.</p><div class=\"wide\"><table>" + rows +
             "</table></div></section>";
  auto owners = Report::array();
  for (const auto& result : report.at("results")) {
    if (result.at("role") == "owner") owners.push_back(result);
  }
  for (const auto& figure : kCostFigures) {
    out += tag("section", tag("h2", figure.title) + tag("p", "of the owner; medians") +
                              line_plot(curves(report, owners, "nodes", figure.key),
                                        figure.title, "nodes", figure.unit));
  }
  return out;
}

// Whole daemons in the simulator: the octets are exact, the time holds the simulator's own.
std::string crowd_sections(const Report& crowd) {
  constexpr CostFigure kCrowdFigures[] = {
      {"octets", "octets that a node sends a second", ""},
      {"datagrams", "announcements that a node sends a second", ""},
      {"interval_us", "processor time of a node an interval, us", "us"},
      {"settled_ms", "from the start of all to one owner of everything", "ms"},
  };
  std::string out;
  for (const auto& figure : kCrowdFigures) {
    Line line{"vippyd", "d0", {}};
    for (const auto& entry : crowd) {
      line.points.emplace_back(entry.at("nodes"), entry.at(figure.key));
    }
    out += tag("section", tag("h2", figure.title) + tag("p", "in the simulator, at 10 ms") +
                              line_plot({line}, figure.title, "nodes", figure.unit));
  }
  return out;
}

std::string scale_sections(const Report& report) {
  auto results = Report::array();
  auto daemons = Report::array();
  for (const auto& run : report.at("runs")) {
    // Whoever took part once has a curve.
    for (const auto& daemon : run.at("daemons")) {
      const auto same = std::find_if(daemons.begin(), daemons.end(), [&](const Report& one) {
        return one.at("name") == daemon.at("name");
      });
      if (same == daemons.end()) daemons.push_back(daemon);
      else if (daemon.at("skipped") == "") *same = daemon;
    }
    for (auto result : run.at("results")) {
      result["addresses"] = run.at("addresses");
      results.push_back(std::move(result));
    }
  }
  const Report all = {{"daemons", daemons}};
  std::string out = tag("section", tag("h2", "Daemons") + daemon_list(daemons));
  for (const auto& figure : figures()) {
    const auto lines = curves(all, results, "addresses", figure.key);
    if (lines.empty()) continue;
    out += tag("section", tag("h2", figure.title) + tag("p", "after the loss of the node that had "
               "all addresses; medians") + line_plot(lines, figure.title, "addresses",
               std::string(figure.key) == "lost" ? "" : "ms"));
  }
  out += "<section><h2>All figures</h2><pre>" + escape(table_of(report)) + "</pre></section>";
  if (report.contains("nodes_cost")) out += cost_sections(report.at("nodes_cost"));
  if (report.contains("crowd")) out += crowd_sections(report.at("crowd"));
  return out;
}

std::string sections(const Report& report) {
  if (report.at("kind") == "cost") return cost_sections(report);
  if (report.at("kind") == "scale") return scale_sections(report);
  return failover_sections(report);
}

std::string title_of(const Report& report) {
  if (report.at("kind") == "cost") return "What standing by costs";
  if (report.at("kind") == "scale") return "Many addresses, many nodes";
  return "How fast addresses come back";
}

}  // namespace

std::string ratio_text(const Report& median, const Report& keepalived) {
  if (!median.is_number() || !keepalived.is_number()) return {};
  const auto own = median.get<double>();
  const auto other = keepalived.get<double>();
  if (own <= 0 || other <= 0) return {};
  if (own * kSame < other) return short_number(other / own) + " \u00d7 shorter";
  if (other * kSame < own) return short_number(own / other) + " \u00d7 longer";
  return "same";
}

std::string html_of(const Report& report) {
  const auto title = title_of(report);
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>";
  out += tag("title", "vippy-perf: " + title) + tag("style", kPageStyle) + "</head><body><main>";
  out += "<header>" + tag("h1", title) + definitions(report.at("machine")) +
         definitions(report.at("settings"));
  if (report.contains("daemons")) out += daemon_list(report.at("daemons"));
  return out + "</header>" + sections(report) + "</main></body></html>\n";
}

}  // namespace vippy::lab
