// A network namespace with programs in it.
//
// Purpose: make a namespace, set it up by `ip`, open sockets in it, run programs in it.
// Errors:  std::runtime_error with what was asked and what was answered.
// Order:   a namespace belongs to a thread: call these from the one thread that set the lab up.
//          A socket stays in the namespace in which it was opened, whoever uses it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace vippy::lab {

class NetSpace {
 public:
  // A fresh one with loopback up.
  explicit NetSpace(std::string name);
  ~NetSpace();
  NetSpace(const NetSpace&) = delete;
  NetSpace& operator=(const NetSpace&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int descriptor() const { return fd_; }
  // For "link add ... netns <this>" in ip().
  [[nodiscard]] std::string path() const;

  // Runs `body` here and goes back.
  void in(const std::function<void()>& body) const;
  // Lines of `ip -batch`; throws with the complaints.
  void ip(const std::string& lines) const;
  void sysctl(const std::string& path, const std::string& value) const;
  [[nodiscard]] unsigned index_of(const std::string& interface) const;

 private:
  std::string name_;
  int fd_ = -1;
};

// A program that has ended.
struct Finished {
  int code = -1;  // 128 and the signal when one killed it
  std::string output;
};

// Starts a program; standard input and output are these descriptors, errors go to the output.
pid_t start_program(const std::vector<std::string>& words, int input, int output,
                    const NetSpace* space = nullptr);
int wait_for_end(pid_t process);
// Runs it to its end.
Finished run_program(const std::vector<std::string>& words, const std::string& input = "",
                     const NetSpace* space = nullptr);

}  // namespace vippy::lab
