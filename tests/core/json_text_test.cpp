#include "core/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/rng.h"

namespace vippy::core {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonTextTest, EscapesAsStringifyDoes) {
  EXPECT_EQ(json(""), "\"\"");
  EXPECT_EQ(json("a/b'c"), "\"a/b'c\"");
  EXPECT_EQ(json("\"\\"), R"("\"\\")");
  EXPECT_EQ(json("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json(std::string_view("\0\x01\x0b\x1f\x7f", 5)),
            "\"\\u0000\\u0001\\u000b\\u001f\x7f\"");
  EXPECT_EQ(json("\u00dcnode1 \u2028 \U0001f600"), "\"\u00dcnode1 \u2028 \U0001f600\"");
}

TEST(JsonTextTest, ReplacesEachIllFormedPart) {
  EXPECT_EQ(json("\x80"), "\"\ufffd\"");
  EXPECT_EQ(json("\xc0\xaf"), "\"\ufffd\ufffd\"");
  EXPECT_EQ(json("\xe2\x82"), "\"\ufffd\"");
  EXPECT_EQ(json("\xe2\x82 \xf0\x9f\x98z"), "\"\ufffd \ufffdz\"");
  EXPECT_EQ(json("\xed\xa0\x80"), "\"\ufffd\ufffd\ufffd\"");
  EXPECT_EQ(json("\xf4\x90\x80\x80\xff"), "\"\ufffd\ufffd\ufffd\ufffd\ufffd\"");
}

TEST(JsonTextTest, IsAlwaysValidJson) {
  Rng rng(3);
  for (int i = 0; i < 5000; ++i) {
    std::string text(rng.below(12), '\0');
    for (auto& c : text) c = static_cast<char>(rng.below(128) + (rng.chance(1, 2) ? 128 : 0));
    const auto read = nlohmann::json::parse(json(text), nullptr, false);
    ASSERT_TRUE(read.is_string()) << json(text);
  }
}

}  // namespace
}  // namespace vippy::core
