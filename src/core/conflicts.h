// Who else says that it has a VIP of ours: another node, or a stranger.
//
// Purpose: a machine that was given one of our VIPs by mistake is noticed with its first frame,
//          named to the operator once a minute, and spoken against; no address is ever given up
//          because of it. What other nodes say is not judged here: they settle it by what they
//          announce, so it keeps their MACs to know them by.
// Purity:  no clock; `now` is handed in. Questions for the MACs of nodes are appended to `out`.
// Units:   Instant, Duration.
// Bounds:  kRecordsMax VIPs in conflict, kStrangersMax MACs named of each at a time,
//          kSuspectsMax that wait for it;
//          kChatPathsMax addresses of each node.
// Errors:  none; what does not fit is neither named nor defended, only counted by the caller.
// Source:  RFC 5227 section 2.4 (c): defend for good, at most once in an interval. The interval is
//          1 s instead of its 10 s: docs/adr/0007-watching-the-neighbours.md.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/action.h"
#include "core/interfaces.h"
#include "core/limits.h"
#include "core/neighbours.h"
#include "core/reconcile.h"
#include "core/time.h"

namespace vippy::core {

class Conflicts {
 public:
  static constexpr Duration kDefendInterval = std::chrono::seconds(1);
  static constexpr Duration kSayEvery = std::chrono::seconds(60);
  // Whoever is named after so long a silence has only begun.
  static constexpr Duration kForgetAfter = 2 * kSayEvery;
  // A node's MAC is asked for again after this, doubled each time up to that.
  static constexpr Duration kAskNodeFirst = std::chrono::milliseconds(100);
  static constexpr Duration kAskNodeEvery = std::chrono::seconds(10);
  static constexpr std::size_t kRecordsMax = 1024;
  static constexpr std::size_t kStrangersMax = 8;
  static constexpr std::size_t kSuspectsMax = 64;

  struct Answer {
    bool is_defended = false;  // announce the VIP now
    bool is_said = false;      // tell the operator
  };
  struct Stranger {
    AddressKey vip;
    Mac mac;
  };

  struct Named {
    Stranger who;
    Instant since{};  // named again and again from then on
    Instant last{};
  };

  // ---- the other nodes
  // A node announces from this address; true when that is news. Beyond kChatPathsMax addresses of
  // a node the one that was not heard of for the longest time makes room.
  bool node_at(const std::string& node, const IpAddress& address, Instant now);
  // Forgets the addresses of nodes that are not among these.
  void keep_nodes(const std::vector<std::string>& nodes);
  void heard(const IpAddress& address, const Mac& mac);
  [[nodiscard]] bool is_node(const Mac& mac, const Neighbours& neighbours) const;
  // Asks for the MACs of nodes that are not known; the answers come by heard().
  void ask(const Interfaces& interfaces, Instant now, Actions& out);
  [[nodiscard]] std::vector<IpAddress> node_addresses() const;
  // Is there a MAC for each of them?
  [[nodiscard]] bool knows_all_nodes(const Neighbours& neighbours) const;

  // ---- strangers
  // `name_at`: now, or later when it may turn out to be a node: then take_suspects() has it.
  Answer on_claim(const AddressKey& vip, const Mac& mac, Instant now, Instant name_at);
  // Whose time has come. Who is still no node is then named by accuse().
  [[nodiscard]] std::vector<Stranger> take_suspects(Instant now);
  // Is it to be named? Marks it as named.
  [[nodiscard]] bool accuse(const Stranger& stranger, Instant now);
  // VIPs to announce now: what came too early for a defence has one when its time comes, so that
  // the last word is ours.
  [[nodiscard]] std::vector<AddressKey> take_due(Instant now);
  void stop(const AddressKey& vip);
  // Who was named within kForgetAfter.
  [[nodiscard]] std::vector<Named> recent(Instant now) const;

  [[nodiscard]] Instant next_deadline() const;

 private:
  struct Said {
    Mac mac;
    Instant since{};
    Instant last{};
  };
  struct Record {
    std::optional<Instant> defended_at;
    bool is_due = false;
    std::vector<Said> said;
  };
  struct Suspect {
    Stranger who;
    Instant name_at{};
  };
  struct Seat {
    std::string node;
    Instant heard_at{};
    std::optional<Mac> mac;
    Instant ask_at{};
    Duration pause = kAskNodeFirst;
  };

  void make_room_for(const std::string& node);
  void forget_old(Instant now);

  std::map<IpAddress, Seat> nodes_;
  std::map<AddressKey, Record> records_;
  std::vector<Suspect> suspects_;
  Instant next_due_ = Instant::max();
  Instant next_ask_ = Instant::max();
};

}  // namespace vippy::core
