// A private world: user, mount, process and network namespaces that die with the program.
//
// Purpose: clusters of real daemons that nobody else sees and that leave nothing behind.
// Purity:  everything here is the operating system.
// Errors:  Refused, with exactly what is needed, when this system allows no namespaces; Timeout.
// Order:   enter_world() comes first in main(), before any thread. It returns inside the world, as
//          process 1 of it; the outer process waits and ends with the inner one's exit code.
//          Killing the outer one, even by SIGKILL, kills everything inside.
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>

namespace vippy::lab {

using Duration = std::chrono::nanoseconds;

struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Timeout : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A fresh file system in memory for sockets, configurations and logs, the same path in each world.
inline constexpr const char* kFolder = "/run";

void enter_world();

// Asks again and again, every 2 ms, until the condition holds; Timeout says what did not come.
void wait_until(const std::string& what, const std::function<bool()>& condition,
                Duration deadline = std::chrono::seconds(10));
// Whether the condition holds all the time.
bool holds_for(Duration time, const std::function<bool()>& condition);

void write_file(const std::string& path, const std::string& text);
std::string read_file(const std::string& path);

// Text where "?" stands for anything: contains("a bad b", "a?b").
bool contains(const std::string& text, const std::string& part);

}  // namespace vippy::lab
