// vippyd: the daemon. main() is the table of contents; each step stands below its name.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config_file.h"
#include "core/config_check.h"
#include "daemon.h"
#include "host_facts.h"
#include "log.h"
#include "plan.h"
#include "platform/host.h"
#include "platform/os_error.h"

namespace {

using namespace vippy;

constexpr int kGood = 0;
constexpr int kBad = 1;    // the configuration or the host does not allow it; said why
constexpr int kUsage = 2;  // the command line is wrong

struct Options {
  std::string file = "/etc/vippy.conf";
  std::string node = hall::host_name();
  std::vector<std::string> plugins;
  std::string loop = "auto";
  bool check = false;
  bool print_config = false;
  bool plan = false;
  std::optional<std::vector<std::string>> active;
  bool json = false;
};

// fmt::print throws where nothing can be written: a full disk must not keep a node from starting.
void put(std::FILE* where, const std::string& text) {
  if (std::fputs(text.c_str(), where) < 0) std::clearerr(where);
}

void say(const std::string& line) { put(stderr, "vippyd: " + line + "\n"); }

// "a,b" -> a, b; nothing -> nobody.
std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < list.size();) {
    const auto end = std::min(list.find(',', begin), list.size());
    names.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

void declare(CLI::App& app, Options& options) {
  app.set_version_flag("-V,--version", "vippyd " VIPPY_VERSION);
  app.add_option("-n,--node", options.node, "this node's name in `nodes`")
      ->type_name("NODE")
      ->capture_default_str();
  app.add_option("-c,--config", options.file, "the configuration file")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("-p,--plugin", options.plugins, "a plugin, besides those of the file")
      ->type_name("PLUGIN")
      ->allow_extra_args(false);
  app.add_option("--loop", options.loop, "event loop: auto, io_uring or epoll")
      ->check(CLI::IsMember({"auto", "io_uring", "epoll"}))
      ->capture_default_str();
  auto* check = app.add_flag("--check", options.check,
                             "validate the configuration, print problems and warnings, and exit");
  auto* print = app.add_flag("--print-config", options.print_config,
                             "print the canonical configuration (secret masked) and exit");
  auto* plan = app.add_flag("--plan", options.plan, "print who would own each group and exit");
  check->excludes(print)->excludes(plan);
  print->excludes(plan);
  app.add_option_function<std::string>(
         "--active", [&](const std::string& list) { options.active = split(list); },
         "with --plan: only these nodes are active ('': none)")
      ->type_name("NODE,NODE")
      ->needs(plan);
  app.add_flag("--json", options.json, "with --plan: as JSON")->needs(plan);
  app.footer("Exit status: 0 good, 1 the configuration or the host is not, 2 wrong usage.\n"
             "Signals: HUP reads the file again; TERM, INT and QUIT leave the cluster cleanly.");
}

// The file as a configuration, or everything that is wrong with it.
core::ConfigReading read_configuration(const Options& options, core::FileFacts* facts = nullptr) {
  const auto file = hall::read_config_file(options.file);
  if (!file) {
    core::ConfigReading reading;
    reading.problems.push_back({.text = file.error().text});
    return reading;
  }
  if (facts != nullptr) *facts = file->facts;
  auto reading = core::read_config(file->text);
  if (reading.config) {
    auto& plugins = reading.config->plugins;
    plugins.insert(plugins.end(), options.plugins.begin(), options.plugins.end());
  }
  return reading;
}

core::ConfigReading read_and_check(const Options& options, bool is_serving) {
  core::FileFacts facts;
  auto reading = read_configuration(options, &facts);
  if (reading.config) {
    const auto warnings = core::check_config(
        *reading.config, {options.node, facts, hall::local_interfaces(),
                          hall::has_folder(reading.config->management), is_serving});
    reading.problems.insert(reading.problems.end(), warnings.begin(), warnings.end());
  }
  return reading;
}

void print_problems(const Options& options, const core::ConfigReading& reading) {
  for (const auto& problem : reading.problems) {
    put(stderr, hall::placed(options.file, problem) + "\n");
  }
}

// What was asked for; whoever does not get it is told so by the exit status.
int answer(const std::string& text) {
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return kGood;
  say("cannot write the answer: " + platform::explain(errno));
  return kBad;
}

int check(const Options& options, const core::ConfigReading& reading) {
  if (!reading.config) return kBad;
  const auto& shared = *reading.config->shared;
  return answer(fmt::format("{}: good, version {}, {} groups, {} nodes\n", options.file,
                            shared.version, shared.groups.size(), shared.nodes.size()));
}

int plan(const Options& options, const core::Config& config) {
  const auto& shared = *config.shared;
  if (options.active) {
    const auto unknown = hall::strangers(shared, *options.active);
    if (!unknown.empty()) {
      say(fmt::format("--active: {} is not one of the nodes; they are {}", unknown.front(),
                      fmt::join(shared.nodes, ", ")));
      return kUsage;
    }
  }
  return answer(options.json ? hall::plan_json(config, options.active)
                             : hall::plan_text(config, options.active));
}

std::string http_date() {
  const auto now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[40];
  const auto length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text, length};
}

hall::Outside outside(const Options& options) {
  return {.read_config = [options] { return read_and_check(options, true); },
          .open_log = [](const core::Logging& logging) { return hall::make_log_sink(logging); },
          .config_name = options.file,
          .look_at_config = [watch = std::make_shared<hall::ConfigFileWatch>(options.file)] {
            return watch->look();
          },
          .http_date = http_date,
          .make_guard = [] {
            auto process = platform::make_guard_process(sizeof(hall::Board));
            return std::make_unique<hall::GuardLink>(std::move(process));
          },
          .schedule = [](unsigned realtime, bool lock_memory) {
            return platform::apply_scheduling({realtime, lock_memory});
          }};
}

int run(const Options& options, const core::Config& config) {
  if (const auto missing = platform::missing_privileges()) {
    say(*missing);
    return kBad;
  }
  const auto host = platform::make_host_platform(options.loop);
  if (!host) {
    say(host.error().text);
    return kBad;
  }
  hall::Daemon daemon(**host, options.node, outside(options));
  daemon.start(config);
  std::optional<int> exit_code;
  while (!exit_code && !daemon.node().has_opened()) exit_code = daemon.turn();
  if (exit_code) return *exit_code;
  if (const auto failure = platform::drop_privileges()) {
    say(*failure);
    return kBad;
  }
  platform::return_free_memory();
  while (!exit_code) exit_code = daemon.turn();
  return *exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  // A reload that is asked for while we start waits until there is something to reload.
  sigset_t reload;
  sigemptyset(&reload);
  sigaddset(&reload, SIGHUP);
  sigprocmask(SIG_BLOCK, &reload, nullptr);

  // A full file keeps no node from starting. A reader that is gone ends --print-config as ever.
  std::signal(SIGXFSZ, SIG_IGN);

  CLI::App app{"vippyd: keeps virtual IP addresses on exactly one of several nodes"};
  Options options;
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? kGood : kUsage;
  }

  const auto reading = read_and_check(options, false);
  print_problems(options, reading);
  if (options.check || !reading.config) return check(options, reading);
  if (options.print_config) {
    return answer(core::print_config(*reading.config, core::SecretPrint::masked));
  }
  if (options.plan) return plan(options, *reading.config);
  return run(options, *reading.config);
}
