#include "core/relaxed_json.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

std::string relaxed(std::string_view text) {
  const auto result = relax_json(text);
  return result ? result->json : "problem: " + result.error().text;
}

TEST(RelaxedJsonTest, LeavesStrictJsonAlone) {
  const std::string_view text = R"({"a": [1, -2.5e+3, true, null, "x\n\u00e4"], "b": {}})";
  EXPECT_EQ(relaxed(text), text);
}

TEST(RelaxedJsonTest, BlanksCommentsAndTrailingCommas) {
  EXPECT_EQ(relaxed("{// c\n\"a\":1,}"), "{    \n\"a\":1 }");
  EXPECT_EQ(relaxed("{# c\r\n\"a\":[1,/* } */],}"), "{   \r\n\"a\":[1        ] }");
  EXPECT_EQ(relaxed("{} // no line end"), "{}               ");
  EXPECT_EQ(relaxed("{\"a\":\"// # /* no comment\"}"), "{\"a\":\"// # /* no comment\"}");
}

TEST(RelaxedJsonTest, TurnsSingleQuotesIntoDoubleOnes) {
  EXPECT_EQ(relaxed(R"({'a': 'node2'})"), R"({"a": "node2"})");
  EXPECT_EQ(relaxed(R"({'a': 'say "so"'})"), R"({"a": "say \"so\""})");
  EXPECT_EQ(relaxed(R"({'a': 'it\'s \\ \"'})"), R"({"a": "it's \\ \""})");
}

TEST(RelaxedJsonTest, TracesPlacesBack) {
  const std::string_view text = R"({'a': 'x"y\'z', 'key': 7})";
  const auto result = relax_json(text);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->origin(0), 0U);
  EXPECT_EQ(result->origin(result->json.find("key")), text.find("key"));
  EXPECT_EQ(result->origin(result->json.find('7')), text.find('7'));
  EXPECT_EQ(result->origin(result->json.find('z')), text.find('z'));
}

TEST(RelaxedJsonTest, SkipsAByteOrderMark) {
  const auto result = relax_json("\xef\xbb\xbf{}");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->json, "   {}");
}

TEST(RelaxedJsonTest, RefusesWhatIsNeither) {
  const std::pair<std::string_view, std::size_t> cases[] = {
      {"", 0},
      {"// only this", 0},
      {"[]", 0},
      {"7", 0},
      {"\"a\"", 0},
      {"{", 0},
      {"{\"a\"}", 4},
      {"{\"a\":}", 5},
      {"{\"a\":1 \"b\":2}", 7},
      {"{,}", 1},
      {"{\"a\":1,,}", 7},
      {"{\"a\":[,]}", 6},
      {"{\"a\":[1}", 7},
      {"{\"a\":1]", 6},
      {"{}}", 2},
      {"{}x", 2},
      {"{\"a\":+1}", 5},
      {"{\"a\":.5}", 5},
      {"{\"a\":1.}", 5},
      {"{\"a\":0x10}", 5},
      {"{\"a\":-}", 5},
      {"{\"a\":1e}", 5},
      {"{\"a\":NaN}", 5},
      {"{\"a\":True}", 5},
      {"{\"a\":\"x\ny\"}", 5},
      {"{\"a\":\"x\ty\"}", 7},
      {"{\"a\":\"\\'\"}", 6},
      {"{\"a\":\"\\u12g4\"}", 6},
      {"{\"a\":\"\\", 6},
      {"{\"a\":'x\"}", 5},
      {"{/*", 1},
      {"{/}", 1},
      {"{\"a\":tr/**/ue}", 5},
  };
  for (const auto& [text, offset] : cases) {
    const auto result = relax_json(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().offset, offset) << text << ": " << result.error().text;
    EXPECT_NE(result.error().text.find("wants "), std::string::npos) << result.error().text;
  }
}

TEST(RelaxedJsonTest, LinesAndColumnsCountFromOne) {
  const LineIndex lines("ab\n\ncd");
  EXPECT_EQ(lines.place(0).line, 1U);
  EXPECT_EQ(lines.place(2).column, 3U);
  EXPECT_EQ(lines.place(3).line, 2U);
  EXPECT_EQ(lines.place(5).line, 3U);
  EXPECT_EQ(lines.place(5).column, 2U);
}

}  // namespace
}  // namespace vippy::core
