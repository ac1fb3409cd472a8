// One node of the cluster: what it believes, and what it wants done about it.
//
// Purpose: the state machine behind vippyd. It routes every input to one thought (membership,
//          placement, reconcile, advertise, neighbours) and judges deadlines at Tick.
// Purity:  a value: inputs in, actions out. No clock, no bytes, no file descriptors, no errno.
// Units:   Instant and Duration; the configuration's seconds were converted when it was read.
// Bounds:  limits.h. Work for one input or Tick is O(log VIPs), and as much again for each group
//          that it is about, but for a change of members (O(groups)) and of the configuration
//          (O(groups x nodes) hashes).
// Errors:  what peers do wrong is counted and logged, what the system refuses comes back as
//          OutcomeArrived; only our own mistakes are asserted.
// Order:   `now` never goes back. Silence is judged at Tick only, and Tick comes after everything
//          that the kernel had already received was handed in: our own lateness is not the
//          peers' death.
// Source:  docs/protocol.md.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/action.h"
#include "core/advertise.h"
#include "core/auth.h"
#include "core/config.h"
#include "core/conflicts.h"
#include "core/contents.h"
#include "core/convergence.h"
#include "core/due_groups.h"
#include "core/first_few.h"
#include "core/input.h"
#include "core/interfaces.h"
#include "core/membership.h"
#include "core/neighbours.h"
#include "core/placement.h"
#include "core/reconcile.h"
#include "core/reminders.h"
#include "core/rng.h"
#include "core/standing.h"
#include "core/status.h"
#include "core/view.h"
#include "core/witness.h"

namespace vippy::core {

// What the platform can do, as far as the core plans by it.
struct NodeTraits {
  bool address_tags = false;
  bool address_lifetimes = false;   // the kernel can drop an address by itself
  bool break_before_make = false;   // whatever `handover` says
  Duration address_add_typical{};
};

class Node {
 public:
  Node(std::string identity, NodeTraits traits, std::uint64_t seed);

  // Handles one input and appends what is to be done to `out`.
  void step(const Input& input, Instant now, Actions& out);

  // When the next Tick is due, at the latest. Stepping earlier changes nothing.
  [[nodiscard]] Instant next_deadline() const;
  // Would a Tick do anything? False: a deadline is not reached, and all that was heard since the
  // last one is what peers said before.
  [[nodiscard]] bool is_due(Instant now) const { return has_news_ || next_deadline() <= now; }

  [[nodiscard]] Status status(Instant now) const;
  [[nodiscard]] const Config& config() const { return config_; }
  // Everything that must be open is: privileges for opening are no longer needed.
  [[nodiscard]] bool has_opened() const { return chat_opened_ && injector_opened_; }

 private:
  enum class Phase : std::uint8_t { unconfigured, opening, running, leaving, gone };
  enum class Forfeit : std::uint8_t { late, fenced };  // why a node lets go before it speaks

  // A turn looks what the kernel has of so many groups at most, and moves as many as an interval
  // has time for with all that they are followed by: announcements are not to wait for thousands,
  // or those who wait for them would move them once more.
  static constexpr std::size_t kStockPerTurn = 2'048;
  static constexpr std::size_t kMovesPerTurn = 256;
  static constexpr Duration kMoveTime = std::chrono::microseconds(32);
  // Whoever lets go of what somebody else has, or takes now, keeps it for so long: requests that
  // were sent to it are on their way, or wait for whoever answers them.
  static constexpr Duration kLinger = std::chrono::milliseconds(2);
  static constexpr std::uint64_t kUntold = UINT64_MAX;  // no announcement has this number

  struct GroupState {
    std::size_t owner = kNobody;
    MoveReason reason = MoveReason::start;
    Instant since{};
    std::vector<std::optional<AddressKey>> keys;  // per VIP; nullopt: nowhere to put it
    bool is_held = false;                // wanted in our kernel
    bool is_wished_whole = false;        // our kernel was asked for it, and it is spoken of
    bool is_wished_away = false;         // our kernel was not asked for it
    bool is_contested = false;           // somebody else held it too, a moment ago
    Instant again_at = Instant::max();    // the neighbours hear of it once more
    Instant release_at = Instant::max();  // lets go then: the new owner has it
    Instant refuse_until{};              // our kernel would not take it
    bool was_theirs = false;             // another node announced that it holds it
    Instant theirs_until{};              // its last frames may come until then
    std::uint64_t told_since = kUntold;  // our announcement that first said that we have it
  };

