#include "core/json_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace vippy::core {
namespace {

std::string json(std::string_view text) {
  std::string result;
  append_json_string(result, text);
  return result;
}

std::string json(double number) {
  std::string result;
  append_json_number(result, number);
  return result;
}

// The expected texts are what node's JSON.stringify printed.
TEST(JsonTextTest, WritesStringsAsJavaScriptDoes) {
  using namespace std::string_view_literals;
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", R"("")"},
      {"10.0.0.1", R"("10.0.0.1")"},
      {"a\"b\\c/d", R"("a\"b\\c/d")"},
      {"\b\t\n\f\r", R"("\b\t\n\f\r")"},
      {"\0\x01\x1f\x7f"sv, "\"\\u0000\\u0001\\u001f\x7f\""},
      {"kn\xc3\xb6ten \xf0\x9f\x98\x80 \xe2\x80\xa8",
       "\"kn\xc3\xb6ten \xf0\x9f\x98\x80 \xe2\x80\xa8\""},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(json(text), expected);
}

TEST(JsonTextTest, WritesNumbersAsJavaScriptDoes) {
  const std::pair<double, std::string_view> cases[] = {
      {0, "0"},
      {-0.0, "0"},
      {1, "1"},
      {-1.5, "-1.5"},
      {100, "100"},
      {0.1, "0.1"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1.25e22, "1.25e+22"},
      {0.000001, "0.000001"},
      {0.0000001, "1e-7"},
      {1.5e-9, "1.5e-9"},
      {9007199254740991.0, "9007199254740991"},
      {123456789.125, "123456789.125"},
      {5e-324, "5e-324"},
      {std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
  };
  for (const auto& [number, expected] : cases) EXPECT_EQ(json(number), expected);
}

TEST(JsonTextTest, FindsTheFirstOctetThatIsNotUtf8) {
  const std::pair<std::string_view, std::size_t> cases[] = {
      {"", std::string_view::npos},
      {"abc", std::string_view::npos},
      {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", std::string_view::npos},
      {"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80", std::string_view::npos},
      {"ab\xff", 2},
      {"a\x80", 1},
      {"\xc3", 0},
      {"\xc0\x80", 0},
      {"x\xe0\x9f\xbf", 1},
      {"\xed\xa0\x80", 0},
      {"\xf0\x8f\xbf\xbf", 0},
      {"\xf4\x90\x80\x80", 0},
      {"ab\xe2\x82", 2},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(first_bad_utf8(text), expected);
}

TEST(JsonTextTest, ListsAreWithoutSpaces) {
  std::string out;
  append_json_strings(out, {});
  append_json_strings(out, {"a", "b\""});
  EXPECT_EQ(out, "[][\"a\",\"b\\\"\"]");
}

}  // namespace
}  // namespace vippy::core
