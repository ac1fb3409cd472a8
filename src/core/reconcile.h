// From what is wanted and what the kernel has to what must be asked of the kernel.
//
// Purpose: one record per (interface, address); adds what is wanted and absent, removes what is
//          ours and unwanted, leaves alone what is not ours. Level-triggered: it can be asked any
//          time, asks for nothing twice, and finds its way from whatever a crash left behind.
// Purity:  no clock; every call is handed `now`. Requests and log events are appended to `out`.
// Units:   Instant.
// Bounds:  kAskedAtOnce additions or what ask_at_once() allows, as many removals, and
//          kRenewedAtOnce renewals of leases are on their way at a time, so that planning thousands
//          keeps nobody from speaking in between, and no kind waits for another; O(log addresses)
//          for an address that changes and for one that is planned; O(addresses) for a whole table,
//          a whole list of wishes and a renewal of leases.
// Errors:  a refused request is tried again after 100 ms, doubling up to 5 s, and logged.
// Order:   each kind in the order in which it was wished for. An IPv4 address that changes its
//          prefix length, and one that is to be plumbed in the other way, goes only when it has
//          come in that way: it is never away.
// Source:  docs/architecture.md, "Reconcile".
//
// The kernel's notifications lag behind its acknowledgements. While an acknowledged change of ours
// has not been seen as a notification yet, older notifications about that address say nothing;
// once they have caught up, the last one is the truth, whatever we were told before. An answer
// that contradicts what we knew (already there, not there) shows that somebody else is at work:
// then nothing is counted as ours any more and every notification is taken at its word.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/action.h"
#include "core/input.h"
#include "core/time.h"

namespace vippy::core {

struct AddressKey {
  InterfaceIndex index = 0;
  Prefix prefix;
  Plumb plumb = Plumb::address;  // a route has a host prefix
  auto operator<=>(const AddressKey&) const = default;
};

class Reconciler {
 public:
  static constexpr std::size_t kAskedAtOnce = 256;
  static constexpr std::size_t kRenewedAtOnce = 64;
  enum class Change : std::uint8_t { none, came_up, went_down };
  struct Answer {
    AddressKey key;
    Change change = Change::none;
  };

  // Can the kernel mark addresses as ours? If not, an address that is found at start exactly as
  // configured counts as ours (`own_by_text`), everything else as somebody else's.
  explicit Reconciler(bool address_tags) : address_tags_(address_tags) {}

  void begin_table();
  // Answers the addresses that went away unseen.
  std::vector<AddressKey> complete_table(Instant now);
  Change observe(const AddressSeen& seen, bool own_by_text, Instant now, Actions& out);

  // The configuration came after the table: without tags, what is exactly as configured is ours.
  void claim(const std::vector<AddressKey>& configured);

  // From now on exactly these are wanted. Before the first call nothing is asked of the kernel.
  void want(const std::vector<AddressKey>& wanted);
  // From now on this one is wanted, too, or no longer.
  void want_one(const AddressKey& key, bool is_wanted);
  // Appends the requests that are due.
  void plan(Instant now, RequestId& next_id, Actions& out);
  // Leftovers that became wanted since this was last asked: they are up without a request.
  [[nodiscard]] std::vector<AddressKey> take_adopted() { return std::exchange(adopted_, {}); }
  // The answer to one of our requests; nullopt when the id is not ours.
  std::optional<Answer> outcome(RequestId id, FailureKind failure, Instant now, Actions& out);

  // How long the kernel keeps an address of ours that is not renewed; zero: for ever. What is
  // there gets the new lease with the next plan(). Never called: the kernel has no leases.
  void set_lease(Duration lease);

  // How many additions, and how many removals, may be on their way together: up to kAskedAtOnce.
  void ask_at_once(std::size_t most) { asked_most_ = std::min(most, kAskedAtOnce); }

  // An interface is gone, and every address with it.
  void interface_gone(InterfaceIndex index);

  // Plumbed in either way:
  [[nodiscard]] bool is_up(const AddressKey& key) const;  // there, ours or not
  [[nodiscard]] bool holds(const AddressKey& key) const;  // in the kernel, and ours
  [[nodiscard]] bool keeps(const AddressKey& key) const;  // and is not on its way out
  // There, and not set by us; since when.
  [[nodiscard]] std::optional<Instant> foreign_since(const AddressKey& key) const;
  struct Trouble {
    FailureKind failure{};
    Instant since{};
  };
  [[nodiscard]] std::optional<Trouble> trouble(const AddressKey& key) const;
  [[nodiscard]] std::size_t ours() const { return ours_; }  // that are in the kernel
  [[nodiscard]] bool is_settled() const;      // nothing pending, nothing due
  [[nodiscard]] bool has_decided() const { return decided_; }
  [[nodiscard]] std::size_t records() const { return records_.size(); }
  [[nodiscard]] Instant next_deadline() const {
    return retries_.empty() ? renew_at_ : std::min(retries_.begin()->first, renew_at_);
  }