  // inputs
  void on(const Tick&, Instant now, Actions& out);
  void on(const ConfigLoaded& loaded, Instant now, Actions& out);
  void on(const ConfigRefused& refused, Instant now, Actions& out);
  void on(const AnnouncementHeard& heard, Instant now, Actions& out);
  void on(const DatagramRefused& refused, Instant now, Actions& out);
  void on(const TableBegin& begin, Instant now, Actions& out);
  void on(const TableComplete& complete, Instant now, Actions& out);
  void on(const LinkSeen& link, Instant now, Actions& out);
  void on(const AddressSeen& address, Instant now, Actions& out);
  void on(const NeighbourSeen& neighbour, Instant now, Actions& out);
  void on(const OutcomeArrived& outcome, Instant now, Actions& out);
  void on(const HealthReported& health, Instant now, Actions& out);
  void on(const StopRequested&, Instant now, Actions& out);
  void on(const MessageHeard& heard, Instant now, Actions& out);
  void on(const MessageRefused& refused, Instant now, Actions& out);
  void on(const OrderGiven& order, Instant now, Actions& out);
  void on(const Fenced& fenced, Instant now, Actions& out);
  void on(const SendRefused& refused, Instant now, Actions& out);
  void on(const NeighbourSpoke& spoke, Instant now, Actions& out);
  void on(const ContentPrepared& content, Instant now, Actions& out);

  // configuration (node_config.cpp)
  void begin_opening(const Config& config, Actions& out);
  void begin_running(Instant now, Actions& out);
  void reload(const ConfigLoaded& loaded, Instant now, Actions& out);
  void open_management(Actions& out);
  void open_chat(Actions& out);
  void open_injector(Actions& out);
  void open_what_changed(const Config& before, Actions& out);
  void use_own_keys(Actions& out);
  void adopt(const Prepared& received, const std::string& from, Instant now, Actions& out);
  void not_adopted(std::uint64_t version, const std::string& from, const std::string& why,
                   Actions& out);
  void begin_by_facts();
  void apply_shared(const Prepared& prepared, Instant now, Actions& out);
  void carry_groups_over(const Shared& before, const Derived& known, Instant now);
  [[nodiscard]] const Derived& derived() const { return *prepared_.derived; }
  void place_vips(Instant now, Actions& out);
  void report_unplaced(Actions& out);
  void place_again(Instant now, Actions& out);
  void append_paces(Instant now, Status& out) const;
  void append_gaps(Instant now, Status& out) const;
  void append_reminders(Instant now, Status& out) const;
  [[nodiscard]] PeerStatus peer_status(std::size_t peer, Instant now) const;
  [[nodiscard]] OutReason out_reason(std::size_t peer) const;
  void append_path(Instant now, Status& out) const;
  void append_one_way(Instant now, Status& out) const;
  void append_contents(Instant now, Status& out) const;
  [[nodiscard]] std::size_t shown_owner(std::size_t group) const;
  void append_status(std::size_t group, Instant now, Status& out) const;
  [[nodiscard]] MembershipTuning tuning() const;
  void on_open_outcome(const OutcomeArrived& outcome, Instant now, Actions& out);

  void tick_running(Instant now, Actions& out);
  void note_path(Instant now);

  // announcements (node.cpp)
  void believe(const AnnouncementHeard& heard, Instant received, Actions& out);
  void heard_ourselves(const AnnouncementHeard& heard, Instant received, Actions& out);
  void unbelieved(const AnnouncementHeard& heard, bool is_forged, Instant received, Actions& out);
  void disbelieve(const Announcement& announcement, Instant now, Actions& out);
  void note_differing(std::size_t peer, Instant received);
  [[nodiscard]] bool may_announce(Instant now) const;
  void announce(Instant now, Actions& out);
  void came_up(const AddressKey& key, Instant now, Actions& out);
  void announce_soon(Instant now);
  void peer_changed(std::size_t peer, Membership::Change change, Actions& out);

