// Everything worth saying, as values: the core says what happened, the hall words it.
//
// Purpose: one list of events with their fields; tests and the simulator look at these, never at
//          text. log_text.h gives each its priority and its one line.
// Purity:  values only, no secrets.
// Units:   Duration.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "core/failure.h"
#include "core/reason.h"
#include "core/time.h"

namespace vippy::core::event {

struct Started { std::string identity; std::uint64_t version = 0; std::size_t groups = 0; };
struct Stopping {};
struct Stopped { std::size_t left_behind = 0; };  // addresses that could not be removed
struct NotANode { std::string identity; };
struct Unbelieved {  // announcements that are not believed, once a minute for each cause
  std::string source;
  std::string node;  // what it calls itself
  bool is_forged = true;  // else: not one of the nodes
};
struct IdentityTaken { std::string source; };  // another host announces under our name
struct NameShared {  // two hosts announce as one node: who came first is heard, once a minute
  std::string node;
  std::string heard;    // where it announces from
  std::string refused;
};
struct PluginsNotRun { std::size_t count = 0; };

struct PeerActive { std::string node; };
struct PeerLeft { std::string node; };  // said that it is not active
struct PeerDied { std::string node; };  // its guard said so: the daemon is dead, or hangs
struct PeerSilent { std::string node; Duration silent_for{}; };
struct PeerOld { std::string node; std::uint64_t version = 0; std::uint64_t ours = 0; };
struct PeerDiffers { std::string node; std::uint64_t version = 0; };
struct PeerDeaf { std::string node; };  // we hear it, and it does not hear us
struct PeerOneWay {  // we receive it, and it has never shown that it hears us
  std::string node;
  std::string source;
};
struct PeerPlain { std::string node; };  // speaks protocol 1 only, and we do not
struct Drained { std::string node; bool is_drain = true; };  // the operator's order, carried out
struct OrderUnheard { std::string node; };  // it did not obey in time
struct SelfActive {};
struct SelfInactive { std::string reason; };
struct WasFenced {};  // the guard has let go of everything for us
struct SendRefusedOnce { bool is_frame = false; FailureKind failure{}; };
// This node itself was silent. If somebody may have missed it, it holds nothing any more.
struct WasLate { Duration silent_for{}; bool is_missed = true; };

struct GroupMoved {
  std::string group;  // the first address
  std::string from;   // a node's name, "_" for nobody
  std::string to;
  MoveReason reason{};
};
struct AnnouncedAgain { std::string node; std::size_t vips = 0; };  // a split from `node` healed

struct ConfigAdopted {
  std::string from;  // who sent it; it may run another one by now
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  std::uint64_t digest = 0;  // content_digest() of what was adopted, as its nodes agree on it
};
struct ConfigNotAdopted { std::string from; std::uint64_t version = 0; std::string why; };
struct ConfigReloaded { std::uint64_t version = 0; };
struct ConfigReloadRefused { std::string why; };
struct ConfigFileOld { std::uint64_t file = 0; std::uint64_t running = 0; };

struct LinkDown { std::string interface; };
struct LinkUp { std::string interface; };
struct VipHasNoInterface { std::string vip; };
struct AddressUp { std::string vip; std::string interface; };
struct AddressDown { std::string vip; std::string interface; };
struct AddressFailed {
  std::string vip;
  std::string interface;
  bool is_add = true;
  FailureKind failure{};
};
struct AddressPutBack { std::string vip; std::string interface; };  // somebody else removed it
struct AddressForeign { std::string vip; std::string interface; };  // there, and not set by us
struct LeftoverAdopted { std::string vip; std::string interface; };
struct LeftoverRemoved { std::string vip; std::string interface; };
struct Conflict {  // a machine that is no node has a VIP of ours too; once a minute
  std::string vip;
  std::string mac;
  std::string interface;
};
// Who of the asked neighbours has a VIP's new MAC; `silent`: those that did not answer.
struct Converged {
  std::string vip;
  Duration took{};
  std::size_t answered = 0;
  std::size_t asked = 0;
  std::string silent;
};
// Those beyond the first few of a moment: all their neighbours answered, or some are silent.
struct ConvergedMore { std::size_t vips = 0; bool has_silent = false; };
struct OpenFailed { std::string what; FailureKind failure{}; };  // "chat", "management", "injector"

}  // namespace vippy::core::event

namespace vippy::core {

using LogEvent =
    std::variant<event::Started, event::Stopping, event::Stopped, event::NotANode,
                 event::Unbelieved, event::IdentityTaken, event::NameShared,
                 event::PluginsNotRun,
                 event::PeerActive,
                 event::PeerLeft, event::PeerDied, event::PeerSilent,
                 event::PeerDeaf, event::PeerOneWay, event::PeerPlain,
                 event::Drained, event::OrderUnheard,
                 event::WasFenced, event::SendRefusedOnce,
                 event::PeerOld, event::PeerDiffers, event::SelfActive, event::SelfInactive,
                 event::WasLate, event::GroupMoved, event::AnnouncedAgain, event::ConfigAdopted,
                 event::ConfigNotAdopted, event::ConfigReloaded, event::ConfigReloadRefused,
                 event::ConfigFileOld, event::LinkDown, event::LinkUp, event::VipHasNoInterface,
                 event::AddressUp, event::AddressDown, event::AddressFailed,
                 event::AddressPutBack, event::AddressForeign, event::LeftoverAdopted,
                 event::LeftoverRemoved, event::Conflict, event::Converged,
                 event::ConvergedMore,
                 event::OpenFailed>;

}  // namespace vippy::core
