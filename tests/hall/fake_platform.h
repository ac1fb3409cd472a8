// A platform that a test plays by hand, and a peer on it.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/keys.h"
#include "core/limits.h"
#include "core/wire2.h"
#include "platform/platform.h"
#include "tests/core/talking_nodes.h"

namespace vippy::hall {

// Hands out what the test queued, keeps what the daemon asked for.
class FakePlatform final : public platform::Platform {
 public:
  FakePlatform() { capabilities_.address_tags = true; }
  [[nodiscard]] std::string_view name() const override { return "fake"; }
  [[nodiscard]] const platform::Capabilities& capabilities() const override {
    return capabilities_;
  }
  [[nodiscard]] core::Instant now() const override { return time; }
  [[nodiscard]] std::uint64_t seed() override { return 3; }
  [[nodiscard]] std::size_t wait(core::Instant, std::span<platform::Event> out) override {
    std::size_t count = 0;
    ++waits;
    if (!storm.empty()) events.emplace_back(platform::FrameHeard{2, storm, time});
    for (; count < out.size() && !events.empty(); ++count) {
      out[count] = events.front();
      events.pop_front();
    }
    return count;
  }
  void perform(const platform::Request& request) override {
    using namespace platform;
    if (const auto* open = std::get_if<OpenManagement>(&request)) answer("management", open->id);
    if (const auto* open = std::get_if<OpenChat>(&request)) answer("chat", open->id);
    if (const auto* use = std::get_if<UseInjector>(&request)) answer("injector", use->id);
    if (const auto* add = std::get_if<AddAddress>(&request)) answer("add", add->id);
    if (const auto* remove = std::get_if<RemoveAddress>(&request)) answer("remove", remove->id);
    if (const auto* send = std::get_if<SendDatagram>(&request)) {
      datagrams.emplace_back(send->bytes.begin(), send->bytes.end());
    }
    if (const auto* frame = std::get_if<SendFrame>(&request)) {
      frames.emplace_back(frame->bytes.begin(), frame->bytes.end());
    }
    if (const auto* send = std::get_if<StreamSend>(&request)) {
      replied.append(send->bytes.begin(), send->bytes.end());
    }
    if (const auto* beside = std::get_if<RunBeside>(&request)) {
      asked.emplace_back("work");
      works.push_back(beside->work);
      if (!is_slow) finish_work();
    }
    if (std::holds_alternative<WithdrawAdditions>(request)) waits_before_withdrawal = waits;
    if (std::holds_alternative<HarvestNeighbours>(request)) asked.emplace_back("harvest");
    if (const auto* listen = std::get_if<ListenFrames>(&request)) {
      listens.emplace_back(listen->index, listen->on);
    }
  }

  // What was asked for first is done.
  void finish_work() {
    works.front()();
    works.pop_front();
    events.emplace_back(platform::WorkDone{});
  }

  core::Instant time{std::chrono::seconds(100)};
  std::deque<platform::Event> events;
  std::vector<std::string> asked;
  std::vector<std::vector<std::uint8_t>> datagrams;
  std::vector<std::vector<std::uint8_t>> frames;
  std::string replied;
  std::deque<std::function<void()>> works;  // that are not done
  std::vector<std::pair<platform::InterfaceIndex, bool>> listens;
  std::vector<std::uint8_t> storm;  // a frame that comes in with every wait()
  std::size_t waits = 0;
  std::optional<std::size_t> waits_before_withdrawal;
  int refuses = 0;  // the errno of the next address requests
  bool is_slow = false;  // their answers wait in `on_their_way`, and work until it is finished
  std::deque<platform::Event> on_their_way;

 private:
  void answer(const std::string& what, platform::RequestId id) {
    asked.push_back(what);
    const bool is_address = what == "add" || what == "remove";
    auto& where = is_address && is_slow ? on_their_way : events;
    where.emplace_back(platform::Outcome{id, is_address ? refuses : 0});
  }
  platform::Capabilities capabilities_;
};

// A peer that this daemon hears, and that is told what the daemon says.
class HeardPeer {
 public:
  HeardPeer(FakePlatform& platform, const core::Config& config)
      : platform_(platform), keys_(secrets_), peer_("b") {
    peer_.now = platform.time;
    peer_.start(config);
  }
  // Hands over what was said on both sides since the last call.
  void exchange() {
    peer_.now = platform_.time;
    for (const auto& bytes : std::exchange(platform_.datagrams, {})) {
      if (auto message = core::decode_wire2(bytes, keys_)) {
        peer_.step(core::MessageHeard{std::move(*message), address_, peer_.now});
      }
    }
    peer_.tick();
    peer_.comply();
    for (; told_ < peer_.actions.size(); ++told_) {
      const auto* send = std::get_if<core::SendMessage>(&peer_.actions[told_]);
      if (send != nullptr) say(send->message);
    }
  }

 private:
  void say(const core::Message& message) {
    auto& bytes = sent_.emplace_back(core::kDatagramOctetsMax);
    bytes.resize(core::encode(message, keys_, bytes));
    platform::Datagram datagram;
    datagram.bytes = bytes;
    datagram.source = address_;
    datagram.received = platform_.time;
    platform_.events.emplace_back(datagram);
  }
  FakePlatform& platform_;
  std::vector<std::string_view> secrets_ = {"s"};
  core::Keyring keys_;
  core::SteppedNode peer_;
  core::IpAddress address_ = *core::parse_ip("10.0.0.2");
  std::deque<std::vector<std::uint8_t>> sent_;
  std::size_t told_ = 0;
};

}  // namespace vippy::hall
