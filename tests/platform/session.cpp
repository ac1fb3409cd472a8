#include "tests/platform/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace vippy::platform {

namespace {

constexpr core::Duration kPatience = std::chrono::seconds(20);

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class FakeInjector final : public packet::Injector {
 public:
  explicit FakeInjector(std::shared_ptr<FakeWire> wire) : wire_(std::move(wire)) {}
  [[nodiscard]] std::string_view name() const override { return "packet"; }
  int inject(std::uint32_t index, std::span<const std::uint8_t> frame) override {
    if (wire_->error == 0) wire_->frames.emplace_back(index, text_of(frame));
    return wire_->error;
  }
  void forget(std::uint32_t index) override { wire_->forgotten.push_back(index); }

 private:
  std::shared_ptr<FakeWire> wire_;
};

}  // namespace

Session::Session(LoopChoice loop, int netlink_receive_octets) {
  LinuxOptions options;
  options.loop = loop;
  options.netlink_receive_octets = netlink_receive_octets;
  options.make_injector = [wire = wire](std::string_view name,
                                        int* os_error) -> std::unique_ptr<packet::Injector> {
    if (name == "packet") return std::make_unique<FakeInjector>(wire);
    *os_error = ENOTSUP;
    return nullptr;
  };
  auto made = make_linux_platform(std::move(options));
  EXPECT_TRUE(made) << made.error().text;
  if (!made) std::exit(1);
  platform_ = std::move(*made);
}

std::size_t Session::pump(core::Duration patience) {
  std::array<Event, 64> events;
  const auto count = platform_->wait(platform_->now() + patience, events);
  for (std::size_t i = 0; i < count; ++i) see(events[i]);
  return count;
}

bool Session::until(const std::function<bool()>& is_done) {
  const auto end = platform_->now() + kPatience;
  while (!is_done() && platform_->now() < end) pump(std::chrono::milliseconds(100));
  return is_done();
}

bool Session::once(const std::function<bool()>& is_good) {
  bool was_good = false;
  return until([&] { return was_good = was_good || is_good(); });
}

bool Session::until_tables() {
  return until([this] {
    return std::find(marks.begin(), marks.end(), "complete neighbours") != marks.end();
  });
}

void Session::see_mark(const std::string& word, Table table) {
  constexpr std::array kNames = {"links", "addresses", "neighbours"};
  marks.push_back(word + " " + kNames.at(static_cast<std::size_t>(table)));
  const bool is_begin = word == "begin";
  const auto gone = [](auto& table_seen, auto& mentioned, auto key) {
    std::erase_if(table_seen, [&](const auto& item) { return !mentioned.contains(key(item)); });
  };
  switch (table) {
    case Table::links:
      if (is_begin) return mentioned_links_.clear();
      return gone(links, mentioned_links_, [](const auto& item) { return item.second.index; });
    case Table::addresses:
      if (is_begin) return mentioned_addresses_.clear();
      return gone(addresses, mentioned_addresses_, [](const auto& item) { return item.first; });
    case Table::neighbours:
      if (is_begin) return mentioned_neighbours_.clear();
      return gone(neighbours, mentioned_neighbours_, [](const auto& item) { return item.first; });
  }
}

void Session::see(const Event& event) {
  if (const auto* one = std::get_if<Datagram>(&event)) {
    datagrams.push_back(
        {text_of(one->bytes), one->source, one->source_port, one->interface_index, one->received});
  } else if (const auto* begin = std::get_if<TableBegin>(&event)) {
    see_mark("begin", begin->table);
  } else if (const auto* complete = std::get_if<TableComplete>(&event)) {
    see_mark("complete", complete->table);
  } else if (const auto* link = std::get_if<LinkChanged>(&event)) {
    std::erase_if(links, [&](const auto& item) { return item.second.index == link->index; });
    if (!link->exists) return;
    mentioned_links_.insert(link->index);
    links[std::string(link->name)] = {link->index, link->mac, link->is_running, link->is_ethernet,
                                      link->forwards_ipv6, link->is_loopback};
  } else if (const auto* address = std::get_if<AddressChanged>(&event)) {
    const std::pair key(address->index, address->prefix);
    told_addresses.push_back(address->prefix);
    addresses.erase(key);
    if (!address->exists) return;
    mentioned_addresses_.insert(key);
    addresses[key] = address->is_tagged;
  } else if (const auto* neighbour = std::get_if<NeighbourChanged>(&event)) {
    const std::pair key(neighbour->index, neighbour->address);
    neighbours.erase(key);
    if (!neighbour->exists) return;
    mentioned_neighbours_.insert(key);
    neighbours[key] = neighbour->mac;
  } else if (const auto* outcome = std::get_if<Outcome>(&event)) {
    outcomes[outcome->id].push_back(outcome->os_error);
  } else if (const auto* opened = std::get_if<StreamOpened>(&event)) {
    streams[opened->stream];
    uids[opened->stream] = opened->peer_uid;
  } else if (const auto* bytes = std::get_if<StreamBytes>(&event)) {
    streams[bytes->stream] += text_of(bytes->bytes);
  } else if (const auto* end = std::get_if<StreamClosed>(&event)) {
    EXPECT_TRUE(closed.insert(end->stream).second) << "closed twice";
  } else if (std::holds_alternative<WorkDone>(event)) {
    ++works_done;
  } else if (const auto* caught = std::get_if<SignalCaught>(&event)) {
    signals.push_back(*caught);
  } else if (const auto* frame = std::get_if<FrameHeard>(&event)) {
    heard.push_back({frame->index, text_of(frame->bytes), frame->received});
  } else if (const auto* send = std::get_if<SendFailed>(&event)) {
    failed.push_back(*send);
  } else if (const auto* notice = std::get_if<Notice>(&event)) {
    notices.emplace_back(notice->text);
  }
}

