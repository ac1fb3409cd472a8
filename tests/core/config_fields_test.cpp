#include "core/config_fields.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// One value `x`, its log, and what the log says.
struct Field {
  explicit Field(const std::string& value)
      : text("{\"x\": " + value + "}"), root(*read_tree(text)), log(text, root) {}
  [[nodiscard]] const JsonNode& node() const { return *root.find("x"); }
  std::string problem() {
    const auto problems = log.take();
    return problems.empty() ? "" : problems[0].text;
  }

  std::string text;
  JsonNode root;
  ProblemLog log;
};

TEST(ConfigFieldsTest, SecondsAreRoundedToNanoseconds) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"0.2", 200'000'000},        {"\"90\"", 90'000'000'000},  {"1e-3", 1'000'000},
      {"3600", 3'600'000'000'000}, {"0.0010000004", 1'000'000}, {"0.0010000006", 1'000'001},
  };
  for (const auto& [value, expected] : cases) {
    Field field(value);
    const auto read = read_seconds(field.node(), milliseconds(1), hours(1), field.log);
    ASSERT_TRUE(read) << value << field.problem();
    EXPECT_EQ(*read, nanoseconds(expected));
  }
}

TEST(ConfigFieldsTest, SecondsOutOfBoundsAreRefused) {
  for (const auto* value : {"0", "-1", "3600.1", "1e300", "\"\"", "\"1 \"", "\" 1\"", "\"inf\"",
                            "\"0x1\"", "\"1e999\"", "true", "null", "[1]", "{}"}) {
    Field field(value);
    EXPECT_FALSE(read_seconds(field.node(), milliseconds(1), hours(1), field.log)) << value;
    EXPECT_NE(field.problem().find("wants seconds from 0.001 to 3600"), std::string::npos);
  }
}

TEST(ConfigFieldsTest, SecondsPrintWithoutTrailingZeros) {
  EXPECT_EQ(format_seconds(nanoseconds(0)), "0");
  EXPECT_EQ(format_seconds(nanoseconds(1)), "0.000000001");
  EXPECT_EQ(format_seconds(milliseconds(1'250)), "1.25");
  EXPECT_EQ(format_seconds(hours(24)), "86400");
}

TEST(ConfigFieldsTest, TextIsBoundedAndPrintable) {
  Field good(
      "\"n\xc3\xb6"
      "de\"");
  EXPECT_EQ(read_text(good.node(), "a name", 5, good.log),
            "n\xc3\xb6"
            "de");
  for (const auto* value :
       {"\"\"", "\"sixsix\"", "\"a\\u0000\"", "\"\\u007f\"", "\"\\u0085\"", "1"}) {
    Field field(value);
    EXPECT_FALSE(read_text(field.node(), "a name", 5, field.log)) << value;
    EXPECT_NE(field.problem().find("wants a name"), std::string::npos);
  }
}

TEST(ConfigFieldsTest, InterfacesMayBeUnknownButNotOdd) {
  Field unknown("\"\"");
  EXPECT_EQ(read_interface(unknown.node(), unknown.log), "");
  EXPECT_FALSE(unknown.log.has_errors());
  EXPECT_NE(unknown.problem().find("the name is empty"), std::string::npos);
  Field good("\"net0:1\"");
  EXPECT_EQ(read_interface(good.node(), good.log), "net0:1");
  for (const auto* value : {"\"eth 0\"", "\"../x\"", "7", "\"a234567890123456789012345678901x\""}) {
    Field field(value);
    EXPECT_FALSE(read_interface(field.node(), field.log)) << value;
    EXPECT_TRUE(field.log.has_errors());
  }
}

TEST(ConfigFieldsTest, IntegersAreWhole) {
  Field good("1e3");
  EXPECT_EQ(read_integer(good.node(), 1, 1'000, good.log), 1'000U);
  for (const auto* value : {"0", "1001", "1.5", "-1", "\"7\"", "1e300"}) {
    Field field(value);
    EXPECT_FALSE(read_integer(field.node(), 1, 1'000, field.log)) << value;
    EXPECT_NE(field.problem().find("wants a whole number from 1 to 1000"), std::string::npos);
  }
}

TEST(ConfigFieldsTest, ChoicesSuggestTheNearest) {
  static constexpr std::array<std::string_view, 2> kChoices = {"console", "syslog"};
  Field good("\"syslog\"");
  EXPECT_EQ(read_choice(good.node(), kChoices, good.log), 1U);
  Field near("\"Syslog\"");
  EXPECT_FALSE(read_choice(near.node(), kChoices, near.log));
  EXPECT_EQ(near.problem(),
            "found \"Syslog\", wants \"console\" or \"syslog\"; did you mean \"syslog\"?");
}

TEST(ConfigFieldsTest, SecondsWithAUnitAreRefusedWithTheNumberToWrite) {
  const std::pair<const char*, const char*> cases[] = {
      {"\"2s\"", "2"}, {"\"250 ms\"", "0.25"}, {"\"1.5 min\"", "90"}, {"\"1h\"", "3600"}};
  for (const auto& [value, number] : cases) {
    Field field(value);
    EXPECT_FALSE(read_seconds(field.node(), milliseconds(1), hours(1), field.log)) << value;
    const auto wanted = std::string("wants seconds from 0.001 to 3600, a number without a unit: "
                                    "write ") + number;
    EXPECT_TRUE(field.problem().ends_with(wanted)) << field.problem();
  }
  for (const auto* value : {"\"2 parsecs\"", "\"s\"", "\"-2s\"", "\"1e300h\""}) {
    Field field(value);
    EXPECT_FALSE(read_seconds(field.node(), milliseconds(1), hours(1), field.log)) << value;
    EXPECT_EQ(field.problem().find("unit"), std::string::npos) << field.problem();
  }
}

}  // namespace
}  // namespace vippy::core
