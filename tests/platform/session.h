// One Linux platform under test, and a copy of everything that it has said.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "platform/linux/platform_linux.h"
#include "platform/platform.h"

namespace vippy::platform {

struct SeenDatagram {
  std::string text;
  core::IpAddress source;
  std::uint16_t port = 0;
  InterfaceIndex index = 0;
  core::Instant received{};
};

struct SeenLink {
  InterfaceIndex index = 0;
  core::Mac mac;
  bool is_running = false;
  bool is_ethernet = false;
  bool forwards_ipv6 = false;
  bool is_loopback = false;
};

struct SeenFrame {
  InterfaceIndex index = 0;
  std::string bytes;
  core::Instant received{};
};

// Frames that the fake injector was given.
struct FakeWire {
  std::vector<std::pair<InterfaceIndex, std::string>> frames;
  std::vector<InterfaceIndex> forgotten;
  int error = 0;
};

class Session {
 public:
  explicit Session(LoopChoice loop, int netlink_receive_octets = kNetlinkReceiveOctets);

  Platform& platform() { return *platform_; }
  // Pumps until `is_done` or 20 s have passed; the answer is is_done().
  bool until(const std::function<bool()>& is_done);
  // The same for what is measured: once is enough, and a busy machine may fail at first.
  bool once(const std::function<bool()>& is_good);
  // Pumps once with this patience.
  std::size_t pump(core::Duration patience);
  bool until_tables();  // the three tables of the start

  RequestId open_chat(const std::string& group, std::uint16_t port, const std::string& interface);
  RequestId open_paths(const std::string& group, std::uint16_t port,
                       const std::vector<std::string>& interfaces);
  RequestId open_peers(std::uint16_t port, const std::vector<std::string>& peers,
                       const std::vector<std::string>& interfaces = {"all"});
  RequestId open_management(const std::string& path, std::uint32_t mode = 0600);
  RequestId add(const std::string& link, const std::string& prefix, core::Duration lifetime = {},
                bool renew = false);
  RequestId remove(const std::string& link, const std::string& prefix);
  RequestId add_route(const std::string& link, const std::string& prefix);
  RequestId remove_route(const std::string& link, const std::string& prefix);
  // The errno of the outcome; -1: none came.
  int outcome(RequestId id);
  void send(const std::string& text);
  void reply(StreamId stream, const std::string& text);

  [[nodiscard]] bool has_address(const std::string& link, const std::string& prefix) const;
  [[nodiscard]] bool is_tagged(const std::string& link, const std::string& prefix) const;
  [[nodiscard]] bool has_notice(const std::string& part) const;
  [[nodiscard]] bool has_datagram(const std::string& text) const;
  [[nodiscard]] InterfaceIndex index_of(const std::string& link) const;

  std::optional<OwnMark> own;  // of the next chat
  std::vector<SeenDatagram> datagrams;
  std::map<std::string, SeenLink> links;
  std::map<std::pair<InterfaceIndex, core::Prefix>, bool> addresses;  // value: tagged
  std::vector<core::Prefix> told_addresses;  // one for each event
  std::map<std::pair<InterfaceIndex, core::IpAddress>, core::Mac> neighbours;
  std::vector<std::string> marks;  // "begin links", "complete links"...
  std::map<RequestId, std::vector<int>> outcomes;
  std::vector<std::string> notices;
  std::vector<SignalCaught> signals;
  int works_done = 0;
  std::vector<SeenFrame> heard;
  std::vector<SendFailed> failed;
  std::map<StreamId, std::string> streams;  // bytes of each
  std::map<StreamId, std::uint32_t> uids;
  std::set<StreamId> closed;
  std::shared_ptr<FakeWire> wire = std::make_shared<FakeWire>();

 private:
  void see(const Event& event);
  void see_mark(const std::string& word, Table table);
  std::unique_ptr<Platform> platform_;
  RequestId last_id_ = 0;
  std::set<InterfaceIndex> mentioned_links_;
  std::set<std::pair<InterfaceIndex, core::Prefix>> mentioned_addresses_;
  std::set<std::pair<InterfaceIndex, core::IpAddress>> mentioned_neighbours_;
};

inline std::string loop_name(LoopChoice choice) {
  return choice == LoopChoice::io_uring ? "IoUring" : "Epoll";
}

}  // namespace vippy::platform