  // protocol 2 (node_speech.cpp)
  void hear_beat(std::size_t peer, const MessageHeard& heard, const Beat& beat, Instant received,
                 Actions& out);
  void hear_namesake(std::size_t peer, const IpAddress& source, Instant received, Actions& out);
  void hear_deaf(std::size_t peer, const MessageHeard& heard, const Beat& beat, Instant received,
                 Actions& out);
  void note_one_way(std::size_t peer, const IpAddress& source, Instant received, Actions& out);
  [[nodiscard]] bool is_one_way(std::size_t peer, Instant now) const;
  void hear_stranger(const MessageHeard& heard, Instant received, Actions& out);
  bool hear_content(const Message& message, Instant now, Actions& out);
  void hear_own_name(const MessageHeard& heard, Instant received, Actions& out);
  [[nodiscard]] bool is_further_path(std::size_t peer, const MessageHeard& heard,
                                     Instant received) const;
  void compare_contents(std::size_t peer, const Sender& sender, const Beat& beat, Instant received,
                        Actions& out);
  void on_content(const Fragment& last, std::string text, const std::string& from, Instant now,
                  Actions& out);
  void obey(const Order& order, Actions& out);
  void drain(bool is_drain, Actions& out);
  void speak(MessageBody body, Actions& out);
  void speak_beat(Instant now, Actions& out);
  void speak_contents(Instant now, Actions& out);
  void speak_orders(Instant now, Actions& out);
  void renew_will(Actions& out);
  void mark_sequence(Instant now);
  void offer_neighbours();
  [[nodiscard]] Beat own_beat();

  // who holds what, by facts (node_hold.cpp)
  void decide_by_facts(Instant now, Actions& out);
  void decide_some(Instant now, Actions& out);
  [[nodiscard]] std::size_t moves_per_turn() const;
  [[nodiscard]] bool is_undecided() const { return decide_due_.any() || others_due_.any(); }
  [[nodiscard]] bool is_between_others(std::size_t index, std::size_t to) const;
  void take_stock(Instant now);
  bool take_stock_of(std::size_t group, Instant now);
  void take_due(Instant now);
  void wait_for_facts(Instant now);
  void copy_facts();
  void judge_standing(Instant now);
  [[nodiscard]] bool is_settled_node(Instant now) const;
  [[nodiscard]] bool keeps_while_leaving(std::size_t group, Instant now) const;
  [[nodiscard]] bool may_be_followed(Instant now) const;
  [[nodiscard]] Instant hope_until() const;
  [[nodiscard]] bool may_keep_part(std::size_t group, Instant now) const;
  [[nodiscard]] Instant part_until(const GroupState& group) const;
  [[nodiscard]] bool should_have(std::size_t group, Instant now) const;
  void hold_or_release(std::size_t group, Instant now);
  [[nodiscard]] bool is_any_held() const;
  [[nodiscard]] bool is_answered(std::size_t group) const;
  void look_for_answers();
  [[nodiscard]] bool is_taken_at_its_word(std::size_t node) const;
  void settle_contest(std::size_t group, bool is_theirs, Instant now, Actions& out);
  void renew_contests(Instant now);
  void want_group(std::size_t group);
  void want_displaced();
  [[nodiscard]] bool is_configured(const AddressKey& key) const;
  void set_hold_deadline(std::size_t group, Instant now);
  [[nodiscard]] bool is_held_by_others(std::size_t group) const;
  void speak_again(const GroupState& group, Instant now, Actions& out);
  void move_group(std::size_t group, std::size_t to, Instant now, Actions& out);
  void announce_change(Instant now);
  void lengthen_pause(Instant now);
  [[nodiscard]] bool makes_first() const;
  [[nodiscard]] static bool leaves_gently(InactiveReason reason);
  [[nodiscard]] bool is_outsiders(std::size_t group) const;
  [[nodiscard]] Instant whole_deadline() const;
  [[nodiscard]] Instant hold_deadline() const;
  [[nodiscard]] bool goes_by_facts() const { return speaks_2(config_.protocol); }

  // letting go before it speaks (node_forfeit.cpp)
  void forfeit(Forfeit why, Instant now, Duration linger, Actions& out);
  [[nodiscard]] Duration linger() const;
  [[nodiscard]] BitSet taken_by_others(Instant now) const;
  void hasten_forfeit(Instant now);
  [[nodiscard]] bool hears_nobody(Instant now) const;
  [[nodiscard]] bool has_forfeited(Instant now);

  // what the neighbours say (node_watch.cpp)
  void watch(Instant now, Actions& out);
  void listen(Actions& out);
  void meet(std::size_t peer, const IpAddress& source, Instant now);
  void judge_claim(const NeighbourSpoke& spoke, Instant now, Actions& out);
  void defend(const AddressKey& vip, Instant now, Actions& out);
  void note_theirs(std::size_t group, bool is_theirs, Instant now);
  void went_down(const AddressKey& key);
  void ask_neighbours(const AddressKey& key, Instant now);
  void report_converged(Instant now, Actions& out);
  void append_convergence(const GroupState& group, GroupStatus& status) const;
  void append_witnesses(Instant now, Status& out) const;
  void append_conflicts(Instant now, Status& out) const;
  [[nodiscard]] Instant watch_deadline() const;
  [[nodiscard]] const GroupState* group_of(const AddressKey& vip) const;
  [[nodiscard]] Instant may_name_at(Instant now) const;
  void name_stranger(const Conflicts::Stranger& stranger, Actions& out);
  void name_suspects(Instant now, Actions& out);
  void stock_changed(const AddressKey& vip);
  [[nodiscard]] bool is_members_word(const GroupState& group, const Mac& mac, Instant now) const;
  [[nodiscard]] bool is_own_mac(const Mac& mac) const;

