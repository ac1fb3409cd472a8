// One real vippyd: its configuration, its process, its management socket.
//
// Purpose: start a daemon in a network namespace with a configuration; ask it, order it.
// Errors:  std::runtime_error when it does not answer; Timeout.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/support/node_process.h"

namespace vippy::lab {

using Json = nlohmann::json;

// A file that the build made: "vippyd", "vippyctl".
[[nodiscard]] std::string built_program(const std::string& name);

// One HTTP request on a Unix socket; the body of the answer, or nullopt.
[[nodiscard]] std::optional<std::string> http_get(const std::string& socket,
                                                  const std::string& target);
// A connection to a Unix socket, blocking; -1 when nobody listens.
[[nodiscard]] int connect_unix(const std::string& socket);

class VippydProcess : public NodeProcess {
 public:
  VippydProcess(const NetSpace& space, std::string name, std::string loop);

  [[nodiscard]] std::string config_file() const { return file(".json"); }
  [[nodiscard]] std::string socket() const { return file(".sock"); }

  // Writes the file; `management` is filled in when it is missing.
  void write_config(Json config);
  void write_text(const std::string& text);
  void start();

  [[nodiscard]] std::optional<Json> status() const;
  // Waits for an answer.
  [[nodiscard]] Json must_status() const;
  [[nodiscard]] std::string ctl(const std::string& command) const;  // vippyctl's output
  // As vippyctl does ("drain"), without the time that a program takes to start.
  void order(const std::string& what) const;

 private:
  std::string loop_;
  std::string socket_;
};

}  // namespace vippy::lab
