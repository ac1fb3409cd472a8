// Adding and removing addresses and local routes: queued, sent in batches, each one answered.
//
// Purpose: many requests in one system call, one Outcome for each.
// Units:   lifetimes in whole seconds, rounded up: that is all the kernel has.
// Bounds:  kBatchRequestsMax requests and kBatchOctetsMax octets a batch, and never more than the
//          receive buffer has room for acknowledgements of; one batch for each flush(), so that
//          the caller can announce the first address before the last one is there.
// Errors:  Outcomes. A lost acknowledgement is ENOBUFS: every request is answered exactly once.
// Order:   as given; neighbouring removals may change places, secondary addresses first.
//          What was done to a local route is known when flush() returns, and only from
//          take_changes(): the watcher does not hear of it.
//          The kernel works through a batch inside sendmsg(), so the answers are there when it
//          returns and nothing has to be watched.
// Source:  rtnetlink(7); docs/adr/0003-secondary-addresses.md for the promotion around removals.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/time.h"
#include "platform/linux/address_messages.h"
#include "platform/linux/host_tables.h"
#include "platform/linux/netlink.h"
#include "platform/linux/netlink_decode.h"
#include "platform/platform.h"

namespace vippy::platform {

inline constexpr std::size_t kBatchRequestsMax = 128;
inline constexpr std::size_t kBatchOctetsMax = 32UL * 1024;

class AddressRequests {
 public:
  // An errno value, 0 = done.
  [[nodiscard]] int open();
  void add(const AddAddress& request);
  void remove(const RemoveAddress& request);
  // Additions that wait in the queue are answered with ECANCELED.
  void withdraw_additions(std::vector<Outcome>& out);
  [[nodiscard]] bool empty() const { return queue_.empty(); }
  // Sends the first batch of the queue and adds its outcomes.
  void flush(const HostTables& tables, std::vector<Outcome>& out);
  // Our port: the kernel names it when it tells others of what was done for us.
  [[nodiscard]] std::uint32_t port() const;
  // Local routes that came and went with the batches since the last call, in order.
  [[nodiscard]] std::vector<AddressMessage> take_changes() { return std::exchange(changes_, {}); }
  // True, once, when what is there has to be looked up: an acknowledgement was lost, or a route was
  // there, or was not, against what was believed.
  [[nodiscard]] bool take_doubt() { return std::exchange(is_in_doubt_, false); }
  // The errno with which the kernel refused to promote secondaries around the last batch; 0: none.
  [[nodiscard]] int promotion_error() const { return promotion_error_; }

 private:
  struct Pending {
    RequestId id = 0;
    bool is_add = false;
    bool is_renewal = false;
    InterfaceIndex index = 0;
    core::Prefix prefix;
    core::Duration lifetime{};
    core::Plumb plumb = core::Plumb::address;
    [[nodiscard]] bool may_be_primary() const {
      return plumb == core::Plumb::address && platform::may_be_primary(prefix);
    }
  };
  // What one message of the batch is an answer to; promotions are nobody's request.
  struct InFlight {
    RequestId id = 0;
    bool is_request = false;
    bool is_answered = false;
    std::optional<AddressMessage> change;  // of a route, when it is done
  };

  void order_removals(const HostTables& tables);
  std::vector<Pending> next_batch();
  void append_promotions(const std::vector<Pending>& batch);
  void append(const Pending& pending, const HostTables& tables);
  void append_promotion(InterfaceIndex index, bool is_on);
  void append_addition(const Pending& pending, const HostTables& tables);
  void append_octets(std::span<const std::uint8_t> octets, InFlight in_flight);
  [[nodiscard]] MessageAddress next_address() const;
  void ask_for_last_answer_only();
  void send(std::vector<Outcome>& out);
  [[nodiscard]] bool read_answers(std::vector<Outcome>& out);
  void answer(std::uint32_t sequence, int os_error, std::vector<Outcome>& out);
  void finish(const InFlight& in_flight, int os_error, std::vector<Outcome>& out);

  NetlinkSocket socket_;
  std::size_t answers_max_ = kBatchRequestsMax;
  std::deque<Pending> queue_;
  bool is_ordered_ = true;
  std::vector<std::uint8_t> octets_;
  std::vector<InFlight> in_flight_;
  std::vector<AddressMessage> changes_;
  bool is_in_doubt_ = false;
  std::vector<InterfaceIndex> promoted_;
  std::uint32_t first_sequence_ = 1;
  int promotion_error_ = 0;
};

}  // namespace vippy::platform
