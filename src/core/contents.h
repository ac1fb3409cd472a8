// What is too large for an announcement: handed out and fetched by its digest, in fragments.
//
// Purpose: a node that hears of a digest it does not know asks for it; whoever has it sends it once
//          for all who want it.
// Purity:  no clock; `now` is handed in. Bodies of messages come out of poll().
// Bounds:  kWantsMax contents at a time, those that are being looked at included, each at most
//          kConfigOctetsMax: a configuration takes the
//          place of the oldest neighbour table; the kRefusedMax last ones that were of no use;
//          kBurst fragments in one poll, the next ones kPause later.
// Errors:  a fragment that does not fit, or a whole that does not have its digest, is dropped;
//          what was dropped is asked for again.
// Source:  docs/protocol.md, "Protocol 2: contents".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "core/wire2.h"

namespace vippy::core {

class Contents {
 public:
  static constexpr std::size_t kWantsMax = 8;
  static constexpr std::size_t kRefusedMax = 16;
  static constexpr std::size_t kBurst = 16;
  static constexpr Duration kPause = std::chrono::milliseconds(1);
  static constexpr Duration kServeAgain = std::chrono::milliseconds(10);
  // Nobody spoke of it for so long: it is not wanted any more.
  static constexpr Duration kForget = std::chrono::seconds(5);

  // What did not come, or stopped coming, is asked for again after `pause`.
  void configure(Duration pause) { ask_again_ = pause; }
  // What this node hands out from now on, in place of the earlier one of its kind.
  void offer(Content what, ContentDigest digest, std::uint64_t version, std::string text);
  [[nodiscard]] ContentDigest offered(Content what) const { return offers_[slot(what)].digest; }

  // `own_sequence`: of our last message; the request echoes that or an earlier one.
  void on_request(const ContentRequest& request, std::uint64_t own_sequence, Instant now);
  // The whole text is here and being looked at: it is not wanted until that is over.
  void look_at(ContentDigest digest) { looked_at_.push_back(digest); }
  void looked_at(ContentDigest digest) { std::erase(looked_at_, digest); }
  // No use for it: it is not wanted any more, until this node hands out another configuration.
  void refuse(ContentDigest digest);
  [[nodiscard]] bool is_refused(ContentDigest digest) const;
  // The one that `of` is an echo of announced this digest, and it is not known here.
  void want(Content what, ContentDigest digest, const Echo& of, Instant now);
  // The whole text, when the fragment was the last one missing.
  std::optional<std::string> on_fragment(const Fragment& fragment, Instant now);

  void poll(Instant now, std::vector<MessageBody>& out);
  [[nodiscard]] Instant next_deadline() const;

 private:
  struct Offer {
    ContentDigest digest = 0;
    std::uint64_t version = 0;
    std::string text;
    std::optional<std::size_t> next;  // octet to be sent next; nullopt: nobody asked
    bool is_asked_again = false;      // while it is being sent
    Instant served_at{};
    std::optional<std::uint64_t> asked_at;  // the latest message of ours that a request echoed
  };
  struct Want {
    Content what{};
    ContentDigest digest = 0;
    Echo of;
    Instant ask_at{};
    Instant heard_of{};
    std::string text;
    std::vector<bool> pieces;
    std::size_t missing = 0;
  };

  static constexpr std::size_t slot(Content what) { return what == Content::configuration ? 0 : 1; }
  void serve(Content what, Instant now, std::size_t& budget, std::vector<MessageBody>& out);
  void ask(Instant now, std::vector<MessageBody>& out);
  void displace_neighbours();

  Duration ask_again_ = std::chrono::milliseconds(20);
  std::array<Offer, 2> offers_;
  // Zero: none. The next one takes the place of the oldest.
  std::array<ContentDigest, kRefusedMax> refused_{};
  std::size_t next_refused_ = 0;
  std::vector<Want> wants_;
  std::vector<ContentDigest> looked_at_;
  Instant serve_at_ = Instant::max();
};

}  // namespace vippy::core
