#include "config_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "core/limits.h"
#include "core/wire2.h"

namespace vippy::hall {
namespace {

class ConfigFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "vippy_config_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& text) const {
    std::ofstream(path("conf"), std::ios::binary) << text;
    return path("conf");
  }

  std::string folder_;
};

TEST_F(ConfigFileTest, ReadsTheWholeFileAndItsMode) {
  std::string text("a\0b\n", 4);
  text.resize(100'004, 'x');
  const auto name = write(text);
  ASSERT_EQ(::chmod(name.c_str(), 0640), 0);
  const auto file = read_config_file(name);
  ASSERT_TRUE(file) << file.error().text;
  EXPECT_TRUE(file->text == text);
  EXPECT_EQ(file->facts.mode, 0640U);
  EXPECT_EQ(file->facts.path, name);
  EXPECT_FALSE(file->facts.is_owned_by_stranger);
}

TEST_F(ConfigFileTest, SaysThatThereIsNoFile) {
  const auto file = read_config_file(path("nothing"));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().os_error, ENOENT);
  EXPECT_NE(file.error().text.find("/nothing: ENOENT: there is no such file"), std::string::npos);
  EXPECT_EQ(read_config_file(write("x") + "/below").error().os_error, ENOTDIR);
  EXPECT_FALSE(read_config_file(""));
}

TEST_F(ConfigFileTest, RefusesFoldersFifosAndDevicesWithoutWaiting) {
  EXPECT_NE(read_config_file(folder_).error().text.find("this is a folder"), std::string::npos);
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_NE(read_config_file(path("fifo")).error().text.find("no regular file"), std::string::npos);
  EXPECT_FALSE(read_config_file("/dev/zero"));
}

TEST_F(ConfigFileTest, RefusesAFileThatIsTooLarge) {
  const auto name = write("");
  ASSERT_EQ(::truncate(name.c_str(), core::kConfigOctetsMax + 1), 0);
  EXPECT_NE(read_config_file(name).error().text.find("larger than 16777216"), std::string::npos);
  ASSERT_EQ(::truncate(name.c_str(), core::kConfigOctetsMax), 0);
  EXPECT_TRUE(read_config_file(name));
}

TEST_F(ConfigFileTest, SaysThatItMayNotBeRead) {
  const auto name = write("x");
  ASSERT_EQ(::chmod(name.c_str(), 0), 0);
  const auto file = read_config_file(name);
  if (file) return;  // root reads everything
  EXPECT_EQ(file.error().os_error, EACCES);
}

TEST_F(ConfigFileTest, KnowsWhetherTheFolderOfAFileIsThere) {
  EXPECT_TRUE(has_folder(path("socket")));
  EXPECT_FALSE(has_folder(path("nowhere/socket")));
  EXPECT_FALSE(has_folder(write("x") + "/socket"));
  EXPECT_TRUE(has_folder("/socket"));
  EXPECT_TRUE(has_folder("socket"));
}

TEST_F(ConfigFileTest, ALookTellsWhatTheFileIsAndSinceWhen) {
  const auto name = write("one");
  ConfigFileWatch watch(name);
  EXPECT_EQ(watch.look().digest, core::content_digest("one"));
  write("two");
  std::filesystem::last_write_time(name, std::filesystem::file_time_type::clock::now() -
                                             std::chrono::hours(1));
  EXPECT_EQ(watch.look().digest, core::content_digest("two"));
  EXPECT_GE(watch.look().age, std::chrono::minutes(59));
  write("one");
  EXPECT_EQ(watch.look().digest, core::content_digest("one")) << "it was put back";
  std::filesystem::remove(name);
  EXPECT_EQ(watch.look().digest, 0U);
}

}  // namespace
}  // namespace vippy::hall
