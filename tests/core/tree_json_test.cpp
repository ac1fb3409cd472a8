#include "core/tree_json.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace vippy::core {
namespace {

TEST(TreeJsonTest, KnowsWhereEachValueStands) {
  const std::string_view text = R"({ 'n': "it\u0041", "list": [ 1.5, {"x y": true} ], "z": null })";
  const auto root = read_tree(text);
  ASSERT_TRUE(root) << root.error().text;
  EXPECT_EQ(root->find("n")->text, "itA");
  EXPECT_EQ(root->find("n")->offset, text.find("\"it"));
  EXPECT_EQ(root->find("n")->key_offset, text.find("'n'"));
  const auto& list = *root->find("list");
  EXPECT_EQ(list.children[0].number, 1.5);
  EXPECT_EQ(list.children[0].text, "1.5");
  EXPECT_EQ(list.children[1].children[0].offset, text.find("true"));
  EXPECT_EQ(root->find("nothing"), nullptr);
  EXPECT_EQ(list.find("n"), nullptr);
}

TEST(TreeJsonTest, NamesThePathOfEachPlace) {
  const std::string_view text = R"({"a": [[], [1, {"b": 2, "c d": 3}]], "arp-cache": {"e": {}}})";
  const auto root = read_tree(text);
  ASSERT_TRUE(root);
  EXPECT_EQ(path_at(*root, 0), "");
  EXPECT_EQ(path_at(*root, text.find("\"a\"")), "a");
  EXPECT_EQ(path_at(*root, text.find('1')), "a[1][0]");
  EXPECT_EQ(path_at(*root, text.find('2')), "a[1][1].b");
  EXPECT_EQ(path_at(*root, text.find("\"c d\"")), "a[1][1][\"c d\"]");
  EXPECT_EQ(path_at(*root, text.find('3')), "a[1][1][\"c d\"]");
  EXPECT_EQ(path_at(*root, text.find("{}")), "arp-cache.e");
}

TEST(TreeJsonTest, PrintsCompactlyAsJavaScriptDoes) {
  const auto root = read_tree(R"({"a" : [ 1.0, -0, 1E3, "\u0041\/" , {} , [] ], 'b': false, })");
  ASSERT_TRUE(root);
  std::string text;
  append_compact(text, *root);
  EXPECT_EQ(text, R"({"a":[1,0,1000,"A/",{},[]],"b":false})");
}

TEST(TreeJsonTest, RefusesWhatNoValueCanHold) {
  const std::pair<std::string, std::size_t> cases[] = {
      {"{\"a\": \"\xff\"}", 7}, {R"({"a": "\udc00"})", 6}, {R"({"\ud800": 1})", 1},
      {R"({"a": 1e400})", 6},   {"\xfe\xff", 0},
  };
  for (const auto& [text, offset] : cases) {
    const auto root = read_tree(text);
    ASSERT_FALSE(root) << text;
    EXPECT_EQ(root.error().offset, offset) << root.error().text;
  }
}

TEST(TreeJsonTest, BoundsDepthAndCount) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\": " + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(read_tree(nested(kJsonDepthMax - 1)));
  EXPECT_FALSE(read_tree(nested(kJsonDepthMax)));
  std::string many = "{\"a\": [0";
  for (std::size_t i = 0; i < kConfigValuesMax; ++i) many += ",0";
  const auto root = read_tree(many + "]}");
  ASSERT_FALSE(root);
  EXPECT_NE(root.error().text.find("more than 524288 values"), std::string::npos);
}

}  // namespace
}  // namespace vippy::core
