// A daemon for vippyctl's tests: a Unix socket in a folder of its own, one handler for requests.
//
// Purpose: real bytes over a real socket, whatever they are.
// Errors:  what cannot be set up ends the test program: nothing could be tested.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace vippy::ctl {

// A folder that is removed with what is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// What is sent back for a request's text.
using Handler = std::function<std::string(const std::string& request)>;
enum class After { close, hang };  // hang: wait until the client goes away

class FakeDaemon {
 public:
  explicit FakeDaemon(Handler handler, After after = After::close);
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;
  ~FakeDaemon();

  [[nodiscard]] std::string socket() const { return folder_.file("socket"); }

 private:
  void serve();

  TemporaryFolder folder_;
  Handler handler_;
  After after_;
  int listener_;
  std::atomic<bool> is_stopping_ = false;
  std::thread thread_;
};

// "HTTP/1.1 200 OK" and the body.
[[nodiscard]] std::string http_reply(const std::string& body, const char* status = "200 OK");

struct Finished {
  int exit = -1;  // -1: killed by a signal
  std::string out;
  std::string err;
};

// Runs the vippyctl that was built.
[[nodiscard]] Finished vippyctl(const std::vector<std::string>& arguments);

// The same with a terminal as its standard output.
[[nodiscard]] Finished vippyctl_on_terminal(const std::vector<std::string>& arguments);

}  // namespace vippy::ctl
