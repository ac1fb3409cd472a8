#include "core/contents.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"

namespace vippy::core {

void Contents::offer(Content what, ContentDigest digest, std::uint64_t version,
                     std::string text) {
  offers_[slot(what)] = {.digest = digest, .version = version, .text = std::move(text)};
  if (what == Content::configuration) refused_ = {};  // what is of use is measured by ours
}

void Contents::refuse(ContentDigest digest) {
  refused_[next_refused_] = digest;
  next_refused_ = (next_refused_ + 1) % refused_.size();
}

bool Contents::is_refused(ContentDigest digest) const {
  return digest != 0 && std::find(refused_.begin(), refused_.end(), digest) != refused_.end();
}

void Contents::on_request(const ContentRequest& request, std::uint64_t own_sequence, Instant now) {
  auto& offer = offers_[slot(request.what)];
  if (offer.digest != request.digest || offer.text.empty()) return;
  // The same echo again is a recording, or somebody else who hears the answer as well.
  const auto behind = static_cast<std::uint32_t>(own_sequence) - request.of.sequence;
  const auto echoed = own_sequence - std::min<std::uint64_t>(behind, own_sequence);
  if (offer.asked_at && echoed <= *offer.asked_at) return;
  offer.asked_at = echoed;
  if (offer.next) {
    offer.is_asked_again = *offer.next > 0;
    return;
  }
  offer.next = 0;
  // Whoever repeats requests, or records them, gets it once in this time.
  serve_at_ = std::min(serve_at_, std::max(now, offer.served_at + kServeAgain));
}

void Contents::want(Content what, ContentDigest digest, const Echo& of, Instant now) {
  if (is_refused(digest)) return;
  const auto looked_at = std::find(looked_at_.begin(), looked_at_.end(), digest);
  if (looked_at != looked_at_.end()) return;
  const auto found = std::find_if(wants_.begin(), wants_.end(), [&](const Want& want) {
    return want.what == what && want.digest == digest;
  });
  if (found != wants_.end()) {
    found->heard_of = now;
    found->of = of;
    return;
  }
  const auto room = kWantsMax - std::min(kWantsMax, looked_at_.size());
  if (wants_.size() >= room && what == Content::configuration) displace_neighbours();
  if (wants_.size() >= room) return;
  wants_.push_back({.what = what, .digest = digest, .of = of, .ask_at = now, .heard_of = now});
}

// The oldest table's turn comes again with the next announcement that names it.
void Contents::displace_neighbours() {
  const auto oldest = std::find_if(wants_.begin(), wants_.end(), [](const Want& want) {
    return want.what == Content::neighbours;
  });
  if (oldest != wants_.end()) wants_.erase(oldest);
}

std::optional<std::string> Contents::on_fragment(const Fragment& fragment, Instant now) {
  const auto want = std::find_if(wants_.begin(), wants_.end(), [&](const Want& one) {
    return one.what == fragment.what && one.digest == fragment.digest;
  });
  if (want == wants_.end() || fragment.offset % kFragmentOctetsMax != 0) return std::nullopt;
  const auto left = std::size_t{fragment.total} - fragment.offset;
  if (fragment.piece.size() != std::min(left, kFragmentOctetsMax)) return std::nullopt;
  if (want->pieces.empty()) {
    want->text.assign(fragment.total, '\0');
    want->pieces.assign((fragment.total + kFragmentOctetsMax - 1) / kFragmentOctetsMax, false);
    want->missing = want->pieces.size();
  }
  if (want->text.size() != fragment.total) return std::nullopt;
  const auto piece = fragment.offset / kFragmentOctetsMax;
  if (want->pieces[piece]) return std::nullopt;
  want->pieces[piece] = true;
  want->ask_at = now + ask_again_;
  std::copy(fragment.piece.begin(), fragment.piece.end(),
            want->text.begin() + static_cast<std::ptrdiff_t>(fragment.offset));
  if (--want->missing > 0) return std::nullopt;
  auto text = std::move(want->text);
  if (content_digest(text) != fragment.digest) {
    want->text.clear();
    want->pieces.clear();
    return std::nullopt;
  }
  wants_.erase(want);
  return text;
}

void Contents::serve(Content what, Instant now, std::size_t& budget,
                     std::vector<MessageBody>& out) {
  auto& offer = offers_[slot(what)];
  if (offer.next) offer.served_at = now;
  while (offer.next && budget > 0) {
    const auto at = *offer.next;
    const auto size = std::min(kFragmentOctetsMax, offer.text.size() - at);
    Fragment fragment{what, offer.digest, offer.version,
                      static_cast<std::uint32_t>(offer.text.size()),
                      static_cast<std::uint32_t>(at), {}};
    const auto* begin = reinterpret_cast<const std::uint8_t*>(offer.text.data()) + at;
    fragment.piece.assign(begin, begin + size);
    out.emplace_back(std::move(fragment));
    --budget;
    if (at + size < offer.text.size()) {
      offer.next = at + size;
    } else if (std::exchange(offer.is_asked_again, false)) {
      offer.next = 0;
    } else {
      offer.next.reset();
    }
  }
}

void Contents::ask(Instant now, std::vector<MessageBody>& out) {
  std::erase_if(wants_, [&](const Want& want) { return now - want.heard_of > kForget; });
  for (auto& want : wants_) {
    if (want.ask_at > now) continue;
    out.emplace_back(ContentRequest{want.what, want.digest, want.of});
    want.ask_at = now + ask_again_;
  }
}

void Contents::poll(Instant now, std::vector<MessageBody>& out) {
  ask(now, out);
  if (serve_at_ > now) return;
  std::size_t budget = kBurst;
  serve(Content::configuration, now, budget, out);
  serve(Content::neighbours, now, budget, out);
  const bool has_more = std::any_of(offers_.begin(), offers_.end(),
                                    [](const Offer& offer) { return offer.next.has_value(); });
  serve_at_ = has_more ? now + kPause : Instant::max();
}

Instant Contents::next_deadline() const {
  auto earliest = serve_at_;
  for (const auto& want : wants_) earliest = std::min(earliest, want.ask_at);
  return earliest;
}

}  // namespace vippy::core
