#include "perf/table.h"

#include <fmt/format.h>

#include <cmath>

namespace vippy::lab {

namespace {

constexpr const char* kFailoverRow =
    "  {:<16}{:>17}{:>17}{:>17}{:>17}{:>17}{:>22}{:>17}{:>17}\n";

std::string with_commas(double value) {
  auto out = fmt::format("{:.0f}", value);
  for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) {
    out.insert(static_cast<std::size_t>(at), ",");
  }
  return out;
}

std::string notes(const Report& report) {
  std::string out;
  for (const auto& daemon : report.at("daemons")) {
    const auto skipped = daemon.at("skipped").get<std::string>();
    out += fmt::format("{}: {}\n", daemon.at("name").get<std::string>(),
                       skipped.empty() ? daemon.at("version").get<std::string>() + "; " +
                                             daemon.at("setting").get<std::string>()
                                       : "skipped: " + skipped);
  }
  return out;
}

std::string cell(const Report& summary, const char* key) {
  const auto& figure = summary.at(key);
  if (figure.is_null()) return "-";
  return fmt::format("{} / {}", short_number(figure.at("median")), short_number(figure.at("max")));
}

std::string failover_row(const Report& result) {
  const auto daemon = result.at("daemon").get<std::string>();
  const auto lacks = result.at("lacks").get<std::string>();
  if (!lacks.empty()) return fmt::format("  {:<16} -  {}\n", daemon, lacks);
  const auto& summary = result.at("summary");
  auto two = cell(summary, "two_ms");
  if (result.at("two_stay").get<std::size_t>() > 0) two += " stay";
  auto out = fmt::format(kFailoverRow, daemon,
                         cell(summary, "gap_ms"), cell(summary, "lost"),
                         cell(summary, "address_ms"), cell(summary, "answered_ms"),
                         cell(summary, "learnt_ms"), two, cell(summary, "none_ms"),
                         cell(summary, "stall_ms"));
  for (const auto& failure : result.at("failures")) {
    out += fmt::format("  {:<16} failed: {}\n", "", failure.get<std::string>());
  }
  return out;
}

std::string failover_table(const Report& report) {
  std::string out = notes(report);
  std::string fault;
  for (const auto& result : report.at("results")) {
    if (result.at("fault") != fault) {
      fault = result.at("fault");
      out += fmt::format("\n{}: {}\n", fault, result.at("story").get<std::string>());
      out += fmt::format(kFailoverRow, "median / max, ms", "client gap",
                         "requests lost", "new kernel", "answered", "neighbours", "two owners",
                         "no owner", "longest stall");
    }
    out += failover_row(result);
  }
  return out;
}

std::string cost_table(const Report& report) {
  auto out = notes(report) + fmt::format("\n  {:<22}{:>7}{:>12}{:>14}{:>14}{:>14}{:>12}\n",
                                         "a node, median", "nodes", "processor", "us/interval",
                                         "wake-ups/s", "octets/s", "PSS, KiB");
  for (const auto& result : report.at("results")) {
    const auto median = [&](const char* key) {
      const auto& figure = result.at("summary").at(key);
      return figure.is_null() ? std::string("-") : short_number(figure.at("median"));
    };
    const auto who =
        result.at("daemon").get<std::string>() + " " + result.at("role").get<std::string>();
    out += fmt::format("  {:<22}{:>7}{:>10} %{:>14}{:>14}{:>14}{:>12}\n", who,
                       result.at("nodes").get<unsigned>(),
                       median("processor_percent"), median("interval_us"), median("wakeups"),
                       median("octets"), median("pss_kib"));
  }
  return out;
}

std::string crowd_table(const Report& crowd) {
  auto out = fmt::format("  {:<22}{:>7}{:>14}{:>14}{:>14}{:>14}\n", "a node, simulated", "nodes",
                         "announced/s", "octets/s", "us/interval", "settled, ms");
  for (const auto& entry : crowd) {
    out += fmt::format("  {:<22}{:>7}{:>14}{:>14}{:>14}{:>14}\n", "vippyd, 10 ms",
                       entry.at("nodes").get<unsigned>(), short_number(entry.at("datagrams")),
                       short_number(entry.at("octets")), short_number(entry.at("interval_us")),
                       short_number(entry.at("settled_ms")));
  }
  return out;
}

std::string scale_table(const Report& report) {
  auto out = fmt::format("  {:<16}{:>10}{:>18}{:>18}{:>18}\n", "median / max, ms", "addresses",
                         "answered", "new kernel", "neighbours");
  for (const auto& run : report.at("runs")) {
    for (const auto& result : run.at("results")) {
      out += fmt::format("  {:<16}{:>10}{:>18}{:>18}{:>18}\n",
                         result.at("daemon").get<std::string>(), short_number(run.at("addresses")),
                         cell(result.at("summary"), "answered_ms"),
                         cell(result.at("summary"), "address_ms"),
                         cell(result.at("summary"), "learnt_ms"));
      for (const auto& failure : result.at("failures")) {
        out += fmt::format("  {:<16} failed: {}\n", "", failure.get<std::string>());
      }
    }
    for (const auto& daemon : run.at("daemons")) {
      if (daemon.at("skipped") == "") continue;
      out += fmt::format("  {:<16}{:>10}  skipped: {}\n", daemon.at("name").get<std::string>(),
                         short_number(run.at("addresses")),
                         daemon.at("skipped").get<std::string>());
    }
  }
  if (report.contains("nodes_cost")) out += "\n" + cost_table(report.at("nodes_cost"));
  if (report.contains("crowd")) out += "\n" + crowd_table(report.at("crowd"));
  return out;
}

}  // namespace

std::string short_number(const Report& value) {
  if (!value.is_number()) return "-";
  const auto number = value.get<double>();
  const auto size = std::abs(number);
  if (size >= 99.95) return with_commas(number);
  if (number == std::floor(number)) return fmt::format("{:.0f}", number);
  if (size >= 9.995) return fmt::format("{:.1f}", number);
  return fmt::format("{:.2f}", number);
}

std::string table_of(const Report& report) {
  if (report.at("kind") == "cost") return cost_table(report);
  if (report.at("kind") == "scale") return scale_table(report);
  return failover_table(report);
}

}  // namespace vippy::lab