 private:
  enum class Presence : std::uint8_t { absent, ours, foreign };
  enum class Pending : std::uint8_t { none, adding, removing };
  struct Record {
    Presence presence = Presence::absent;
    Presence seen = Presence::absent;  // by the latest notification, however old
    Pending pending = Pending::none;
    bool wanted = false;
    bool is_leftover = false;   // found, not added by this run
    bool foreign_said = false;  // that it is somebody else's, while wanted
    bool is_taken = false;      // somebody removed it while it was wanted
    bool mentioned = false;     // in the table that is being read
    bool in_doubt = false;      // a removal was seen that may be older than our addition
    bool was_notified = false;  // since the pending request was made
    bool is_touched = false;    // the next plan() looks at it
    unsigned adds_unseen = 0;   // acknowledged or pending additions without their notification
    unsigned dels_unseen = 0;
    unsigned failures = 0;      // in a row
    unsigned thefts = 0;        // removed by somebody else, lately
    FailureKind last_failure = FailureKind::none;
    Instant failing_since{};
    Instant foreign_since{};
    Instant retry_at{};
    Instant stolen_at{};
  };
  using Records = std::map<AddressKey, Record>;

  // The same address with another prefix length, or plumbed in the other way. IPv6 holds an address
  // once on each interface, whatever its length: its siblings must go before it can come.
  template <typename Visit>
  void for_each_sibling(const AddressKey& key, const Visit& visit);
  template <typename Tells>
  [[nodiscard]] bool is_any_form(const AddressKey& key, const Tells& tells) const;
  [[nodiscard]] bool must_wait_for_successor(const AddressKey& key);
  [[nodiscard]] bool must_wait_for_sibling(const AddressKey& key);
  void touch(Records::value_type& entry);
  void set_presence(Record& record, Presence presence) {
    if (record.presence == Presence::ours) --ours_;
    if (presence == Presence::ours) ++ours_;
    record.presence = presence;
  }
  void forget_wish(Records::value_type& entry);
  Change believe_seen(Records::value_type& entry, Instant now, Actions& out);
  Change saw_present(Records::value_type& entry, Instant now, Actions& out);
  Change saw_absent(Records::value_type& entry, Instant now);
  Change contradicted(Records::value_type& entry, Presence by_answer, Instant now, Actions& out);
  [[nodiscard]] static bool is_idle(const Record& record);
  std::vector<Records::value_type*> take_touched();
  void take_over_found(Records::value_type& entry, Actions& out);
  void request(Records::value_type& entry, Pending what, RequestId id, Actions& out);
  [[nodiscard]] Pending due(const Record& record) const;
  void sort_touched(Actions& out);
  Records::value_type* find_due(const AddressKey& key, Pending what, Instant now);
  // What is to be asked for of one kind, and how much of it is on its way.
  struct Line {
    std::deque<AddressKey> keys;  // that need it, unless that changes meanwhile
    std::size_t asked = 0;
  };
  void request_from(Line& line, Pending what, Instant now, RequestId& next_id, Actions& out);
  void begin_renewals(Instant now);
  void renew(RequestId& next_id, Actions& out);
  void failed(Records::value_type& entry, bool is_add, FailureKind failure, Instant now,
              Actions& out);
  Change added(Records::value_type& entry, FailureKind failure, Instant now, Actions& out);
  Change removed(Records::value_type& entry, FailureKind failure, Instant now, Actions& out);

  bool address_tags_;
  bool decided_ = false;
  bool reading_ = false;
  Records records_;
  std::size_t ours_ = 0;
  std::vector<AddressKey> adopted_;
  std::vector<AddressKey> touched_;  // what may need a request: in the order of the wishes
  std::size_t asked_most_ = kAskedAtOnce;
  Line additions_;
  Line removals_;
  std::set<std::pair<Instant, AddressKey>> retries_;
  struct Asked {
    AddressKey key;
    Pending what{};
  };
  std::map<RequestId, Asked> requests_;
  std::map<RequestId, AddressKey> renewals_;
  std::deque<AddressKey> renewable_;  // what is left of this round
  AddressKey renewed_last_;
  Duration lease_{};
  bool has_leases_ = false;
  bool lease_changed_ = false;
  Instant renew_at_ = Instant::max();
  std::map<InterfaceIndex, std::string> names_;

 public:
  // Names for log events; an index without a name is printed as a number.
  void name_interface(InterfaceIndex index, std::string name) { names_[index] = std::move(name); }

 private:
  [[nodiscard]] std::string interface_name(InterfaceIndex index) const;
};

template <typename Visit>
void Reconciler::for_each_sibling(const AddressKey& key, const Visit& visit) {
  auto at = records_.lower_bound({key.index, {key.prefix.address, 0}});
  for (; at != records_.end() && at->first.index == key.index &&
         at->first.prefix.address == key.prefix.address;
       ++at) {
    if (at->first != key) visit(*at);
  }
}

}  // namespace vippy::core
