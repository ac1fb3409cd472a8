// One real vippyd: its files, its process, what it says.
//
// Purpose: start, stop, kill, freeze and reload a daemon in a network namespace; read its log;
//          ask its management socket.
// Errors:  std::runtime_error when it does not answer; Timeout.
// Order:   one process at a time; the log goes on over restarts.
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/net_space.h"

namespace vippy::lab {

using Json = nlohmann::json;

// A file that the build made: "vippyd", "vippyctl".
[[nodiscard]] std::string built_program(const std::string& name);

// One HTTP request on a Unix socket; the body of the answer, or nullopt.
[[nodiscard]] std::optional<std::string> http_get(const std::string& socket,
                                                  const std::string& target);
// A connection to a Unix socket, blocking; -1 when nobody listens.
[[nodiscard]] int connect_unix(const std::string& socket);

class VippydProcess {
 public:
  VippydProcess(const NetSpace& space, std::string name, std::string loop);
  ~VippydProcess();
  VippydProcess(const VippydProcess&) = delete;
  VippydProcess& operator=(const VippydProcess&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const NetSpace& space() const { return space_; }
  [[nodiscard]] std::string config_file() const { return file(".json"); }
  [[nodiscard]] std::string socket() const { return file(".sock"); }
  [[nodiscard]] std::string log_file() const { return file(".log"); }
  [[nodiscard]] pid_t pid() const { return pid_; }

  // Writes the file; `management` is filled in when it is missing.
  void write_config(Json config);
  void write_text(const std::string& text);

  void start();
  int stop();        // SIGTERM; the exit code
  void kill();       // SIGKILL, and it is gone when this returns
  void freeze();     // SIGSTOP
  void thaw();       // SIGCONT
  void reload();     // SIGHUP
  int wait_exit();   // it ends by itself
  [[nodiscard]] bool is_running() const { return pid_ > 0; }

  [[nodiscard]] std::string log() const;
  // The part of the log since the last mark_log().
  [[nodiscard]] std::string new_log() const { return log().substr(log_mark_); }
  void mark_log() { log_mark_ = log().size(); }
  // Waits for a line; "?" stands for anything.
  void wait_log(const std::string& part) const;

  [[nodiscard]] std::optional<Json> status() const;
  // Waits for an answer.
  [[nodiscard]] Json must_status() const;
  [[nodiscard]] std::string ctl(const std::string& command) const;  // vippyctl's output

 private:
  [[nodiscard]] std::string file(const std::string& ending) const;
  void signal(int number) const;

  const NetSpace& space_;
  std::string name_;
  std::string loop_;
  std::string socket_;
  pid_t pid_ = -1;
  std::size_t log_mark_ = 0;
};

}  // namespace vippy::lab
