// One program of a node: its files, its process, what it says.
//
// Purpose: start, stop, kill and freeze a daemon in a network namespace; read its log.
// Errors:  std::runtime_error when it is not running; Timeout.
// Order:   one process at a time; the log goes on over restarts; killed with the value.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/support/net_space.h"

namespace vippy::lab {

class NodeProcess {
 public:
  NodeProcess(const NetSpace& space, std::string name);
  virtual ~NodeProcess();
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const NetSpace& space() const { return space_; }
  // A path of its own in the world.
  [[nodiscard]] std::string file(const std::string& ending) const;
  [[nodiscard]] std::string log_file() const { return file(".log"); }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool is_running() const { return pid_ > 0; }

  void run(const std::vector<std::string>& words);
  void signal(int number) const;
  int stop();        // SIGTERM; the exit code
  void kill();       // SIGKILL, and it is gone when this returns
  void freeze();     // SIGSTOP
  void thaw();       // SIGCONT
  void reload();     // SIGHUP
  int wait_exit();   // it ends by itself
  [[nodiscard]] bool has_ended() const;  // and wait_exit() would not wait

  [[nodiscard]] std::string log() const;
  // The part of the log since the last mark_log().
  [[nodiscard]] std::string new_log() const { return log().substr(log_mark_); }
  void mark_log() { log_mark_ = log().size(); }
  // Waits for a line; "?" stands for anything.
  void wait_log(const std::string& part) const;

 private:
  const NetSpace& space_;
  std::string name_;
  pid_t pid_ = -1;
  std::size_t log_mark_ = 0;
};

}  // namespace vippy::lab
