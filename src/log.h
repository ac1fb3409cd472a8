// Where log lines go: standard output or syslog.
//
// Purpose: one interface for the hall; the mask and the form of a line are applied here.
// Bounds:  a line has at most kLogLineOctetsMax octets (longer ones are cut), so that a pipe
//          takes it whole or not at all.
// Errors:  never waits for a reader and never dies of one: what cannot be written now is dropped
//          and counted, and the next line that goes out is preceded by the number of lost ones.
//          A process that crashes loses the lines since the last flush().
//          Writing to a disk file waits for the disk, as it must.
// Order:   make_log_sink() sets SIGPIPE and SIGXFSZ to be ignored for the whole process; a child
//          that wants the usual behaviour resets them after fork.
// Source:  docs/config.md, "logging"; RFC 3164 section 4.1 (the datagrams for syslog).
// Shape:   console: "[2026-11-22T14:36:25.123+0100] [notice] vippyd[4711] text\n"
//          journal: "<5>text" (standard output is the stream that systemd made)
//          syslog:  "<29>Nov 22 14:36:25 vippyd[4711]: text"
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/config.h"

namespace vippy::hall {

inline constexpr std::size_t kLogLineOctetsMax = 4'096;  // PIPE_BUF of Linux
inline constexpr std::string_view kProgram = "vippyd";

class LogSink {
 public:
  virtual ~LogSink() = default;
  // Writes one line. Control characters in `message` are written as \xNN: a peer's name cannot
  // forge a line.
  virtual void write(core::Priority priority, std::string_view message) = 0;
  // What was written leaves now at the latest: lines may wait for each other until then.
  virtual void flush() {}
  // Lines dropped since the start.
  [[nodiscard]] virtual std::uint64_t dropped() const { return 0; }
};

// The sink that `logging` asks for.
[[nodiscard]] std::unique_ptr<LogSink> make_log_sink(const core::Logging& logging,
                                                     std::string_view program = kProgram);

// Console lines to a descriptor that stays the caller's.
[[nodiscard]] std::unique_ptr<LogSink> make_console_sink(const core::Logging& logging,
                                                         std::string_view program, int fd);

// A descriptor of the same terminal whose writes do not wait: a terminal that polls writable may
// still hold up a writer for as long as nobody reads it. `fd` itself when it is no terminal.
[[nodiscard]] int without_waiting(int fd);

// Datagrams to the Unix socket at `path`, tried again for each line while nobody listens there.
[[nodiscard]] std::unique_ptr<LogSink> make_datagram_sink(const core::Logging& logging,
                                                          std::string_view program,
                                                          std::string path);

// The facility's number (daemon is 3, local0 is 16). `name` is one of core::kFacilityNames.
[[nodiscard]] int facility_number(std::string_view name);

}  // namespace vippy::hall