  // judging (node_judge.cpp)
  [[nodiscard]] bool is_late(Instant now) const;
  void judge_lateness(Instant now, Actions& out);
  [[nodiscard]] bool may_be_missed(Instant since) const;
  void judge_silence(Instant now, Actions& out);
  void judge_self(Instant now, Actions& out);
  void decide(Instant now, Actions& out);
  void announce_again(Instant now, Actions& out);
  void want(const std::vector<AddressKey>& keys);
  void count_frames(const Actions& out, std::size_t before);
  void finish_leaving(Instant now, Actions& out);
  void begin_settling(Instant now);
  void judge_links(Instant now);
  void judge_maturity(Instant now);
  [[nodiscard]] Duration yield_patience() const;
  [[nodiscard]] Instant self_deadline() const;
  [[nodiscard]] bool has_link_trouble() const;
  [[nodiscard]] bool lacks_path() const;
  [[nodiscard]] std::optional<InactiveReason> inactive_reason() const;
  [[nodiscard]] std::string reason_text(InactiveReason reason) const;
  [[nodiscard]] std::size_t comes_from(std::size_t group, std::size_t to) const;
  [[nodiscard]] MoveReason why_moved(std::size_t group, std::size_t to) const;
  [[nodiscard]] std::vector<AddressKey> wanted() const;
  [[nodiscard]] bool is_deaf(std::size_t peer) const;
  [[nodiscard]] bool is_wanted(const GroupState& group) const;
  [[nodiscard]] bool is_wanted(const GroupState& group, const AddressKey& key) const;
  [[nodiscard]] bool is_spoken_of(const GroupState& group) const;
  [[nodiscard]] std::string node_name(std::size_t node) const;
  [[nodiscard]] bool is_alone() const { return membership_.size() < 2; }
  [[nodiscard]] bool is_steady() const;

  template <typename Event>
  void log(Actions& out, Event event) const {
    out.push_back(Log{std::move(event)});
  }

  // who we are
  std::string identity_;
  Rng rng_;
  Phase phase_ = Phase::unconfigured;
  bool has_news_ = true;    // since the last Tick
  bool is_repeat_ = false;  // the input at hand says nothing new
  bool must_look_again_ = false;  // the latest Tick left something for the next one, at once

  // what we were told
  Config config_;
  Prepared prepared_;
  std::shared_ptr<const Shared> shared_ = prepared_.shared;
  AnnouncementHash hash_;

  // what we know
  Membership membership_;
  Interfaces interfaces_;
  Neighbours neighbours_;
  bool links_known_ = false;
  bool addresses_known_ = false;
  std::vector<std::pair<std::string, bool>> health_;

  // protocol 2
  View view_;
  Contents contents_;
  Standing standing_;
  BitSet claims_;    // groups that our kernel holds
  BitSet refusals_;  // groups that we cannot hold now
  BitSet parts_;     // groups of which our kernel has something and not all
  BitSet touched_;   // those of them since the last announcement
  GroupMarks stock_due_;   // what we hold or refuse of these may have changed
  GroupMarks decide_due_;  // and what is known of these by the facts
  GroupMarks others_due_;  // of those, what moves between others
  GroupDeadlines hold_deadlines_;
  GroupMarks untold_;      // the next announcement is the first to say that we have these
  GroupMarks unanswered_;  // these go to somebody who may not know yet that we have them
  bool must_decide_all_ = true;  // with the next decision
  bool has_outsiders_ = false;   // at the last decision
  bool refuses_ = false;
  std::vector<ContentDigest> neighbours_of_;  // per node: the table of it that we have
  struct Differing {  // a node that runs another configuration, and not a newer one
    ContentDigest complained_of = 0;
    std::optional<Instant> since;  // of our version with other contents; else it is older
    Instant last{};
  };
  std::vector<Differing> differing_;  // per node
  std::vector<InterfaceIndex> came_in_on_;    // per node: its latest announcement, first of all
  struct Deaf {  // a node that says that it does not hear us
    std::optional<Instant> heard;
    bool is_active = false;
    BitSet claims;  // see View::may_have()

