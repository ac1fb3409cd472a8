// vippyctl: ask vippyd over its management socket.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

#include "ctl/client.h"
#include "ctl/printable.h"
#include "ctl/render_text.h"
#include "ctl/render_why.h"
#include "ctl/status_json.h"
#include "ctl/target.h"

namespace {

using namespace vippy::ctl;

enum Exit : int { ok = 0, refused = 1, usage = 2, no_daemon = 3, no_answer = 4 };

constexpr const char* kCommands = R"(Commands:
  status                      which node has which VIPs
  why [ADDRESS]               why each group, or the one with ADDRESS, is where it is
  drain [NODE]                NODE (this one) gives its groups to the others and takes none
  undrain [NODE]              NODE (this one) takes part again
  anything else               is sent as GET /COMMAND and the JSON answer printed
)";

constexpr const char* kExitStatus = R"(
Exit status:
  0  done
  1  the daemon answered with an error, for example that it does not know the command or the
     node, or no group has the address
  2  wrong usage
  3  no daemon at the socket
  4  no answer in time, or a broken one)";

struct Options {
  std::string socket = "/var/run/vippy.socket";
  std::string command;
  std::string object;  // of the command: a node, an address
  double timeout_seconds = 5;
  bool is_json = false;
  bool is_verbose = false;
};

bool is_order(std::string_view command) { return command == "drain" || command == "undrain"; }
bool takes_object(std::string_view command) { return is_order(command) || command == "why"; }

void complain(std::string_view text) {
  const auto line = fmt::format("vippyctl: {}\n", printable(text, LineEnds::kept));
  if (std::fputs(line.c_str(), stderr) < 0) std::clearerr(stderr);  // there is nobody else to tell
}

// The exit status when there is nothing more to do.
std::optional<int> read_command_line(int argc, char** argv, Options& options) {
  CLI::App app("Ask vippyd over its management socket.", "vippyctl");
  app.add_option("-s,--socket", options.socket, "Management socket")->capture_default_str();
  app.add_option("--timeout", options.timeout_seconds, "Seconds to wait for the whole answer")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  app.add_flag("--json", options.is_json,
               "Print the answer as the daemon sent it, of why ADDRESS only that group");
  app.add_flag("-v,--verbose", options.is_verbose,
               "Also print peers, groups with their reasons, and counters");
  app.add_option("COMMAND", options.command, "What to ask")->required();
  auto* object = app.add_option("OBJECT", options.object, "Of why, drain and undrain");
  app.set_version_flag("-V,--version", "vippyctl " VIPPY_VERSION);
  app.footer(std::string(kCommands) + kExitStatus);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? Exit::ok : Exit::usage;
  }
  if (object->count() > 0 && (options.object.empty() || !takes_object(options.command))) {
    complain(fmt::format("{} takes {}; see vippyctl --help", options.command,
                         takes_object(options.command) ? "no empty word" : "no further word"));
    return Exit::usage;
  }
  // "nan" is in every range.
  if (!options.command.empty() && !std::isnan(options.timeout_seconds)) return std::nullopt;
  complain("empty command or no time limit; see vippyctl --help");
  return Exit::usage;
}

int report(const ClientFailure& failure) {
  complain(failure.text);
  switch (failure.error) {
    case ClientError::no_daemon: return Exit::no_daemon;
    case ClientError::timed_out:
    case ClientError::broken: return Exit::no_answer;
  }
  return Exit::no_answer;
}

int print(std::string_view text, int exit) {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (is_written && std::fflush(stdout) == 0) return exit;
  complain("cannot write the answer");
  return Exit::no_answer;
}

// The body as it came; on a terminal without control characters.
int print_body(const Reply& reply, int exit) {
  auto text = ::isatty(STDOUT_FILENO) == 1 ? printable(reply.body, LineEnds::kept) : reply.body;
  if (!text.ends_with('\n')) text += '\n';
  return print(text, exit);
}

int print_status(const Reply& reply, const Options& options) {
  const auto text =
      render_text(reply.body, options.is_verbose ? Detail::verbose : Detail::brief);
  if (!text) {
    complain(fmt::format("broken answer from {}: this is not a status", options.socket));
    return Exit::no_answer;
  }
  return options.is_json ? print_body(reply, Exit::ok) : print(*text, Exit::ok);
}

int print_why(const Reply& reply, const Options& options) {
  const bool is_one = options.is_json && !options.object.empty();
  const auto text =
      is_one ? why_json(reply.body, options.object) : render_why(reply.body, options.object);
  if (text && options.is_json && !is_one) return print_body(reply, Exit::ok);
  if (text) return print(*text, Exit::ok);
  switch (text.error()) {
    case WhyError::no_such_group:
      complain(fmt::format("no group has the address {}; `vippyctl status` lists them",
                           options.object));
      return Exit::refused;
    case WhyError::not_a_status: break;
  }
  complain(fmt::format("the daemon at {} does not tell why", options.socket));
  return Exit::no_answer;
}

// Each node goes by its own: the daemon that is asked knows no other's.
std::string failback_there(const Json& answer) {
  const auto& failback = member(answer, "failback");
  return failback.is_null() ? "is what its own configuration says"
                            : "is " + failback_text(failback, member(answer, "protocol"));
}

// What became of drain and undrain.
int print_order(const Reply& reply, const Options& options) {
  const auto answer = parse_status(reply.body);
  if (reply.status != 202) {
    complain(fmt::format("not {}ed: {}", options.command,
                         text_of(member(answer, "error"), reply.body)));
    return Exit::refused;
  }
  if (options.is_json) return print_body(reply, Exit::ok);
  const auto node = text_of(member(answer, "node"));
  const auto text =
      options.command == "drain"
          ? fmt::format("{0} was asked to drain: it hands its groups over and keeps what nobody "
                        "can take.\nWatch `vippyctl status`; `vippyctl undrain {0}` brings it "
                        "back.\n", node)
          : fmt::format("{} was asked to take part again.\nWatch `vippyctl status`; failback "
                        "{}.\n", node, failback_there(answer));
  return print(text, Exit::ok);
}

// {"node": ...} or {}; nullopt for what is only asked.
std::optional<std::string> body_of(const Options& options) {
  if (!is_order(options.command)) return std::nullopt;
  Json body = Json::object();
  if (!options.object.empty()) body["node"] = options.object;
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int run(int argc, char** argv) {
  Options options;
  if (const auto exit = read_command_line(argc, argv, options)) return *exit;
  const auto limit = std::chrono::milliseconds(
      static_cast<std::int64_t>(options.timeout_seconds * 1000));
  const bool is_why = options.command == "why";
  const auto reply = ask(options.socket, target_of(is_why ? "status" : options.command), limit,
                         body_of(options));
  if (!reply) return report(reply.error());
  if (is_order(options.command)) return print_order(*reply, options);
  if (reply->status == 404 && !options.is_json && options.command != "status" && !is_why) {
    complain(fmt::format("the daemon does not know \"{}\"\n\n{}", options.command, kCommands));
  }
  if (reply->status < 200 || reply->status > 299) return print_body(*reply, Exit::refused);
  if (is_why) return print_why(*reply, options);
  return options.command == "status" ? print_status(*reply, options)
                                     : print_body(*reply, Exit::ok);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "vippyctl: %s\n", error.what());
    return Exit::no_answer;
  }
}
