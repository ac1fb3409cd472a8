#include "perf/machine.h"

#include <sys/utsname.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <thread>

#include "tests/support/net_space.h"
#include "tests/support/world.h"

namespace vippy::lab {

namespace {

// The value of "name : value" in a file of /proc.
std::string value_in(const std::string& path, const std::string& name) {
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(name, 0) != 0) continue;
    const auto colon = line.find(':');
    const auto begin = line.find_first_not_of(" \t", colon + 1);
    if (colon != std::string::npos && begin != std::string::npos) return line.substr(begin);
  }
  return "unknown";
}

std::string commit() {
  auto said = run_program({"git", "-C", VIPPY_SOURCE_DIR, "describe", "--always", "--dirty"});
  while (!said.output.empty() && said.output.back() == '\n') said.output.pop_back();
  return said.code == 0 && !said.output.empty() ? said.output : "unknown";
}

std::string date() {
  const auto now = std::time(nullptr);
  tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &utc);
  return text.data();
}

// "none voluntary (full)": the one in use is in brackets; where it cannot be read, what uname says.
std::string preemption(const std::string& version) {
  const auto modes = read_file("/sys/kernel/debug/sched/preempt");
  const auto begin = modes.find('(');
  const auto end = modes.find(')');
  if (begin != std::string::npos && end > begin) return modes.substr(begin + 1, end - begin - 1);
  return version;
}

}  // namespace

nlohmann::ordered_json describe_machine(const std::vector<std::string>& command) {
  utsname system{};
  ::uname(&system);
  const auto memory = std::strtoull(value_in("/proc/meminfo", "MemTotal").c_str(), nullptr, 10);
  std::string words;
  for (const auto& word : command) words += (words.empty() ? "" : " ") + word;
  return {{"kernel", std::string(system.sysname) + " " + system.release},
          {"processor", value_in("/proc/cpuinfo", "model name")},
          {"processors", std::thread::hardware_concurrency()},
          {"memory_mib", memory / 1'024},
          {"preemption", preemption(system.version)},
          {"date", date()},
          {"commit", commit()},
          {"build", VIPPY_BUILD_TYPE},
          {"command", words}};
}

}  // namespace vippy::lab
