// Something happens to the node that has the addresses, and what kernels and a client notice of it.
//
// Purpose: one instrument for the promises, the comparison with other daemons and their tests.
// Units:   Duration of the wall clock.
// Errors:  Timeout when what must come does not, std::runtime_error for a refused order.
// Order:   begin() a contender, run() faults one at a time, end() it before the next. Each run
//          begins with all nodes well and ends with its fault; what it broke is mended by then.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "perf/address_log.h"
#include "perf/asker.h"
#include "perf/contender.h"
#include "perf/stalls.h"
#include "tests/support/capture.h"

namespace vippy::lab {

struct Field {
  unsigned nodes = 3;
  std::size_t addresses = 1;
  double share = 1;               // of them at home on the node to which things happen
  unsigned rate = 10'000;         // requests a second, all addresses together
  std::size_t asked_max = 20;     // of more addresses a part is asked, evenly chosen
};

// A frame that tells the client who has the first address.
struct Claim {
  Duration at{};
  unsigned node = 0;
  bool is_question = false;
};

struct Sample {
  Duration begun{};  // the event
  Duration ended{};
  Asked asked;
  HolderTimes held;  // of the address with the longest, each
  // From the event on, until it was so for the last address; nullopt: never, or nothing moves.
  std::optional<Duration> added;     // a new kernel has it
  std::optional<Duration> answered;  // the client's first answer from there
  std::optional<Duration> learnt;    // the client's neighbour table points there
  std::optional<Duration> off;       // the old owner's kernel is rid of it
  std::vector<HolderChange> changes;
  std::vector<Claim> claims;
  std::vector<Stall> stalls;  // the longest first
  std::vector<DaemonLine> lines;

  [[nodiscard]] Duration longest_stall() const;
};

class Failover {
 public:
  explicit Failover(const Field& field, const LabShape& shape = {});

  void begin(Contender& contender);
  // All nodes run and are well, the preferred one holds the addresses, and that lasts.
  void settle();
  [[nodiscard]] Sample run(Fault fault);
  void end();
  // After a Timeout: everything is mended and swept, the contender is as after end().
  void abandon();
  [[nodiscard]] Lab& lab() { return lab_; }
  [[nodiscard]] const Addresses& addresses() const { return addresses_; }

 private:
  void prepare(Fault fault);
  [[nodiscard]] std::optional<Sample> measure(Fault fault);
  void act(Fault fault);
  void wait_end(Fault fault, const Asker& client);
  void wait_moved();
  void restore(Fault fault);
  void note_down();
  [[nodiscard]] Sample collect(Fault fault, Asker& client, Duration begun);
  void judge_addresses(Fault fault, Sample& sample) const;
  [[nodiscard]] std::vector<Claim> claims(Capture& heard, Duration since) const;
  // The node has by this fault what it had not.
  [[nodiscard]] bool is_new(Fault fault, unsigned node) const;
  // What it happens to: the first so many addresses. The others only have to stay.
  [[nodiscard]] std::size_t held() const { return addresses_.held; }
  [[nodiscard]] bool is_extra_there() const;
  [[nodiscard]] Duration patience() const;

  Field field_;
  Addresses addresses_;
  std::vector<std::size_t> asked_;  // which of them
  Lab lab_;
  StallWatch stalls_;
  std::optional<Echo> echo_;
  std::optional<AddressLog> log_;
  std::vector<core::Mac> macs_;
  Contender* contender_ = nullptr;
  std::vector<HolderChange> daemons_;  // that stopped to run, in this repetition
  unsigned holder_ = 1;                // when the event began
};

}  // namespace vippy::lab
