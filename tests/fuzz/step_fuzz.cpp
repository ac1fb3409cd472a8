// Node::step under libFuzzer: any inputs in any order, from a member that lies as from the kernel.
//
// Properties: nothing is asserted in vain; a Tick leaves nothing that is due (a node that never
// sleeps); no request has the number of an earlier one; the kernel is asked for an address at most
// once at a time.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "core/assert.h"
#include "core/graduate.h"
#include "core/node.h"

namespace {

using namespace std::chrono_literals;
using namespace vippy::core;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// The input as numbers; zeros when it has ended.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool is_over() const { return bytes_.empty(); }
  std::uint8_t octet() {
    if (bytes_.empty()) return 0;
    const auto out = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return out;
  }
  bool coin() { return (octet() & 1U) != 0; }
  std::size_t below(std::size_t end) { return octet() % end; }
  std::uint16_t word() { return static_cast<std::uint16_t>(octet() << 8U | octet()); }

 private:
  std::span<const std::uint8_t> bytes_;
};

const std::vector<std::string> kNames = {"a", "b", "c"};

IpAddress address(std::size_t number) {
  return Ipv4{{10, 0, 0, static_cast<std::uint8_t>(10 + number)}};
}

Config config_of(Choices& from) {
  Config out;
  out.chat_address = Ipv4{{224, 1, 1, 1}};
  out.chat_port = 5007;
  out.secret = "fuzz";
  out.interval = milliseconds(1 + from.below(20));
  out.stale = 3 * out.interval;
  out.mature = milliseconds(from.below(50));
  out.protocol = static_cast<Protocol>(from.below(3));
  out.handover = static_cast<HandOver>(from.below(2));
  out.isolation = static_cast<Isolation>(from.below(2));
  out.quorum = static_cast<Quorum>(from.below(2));
  if (from.coin()) out.failback = milliseconds(from.octet());
  if (from.coin()) out.witness = {address(200)};
  if (from.coin()) out.notify = {NotifyEntry{}};
  auto shared = std::make_shared<Shared>();
  shared->version = from.below(4);
  shared->nodes = kNames;
  const auto groups = from.below(4);
  for (std::size_t i = 0; i < groups; ++i) {
    auto& group = shared->groups.emplace_back();
    if (from.coin()) group.preferred = kNames[from.below(3)];
    Vip vip;
    vip.interface = from.coin() ? "eth0" : "eth1";
    vip.address = address(i);
    vip.text = format(vip.address);
    vip.prefix_length = 24;
    group.vips.push_back(vip);
  }
  out.shared = std::move(shared);
  return out;
}

class Harness {
 public:
  explicit Harness(Choices& from) : from_(from), node_("a", {true, true, false, {}}, 7) {}

  void run() {
    step(ConfigLoaded{config_of(from_)});
    while (!from_.is_over()) one();
  }

 private:
  void one() {
    switch (from_.below(16)) {
      case 0: case 1: case 2: return pass();
      case 3: return step(ConfigLoaded{config_of(from_)});
      case 4: case 5: case 6: return hear();
      case 7: case 8: return answer();
      case 9: return link();
      case 10: return seen();
      case 11: return table();
      case 12: return operate();
      case 13: return step(NeighbourSeen{2, address(from_.below(8)), mac(), from_.coin()});
      case 14: return plain();
      case 15:
        return step(NeighbourSpoke{2, address(from_.below(4)), mac(), from_.coin(),
                                   address(from_.below(4)), now_});
    }
  }

  Mac mac() { return {{2, 0, 0, 0, 0, from_.octet()}}; }

  void pass() {
    now_ += microseconds(from_.word());
    for (int ticks = 0;; ++ticks) {
      VIPPY_ASSERT(ticks < 100);  // it never sleeps
      step(Tick{});
      if (node_.next_deadline() > now_) return;
    }
  }

  void hear() {
    Message message;
    message.sender = {node_id(kNames[from_.below(3)]), from_.below(4) + 1U, ++sequence_};
    switch (from_.below(5)) {
      case 0: message.body = ContentRequest{Content::configuration, heard_digest_, own_}; break;
      case 1: message.body = Order{static_cast<OrderKind>(1 + from_.below(2)), node_id("a")}; break;
      case 2:
        message.body = Fragment{Content::configuration, heard_digest_, from_.octet(), 3, 0,
                                {from_.octet(), from_.octet(), from_.octet()}};
        break;
      default: message.body = beat();
    }
    step(MessageHeard{std::move(message), address(100), now_ - microseconds(from_.octet())});
  }

  // Apart from its callers: GCC 12 warns of sizes that cannot be once it has seen through them.
  [[gnu::noinline]] static BitSet empty_set(std::size_t size) { return BitSet(size); }

