// Network namespaces for tests: a kernel of one's own, gone with the process.
//
// Purpose: interfaces, addresses and neighbours that no test shares with another or with the host.
// Errors:  a test that cannot have a namespace fails and says what it needs; it is never skipped.
// Order:   single-threaded test programs: a namespace belongs to the thread.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace vippy::support {

// A network namespace, kept alive by this value.
class Netns {
 public:
  // Makes a fresh one, with loopback up, and enters it. Fails the test where that is refused.
  static Netns fresh();
  // The one that the caller is in.
  static Netns current();

  Netns(Netns&& other) noexcept;
  Netns& operator=(Netns&& other) noexcept;
  ~Netns();

  // Runs `body` in this namespace and returns to the caller's.
  void run(const std::function<void()>& body) const;
  void enter() const;
  // For `ip link set ... netns <this>`.
  [[nodiscard]] std::string path() const;

 private:
  explicit Netns(int fd) : fd_(fd) {}
  int fd_ = -1;
};

// Runs a command line, words separated by spaces; fails the test when it fails.
void run(const std::string& command);
// The same, and the answer is whether it worked; its complaints are dropped.
bool try_run(const std::string& command);

void write_file(const std::string& path, const std::string& text);
std::string read_file(const std::string& path);

// Runs `body` in a forked child; its exit code: 0 when it returned true.
int run_in_child(const std::function<bool()>& body);

// A directory that is removed with its contents.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace vippy::support