    [[nodiscard]] bool is_there(Instant now, Duration stale) const {
      return heard && now - *heard <= stale;
    }
  };
  std::vector<Deaf> deaf_;  // per node
  struct OneWay {  // a node that is received and has not shown that it hears us
    std::optional<Instant> since;
    Instant last{};
    IpAddress source;
    bool is_said = false;  // since then
    std::optional<Instant> said_at;
  };
  std::vector<OneWay> one_way_;  // per node
  struct Wish {  // an order for another node
    Order order;
    Instant until{};
  };
  std::vector<Wish> wishes_;
  struct Mark {  // of a message that we sent
    Instant at{};
    std::uint64_t sequence = 0;
  };
  std::optional<Message> will_;  // what the guard was given to say
  std::array<Mark, 32> marks_{};
  std::size_t next_mark_ = 0;
  bool is_drained_ = false;
  std::vector<NodeFacts> facts_;  // of the last decision
  bool is_settled_ = false;
  std::optional<Forfeit> forfeits_;  // lets go of everything before it speaks
  Instant forfeit_at_{};        // then
  Instant forfeit_until_{};     // speaks then, unless the kernel gets on
  std::size_t forfeit_left_ = 0;  // to let go of
  std::optional<Instant> active_since_;
  std::optional<Instant> leaving_since_;  // inactive for a reason that lets others come first
  std::optional<InactiveReason> standing_reason_;

  // what we believe and want
  std::vector<GroupState> groups_;
  Reconciler reconciler_;
  Advertiser advertiser_;
  NodeTraits traits_;
  std::vector<std::pair<AddressKey, std::size_t>> placed_;  // all keys with their groups, sorted
  std::vector<AddressKey> displaced_;  // keys of groups that lie elsewhere now, or are gone
  std::vector<IpAddress> vips_;  // all of them, sorted
  Conflicts conflicts_;
  Convergence convergence_;
  FirstFew told_all_;   // VIPs of which every neighbour answered
  FirstFew told_some_;  // and those with silent ones
  Witness witness_;
  std::set<InterfaceIndex> listening_;
  bool listen_changed_ = true;
  bool is_mature_ = false;
  bool is_cut_off_ = false;  // no announcement can come in or go out, since the start
  std::optional<Instant> pathless_since_;  // none can, whenever it began
  std::optional<Instant> file_old_since_;  // the cluster runs a newer version than our file has
  bool is_active_ = false;
  std::optional<InactiveReason> shown_reason_;
  bool config_changed_ = false;   // since the last decision
  bool members_changed_ = true;   // a decision about all groups is due
  bool ever_decided_ = false;
  bool ever_active_ = false;
  bool host_changed_ = false;     // links or addresses, since unplaced VIPs were last tried
  bool has_unplaced_ = false;     // a VIP has no interface name here
  std::vector<std::string> unplaced_;   // the VIPs that were said to have no interface
  std::map<std::string, Instant> nowhere_since_;  // VIPs whose interface is missing or down
  std::optional<std::string> returned_;  // a peer back from silence since the last decision

  // deadlines
  Instant announce_at_ = Instant::max();
  std::array<std::string, 16> own_nonces_;  // of our last announcements: how we know them
  std::size_t next_nonce_ = 0;
  Reminder identity_taken_;  // the last ones that were said, for status
  Reminder name_shared_;
  Reminders forged_;
  Reminders strangers_;
  Reminders plain_;
  Reminder send_refused_;
  std::optional<Instant> announced_last_;
  Duration news_pause_{};  // news wait so long after an announcement
  Instant mature_at_ = Instant::max();
  std::optional<Instant> settling_since_;
  std::optional<Instant> differing_heard_;
  std::optional<Instant> newer_heard_;  // a newer configuration is run, and not here yet
  std::optional<Instant> namesake_heard_;  // another host has our name, and goes first
  std::uint64_t differing_version_ = 0;  // the last one that could not be adopted
  Instant harvest_at_ = Instant::max();
  Instant leave_by_ = Instant::max();
  bool yields_ = false;
  std::optional<Instant> alone_since_;

  // requests that are not addresses
  RequestId next_id_ = 1;
  RequestId management_id_ = 0;
  RequestId chat_id_ = 0;
  RequestId injector_id_ = 0;
  bool chat_failed_ = false;  // the last attempt: a reload tries again
  bool injector_failed_ = false;
  bool chat_opened_ = false;
  bool injector_opened_ = false;

  Counters counters_;
};

}  // namespace vippy::core
