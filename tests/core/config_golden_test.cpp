// Walks tests/golden/config: each text reads to the print (.ok) or the problems (.err) beside it.
// VIPPY_UPDATE_GOLDEN=1 writes them anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/config.h"

namespace vippy::core {
namespace {

namespace fs = std::filesystem;

std::string read_whole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string problems_text(const ConfigReading& reading) {
  std::string text;
  for (const auto& problem : reading.problems) text += format(problem) + "\n";
  return text;
}

// Warnings first, as comments: the file stays readable as a configuration.
std::string ok_text(const ConfigReading& reading) {
  std::string text;
  for (const auto& problem : reading.problems) text += "// " + format(problem) + "\n";
  return text + print_config(*reading.config, SecretPrint::shown);
}

std::vector<fs::path> golden_inputs() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(VIPPY_SOURCE_DIR "/tests/golden/config")) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

TEST(ConfigGoldenTest, EachTextReadsAsWrittenBesideIt) {
  const bool is_update = std::getenv("VIPPY_UPDATE_GOLDEN") != nullptr;
  const auto inputs = golden_inputs();
  ASSERT_GE(inputs.size(), 20U);
  for (auto path : inputs) {
    const auto reading = read_config(read_whole(path));
    const auto got = reading.config ? ok_text(reading) : problems_text(reading);
    path.replace_extension(reading.config ? ".ok" : ".err");
    if (is_update) std::ofstream(path, std::ios::binary) << got;
    EXPECT_EQ(read_whole(path), got) << path;
    path.replace_extension(reading.config ? ".err" : ".ok");
    EXPECT_FALSE(fs::exists(path)) << path;
  }
}

TEST(ConfigGoldenTest, EachPrintReadsBackEqual) {
  for (auto path : golden_inputs()) {
    const auto reading = read_config(read_whole(path));
    path.replace_extension(".ok");
    if (!reading.config) continue;
    const auto again = read_config(read_whole(path));
    ASSERT_TRUE(again.config) << path << problems_text(again);
    EXPECT_EQ(*again.config, *reading.config) << path;
  }
}

}  // namespace
}  // namespace vippy::core
