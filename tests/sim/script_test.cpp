#include "tests/sim/script.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace vippy::sim {
namespace {

using namespace std::chrono_literals;

std::string read(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

std::vector<std::filesystem::path> scenarios() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry :
       std::filesystem::directory_iterator(VIPPY_SOURCE_DIR "/tests/sim/scenarios")) {
    if (entry.path().extension() == ".vippy") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST(ScriptTest, EveryScenarioTellsTheStoryThatIsWrittenBesideIt) {
  ASSERT_GE(scenarios().size(), 8U);
  for (const auto& path : scenarios()) {
    const auto script = parse_script(read(path));
    ASSERT_TRUE(script) << path << ":" << script.error().line << ": " << script.error().text;
    const auto result = run_script(*script);
    ASSERT_TRUE(result) << path << ":" << result.error().line << ": " << result.error().text;
    EXPECT_EQ(result->failures, 0U) << path << "\n" << result->story;
    auto beside = path;
    beside.replace_extension(".expected");
    EXPECT_EQ(result->story, read(beside))
        << path << ": if this is right: vippy-sim --scenario FILE --bless";
  }
}

TEST(ScriptTest, ABrokenExpectationIsAFailureAndIsInTheStory) {
  const auto script = parse_script(
      "file a version 1\ngroup n2 10.0.100.1/16\nat 0s start all\n"
      "at 4s expect 10.0.100.1/16 on n1\nat 4s expect-said n2 started as n2,\n"
      "at 4s expect-said n1 started as n2,\n");
  ASSERT_TRUE(script);
  const auto result = run_script(*script);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->failures, 2U);
  EXPECT_NE(result->story.find("NOT as expected: 10.0.100.1/16 is on n1 (found: n2)"),
            std::string::npos)
      << result->story;
  EXPECT_NE(result->story.find("NOT as expected: n1 says: started as n2,"), std::string::npos)
      << result->story;
}

TEST(ScriptTest, AViolationIsAFailureAndIsInTheStory) {
  const auto script = parse_script(
      "nodes 2\nfile a version 1\ngroup n2 10.0.100.1/16\nat 0s start all\nat 4s cut n1 n2\n"
      "at 6s peace 100ms\nuntil 7s\n");
  ASSERT_TRUE(script);
  const auto result = run_script(*script);
  ASSERT_TRUE(result);
  EXPECT_GT(result->failures, 0U);
  EXPECT_NE(result->story.find("CHECK one_owner: 10.0.100.1/16 is on n1 n2"), std::string::npos)
      << result->story;
}

std::string error_of(const std::string& text) {
  const auto script = parse_script(text);
  if (!script) return std::to_string(script.error().line) + ": " + script.error().text;
  const auto result = run_script(*script);
  return result ? "" : std::to_string(result.error().line) + ": " + result.error().text;
}

TEST(ScriptTest, WhatIsWrongIsSaidWithItsLine) {
  const std::string good = "file a version 1\ngroup - 10.0.100.1/16\n";
  EXPECT_EQ(error_of(good + "at 1s start all"), "");
  EXPECT_EQ(error_of(""), "0: no file: file NAME version NUMBER, then its groups");
  EXPECT_EQ(error_of("group - 10.0.0.1/16"),
            "1: a group belongs to the file above it: there is none");
  EXPECT_EQ(error_of("\nnodes 0"), "2: nodes: expected 1 to 64");
  EXPECT_EQ(error_of("interval 5"), "1: interval: expected a duration like 20ms");
  EXPECT_EQ(error_of("colour red"), "1: unknown key colour");
  EXPECT_EQ(error_of("file a version x"), "1: expected: file NAME version NUMBER");
  EXPECT_EQ(error_of(good + "file a version 2"), "3: there is a file a already");
  EXPECT_EQ(error_of(good + "group - 10.0.0.1.2"), "3: 10.0.0.1.2 is no ADDRESS/LENGTH");
  EXPECT_EQ(error_of(good + "at 2s heal\nat 1s heal"), "4: this is earlier than the line before");
  EXPECT_EQ(error_of(good + "at 1s dance n1"), "3: unknown command dance");
  EXPECT_EQ(error_of(good + "at 1s kill n9"), "3: n9 is no machine");
  EXPECT_EQ(error_of(good + "at 1s link n1 sideways"), "3: expected: link MACHINE up|down");
  EXPECT_EQ(error_of(good + "at 1s run-as n1 n9"), "3: expected: run-as MACHINE NODE");
  EXPECT_EQ(error_of(good + "at 1s expect-said n1"), "3: expected: expect-said MACHINE WORDS...");
  EXPECT_EQ(error_of(good + "at 1s file n1 b"),
            "3: expected: file MACHINE NAME, with a file of that name above");
}

TEST(ScriptTest, DurationsHaveAUnit) {
  Duration out{};
  EXPECT_TRUE(parse_duration("1.5s", out) && out == 1500ms);
  EXPECT_TRUE(parse_duration("20ms", out) && out == 20ms);
  EXPECT_TRUE(parse_duration("300us", out) && out == 300us);
  EXPECT_FALSE(parse_duration("3", out));
  EXPECT_FALSE(parse_duration("-3s", out));
  EXPECT_FALSE(parse_duration("s", out));
}

}  // namespace
}  // namespace vippy::sim