RequestId Session::open_chat(const std::string& group, std::uint16_t port,
                             const std::string& interface) {
  return open_paths(group, port, {interface});
}

RequestId Session::open_paths(const std::string& group, std::uint16_t port,
                              const std::vector<std::string>& interfaces) {
  platform_->perform(OpenChat{++last_id_, *core::parse_ip(group), port, interfaces, {}, 4, own});
  return last_id_;
}

RequestId Session::open_peers(std::uint16_t port, const std::vector<std::string>& peers,
                              const std::vector<std::string>& interfaces) {
  std::vector<core::IpAddress> parsed;
  for (const auto& peer : peers) parsed.push_back(*core::parse_ip(peer));
  platform_->perform(OpenChat{++last_id_, {}, port, interfaces, parsed, 4, own});
  return last_id_;
}

RequestId Session::open_management(const std::string& path, std::uint32_t mode) {
  platform_->perform(OpenManagement{++last_id_, path, mode});
  return last_id_;
}

RequestId Session::add(const std::string& link, const std::string& prefix, core::Duration lifetime,
                       bool renew) {
  platform_->perform(
      AddAddress{++last_id_, index_of(link), *core::parse_prefix(prefix), lifetime, renew});
  return last_id_;
}

RequestId Session::remove(const std::string& link, const std::string& prefix) {
  platform_->perform(RemoveAddress{++last_id_, index_of(link), *core::parse_prefix(prefix)});
  return last_id_;
}

RequestId Session::add_route(const std::string& link, const std::string& prefix) {
  platform_->perform(AddAddress{.id = ++last_id_,
                                .index = index_of(link),
                                .prefix = *core::parse_prefix(prefix),
                                .plumb = core::Plumb::route});
  return last_id_;
}

RequestId Session::remove_route(const std::string& link, const std::string& prefix) {
  platform_->perform(RemoveAddress{.id = ++last_id_,
                                   .index = index_of(link),
                                   .prefix = *core::parse_prefix(prefix),
                                   .plumb = core::Plumb::route});
  return last_id_;
}

int Session::outcome(RequestId id) {
  until([&] { return outcomes.contains(id); });
  if (!outcomes.contains(id)) return -1;
  EXPECT_EQ(outcomes[id].size(), 1U) << "answered more than once";
  return outcomes[id].front();
}

void Session::send(const std::string& text) { platform_->perform(SendDatagram{bytes_of(text)}); }

void Session::reply(StreamId stream, const std::string& text) {
  platform_->perform(StreamSend{stream, bytes_of(text)});
}

InterfaceIndex Session::index_of(const std::string& link) const {
  const auto found = links.find(link);
  return found == links.end() ? 0xfffffU : found->second.index;
}

bool Session::has_address(const std::string& link, const std::string& prefix) const {
  return addresses.contains({index_of(link), *core::parse_prefix(prefix)});
}

bool Session::is_tagged(const std::string& link, const std::string& prefix) const {
  const auto found = addresses.find({index_of(link), *core::parse_prefix(prefix)});
  return found != addresses.end() && found->second;
}

bool Session::has_notice(const std::string& part) const {
  return std::any_of(notices.begin(), notices.end(), [&](const std::string& notice) {
    return notice.find(part) != std::string::npos;
  });
}

bool Session::has_datagram(const std::string& text) const {
  return std::any_of(datagrams.begin(), datagrams.end(),
                     [&](const SeenDatagram& datagram) { return datagram.text == text; });
}

}  // namespace vippy::platform
