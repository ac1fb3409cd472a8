// From samples to JSON, tables and pages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "perf/cost.h"
#include "perf/html.h"
#include "perf/svg.h"
#include "perf/table.h"

namespace vippy::lab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Report recorded(const std::string& name) {
  return Report::parse(read_file(std::string(VIPPY_SOURCE_DIR "/tests/perf/") + name));
}

TEST(FiguresTest, ASampleBecomesMillisecondsAndNulls) {
  Sample sample;
  sample.asked.gap = 1500us;
  sample.asked.lost.resize(3);
  sample.added = 2ms;
  sample.held.two = 250us;
  sample.held.is_two_at_end = true;
  const auto figures = figures_of(sample);
  EXPECT_EQ(figures["gap_ms"], 1.5);
  EXPECT_EQ(figures["lost"], 3);
  EXPECT_EQ(figures["address_ms"], 2.0);
  EXPECT_EQ(figures["two_ms"], 0.25);
  EXPECT_EQ(figures["two_stay"], true);
  EXPECT_TRUE(figures["answered_ms"].is_null());
  EXPECT_TRUE(figures["off_ms"].is_null());
}

TEST(FiguresTest, SummariesLeaveOutWhatIsMissing) {
  const auto samples = Report::parse(
      R"([{"gap_ms": 1, "off_ms": null}, {"gap_ms": 3, "off_ms": 5}, {"gap_ms": 2}])");
  const auto summary = summaries_of(samples);
  EXPECT_EQ(summary["gap_ms"]["median"], 2.0);
  EXPECT_EQ(summary["gap_ms"]["count"], 3U);
  EXPECT_EQ(summary["off_ms"]["count"], 1U);
  EXPECT_TRUE(summary["lost"].is_null());
}

TEST(NumberTest, ThreeDigitsCount) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.0123), "0.01");
  EXPECT_EQ(short_number(3.14159), "3.14");
  EXPECT_EQ(short_number(31.4159), "31.4");
  EXPECT_EQ(short_number(314.159), "314");
  EXPECT_EQ(short_number(1234567.8), "1,234,568");
  EXPECT_EQ(short_number(nullptr), "-");
}

TEST(RatioTest, IsSaidInWords) {
  EXPECT_EQ(ratio_text(1.0, 24.0), "24 \u00d7 shorter");
  EXPECT_EQ(ratio_text(3.0, 2.0), "1.50 \u00d7 longer");
  EXPECT_EQ(ratio_text(2.0, 2.02), "same");
  EXPECT_EQ(ratio_text(nullptr, 2.0), "");
  EXPECT_EQ(ratio_text(0.0, 2.0), "");
}

TEST(TableTest, SaysWhoIsSkippedWhatIsLackingAndWhatFailed) {
  const auto table = table_of(recorded("failover.json"));
  EXPECT_THAT(table, HasSubstr("ucarp: skipped: not installed\n"));
  EXPECT_THAT(table, HasSubstr("-  no drain: priorities are changed in the file instead"));
  EXPECT_THAT(table, HasSubstr("failed: waited 20000 ms in vain: another has it"));
  EXPECT_THAT(table, HasSubstr("cut-silently: the switch drops all of the node's frames"));
}

TEST(TableTest, CostAndScaleHaveTheirOwn) {
  EXPECT_THAT(table_of(recorded("cost.json")), HasSubstr("keepalived owner            2"));
  const auto scale = table_of(recorded("scale.json"));
  EXPECT_THAT(scale, HasSubstr("skipped: a vhid for 255 addresses at most"));
  EXPECT_THAT(scale, HasSubstr("vippy-lan owner"));
  EXPECT_THAT(scale, HasSubstr("vippyd, 10 ms               8           100        16,200"));
}

TEST(PageTest, WhatPeopleWroteCannotBreakIt) {
  const auto page = html_of(recorded("failover.json"));
  EXPECT_THAT(page, HasSubstr("a processor &lt;of&gt; &quot;some&quot; kind &amp; make"));
  EXPECT_THAT(page, Not(HasSubstr("<of>")));
}

TEST(PlotTest, EveryValueIsADotAndTheMedianABar) {
  const auto plot = strip_plot({{"one", "d0", {1, 2, 30}, "2 ms"}, {"none", "d1", {}, "why"}},
                               "title");
  std::size_t dots = 0;
  for (auto at = plot.find("<circle"); at != std::string::npos; at = plot.find("<circle", at + 1)) {
    ++dots;
  }
  EXPECT_EQ(dots, 3U);
  EXPECT_THAT(plot, HasSubstr("class=\"median d0\""));
  EXPECT_THAT(plot, HasSubstr(">10 ms</text>"));
  EXPECT_THAT(plot, HasSubstr(">why</text>"));
  EXPECT_THAT(plot, Not(HasSubstr("nan")));
}

TEST(PlotTest, ValuesOfNothingLieAtTheBeginning) {
  EXPECT_THAT(strip_plot({{"zero", "d0", {0, 0}, ""}}, "t"), Not(HasSubstr("nan")));
  EXPECT_THAT(strip_plot({{"zero", "d0", {0, 5}, ""}}, "t"), HasSubstr("cx=\"150.0\""));
  EXPECT_THAT(line_plot({{"zero", "d0", {{1, 0}}}}, "t", "n", "ms"), Not(HasSubstr("nan")));
}

TEST(CostTest, OctetsAreThoseThatTheInterfaceSent) {
  const std::string table =
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
      "    lo: 11 1 0 0 0 0 0 0 12 1 0 0 0 0 0 0\n"
      "  eth0: 21 2 0 0 0 0 0 0 4711 2 0 0 0 0 0 0\n";
  EXPECT_EQ(octets_sent(table, "eth0"), 4'711U);
  EXPECT_EQ(octets_sent(table, "lo"), 12U);
  EXPECT_EQ(octets_sent(table, "eth1"), 0U);
}

TEST(CostTest, OneThatRunsUsesSomethingAndOneThatIsGoneNothing) {
  const auto own = usage_of({::getpid()});
  EXPECT_GT(own.ran, 0ns);
  EXPECT_GT(own.pss_kib, 0U);
  EXPECT_EQ(usage_of({}).pss_kib, 0U);
}

}  // namespace
}  // namespace vippy::lab