  Beat beat() {
    Beat out;
    const auto flags = from_.octet();
    out.is_active = (flags & 1U) != 0;
    out.is_leaving = (flags & 2U) != 0;
    out.is_settled = (flags & 4U) != 0;
    out.version = from_.below(4);
    out.digest = (flags & 8U) != 0 ? heard_digest_ : from_.octet();
    out.neighbours = from_.below(3);
    const auto nodes = static_cast<std::uint8_t>(from_.below(5));
    for (std::size_t i = 0; i < nodes; ++i) {
      out.echoes.push_back(from_.coin() ? own_ : Echo{from_.octet(), 1});
    }
    out.view = empty_set(nodes);
    const auto groups = static_cast<std::uint8_t>(from_.below(6));
    out.claims = empty_set(groups);
    for (std::size_t i = 0; i < groups; ++i) out.claims.set(i, from_.coin());
    if ((flags & 16U) != 0) out.refusals = out.claims;
    if ((flags & 32U) != 0) out.parts = out.claims;
    return out;
  }

  void answer() {
    if (pending_.empty() || from_.below(8) == 0) {
      return step(OutcomeArrived{from_.word(), static_cast<FailureKind>(from_.below(8))});
    }
    auto at = pending_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(from_.below(pending_.size())));
    const auto id = *at;
    pending_.erase(at);
    asked_.erase(id);
    step(OutcomeArrived{id, from_.coin() ? FailureKind::none
                                         : static_cast<FailureKind>(from_.below(8))});
  }

  void link() {
    const auto index = static_cast<InterfaceIndex>(2 + from_.below(2));
    step(LinkSeen{index, index == 2 ? "eth0" : "eth1", mac(), from_.below(8) != 0, from_.coin(),
                  true, false});
  }
  void seen() {
    step(AddressSeen{2, {address(from_.below(4)), 24}, from_.coin(), from_.coin()});
  }
  void table() {
    const auto table = static_cast<KernelTable>(from_.below(3));
    if (from_.coin()) return step(TableBegin{table});
    step(TableComplete{table});
  }
  void operate() {
    switch (from_.below(8)) {
      case 0: return step(StopRequested{});
      case 1: return step(Fenced{20us * from_.octet()});
      case 2: return step(HealthReported{"check", from_.coin()});
      case 3: return step(SendRefused{from_.coin(), FailureKind::other});
      case 4: return step(MessageRefused{Wire2Error::forged, address(9)});
      default:
        return step(OrderGiven{static_cast<OrderKind>(1 + from_.below(2)),
                               kNames[from_.below(3)]});
    }
  }
  void plain() {
    Announcement said;
    said.me = kNames[from_.below(3)];
    said.is_active = from_.coin();
    said.shared = node_.config().shared;
    said.nonce = "n";
    said.hash = AnnouncementHash(*said.shared, "fuzz").of("n");
    step(AnnouncementHeard{std::move(said), address(100), now_});
  }

  void step(const Input& input) {
    Actions out;
    node_.step(input, now_, out);
    for (const auto& action : out) note(action);
  }

  void note(const Action& action) {
    if (const auto* add = std::get_if<AddAddress>(&action)) {
      request(add->id);
      if (add->renew) return;
      const auto key = std::pair(add->index, add->prefix);
      VIPPY_ASSERT(std::none_of(asked_.begin(), asked_.end(),
                                [&](const auto& one) { return one.second == key; }));
      asked_[add->id] = key;
    } else if (const auto* remove = std::get_if<RemoveAddress>(&action)) {
      request(remove->id);
    } else if (const auto* management = std::get_if<OpenManagement>(&action)) {
      request(management->id);
    } else if (const auto* chat = std::get_if<OpenChat>(&action)) {
      request(chat->id);
    } else if (const auto* injector = std::get_if<UseInjector>(&action)) {
      request(injector->id);
    } else if (const auto* content = std::get_if<PrepareContent>(&action)) {
      step(prepare(*content->task));
    } else if (const auto* send = std::get_if<SendMessage>(&action)) {
      own_ = echo_of(send->message.sender);
      if (const auto* said = std::get_if<Beat>(&send->message.body)) heard_digest_ = said->digest;
    }
  }

  void request(RequestId id) {
    VIPPY_ASSERT(ids_.insert(id).second);
    pending_.insert(id);
  }

  Choices& from_;
  Node node_;
  Instant now_{std::chrono::seconds(100)};
  std::uint64_t sequence_ = 0;
  Echo own_;
  ContentDigest heard_digest_ = 0;
  std::set<RequestId> ids_;
  std::set<RequestId> pending_;
  std::map<RequestId, std::pair<InterfaceIndex, Prefix>> asked_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4'096) return 0;
  Choices choices({data, size});
  Harness(choices).run();
  return 0;
}
