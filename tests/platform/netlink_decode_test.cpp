#include "platform/linux/netlink_decode.h"

#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>

#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

constexpr auto* kFolder = VIPPY_SOURCE_DIR "/tests/fuzz/corpus/netlink/";

using Bytes = std::vector<std::uint8_t>;

template <typename Value>
void append(Bytes& out, const Value& value) {
  const auto size = out.size();
  out.resize(size + sizeof(value));
  std::memcpy(out.data() + size, &value, sizeof(value));
}

void append_attribute(Bytes& out, std::uint16_t type, const Bytes& value) {
  append(out, nlattr{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), type});
  for (const auto octet : value) out.push_back(octet);
  out.resize((out.size() + 3) / 4 * 4);
}

Bytes message(std::uint16_t type, const Bytes& body) {
  Bytes out;
  append(out, nlmsghdr{static_cast<std::uint32_t>(sizeof(nlmsghdr) + body.size()), type, 0, 7, 9});
  for (const auto octet : body) out.push_back(octet);
  return out;
}

NetlinkBody only_body(const Bytes& bytes) {
  NetlinkReader reader(bytes);
  const auto first = reader.next();
  EXPECT_TRUE(first);
  EXPECT_FALSE(reader.next());
  return first ? first->body : NetlinkBody{};
}

template <typename Body>
std::vector<Body> recorded(const std::string& name) {
  std::vector<Body> out;
  static std::deque<std::string> texts;  // names point into them
  texts.push_back(support::read_file(kFolder + name));
  const auto& text = texts.back();
  NetlinkReader reader({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  while (const auto one = reader.next()) {
    if (const auto* body = std::get_if<Body>(&one->body)) out.push_back(*body);
  }
  return out;
}

Bytes neighbour(std::uint16_t state, std::uint8_t flags, const Bytes& address, const Bytes& mac) {
  Bytes body;
  ndmsg header{};
  header.ndm_family = address.size() == 4 ? AF_INET : AF_INET6;
  header.ndm_ifindex = 3;
  header.ndm_state = state;
  header.ndm_flags = flags;
  append(body, header);
  append_attribute(body, NDA_DST, address);
  append_attribute(body, NDA_LLADDR, mac);
  return message(RTM_NEWNEIGH, body);
}

TEST(NetlinkDecodeTest, DecodesRecordedLinks) {
  auto links = recorded<LinkMessage>("links_0.bin");
  for (const auto& link : recorded<LinkMessage>("links_1.bin")) links.push_back(link);
  ASSERT_GE(links.size(), 4U);
  EXPECT_TRUE(links.front().is_loopback);
  EXPECT_FALSE(links.front().is_ethernet);
  const auto va =
      std::find_if(links.begin(), links.end(), [](const auto& link) { return link.name == "va"; });
  ASSERT_NE(va, links.end());
  EXPECT_EQ(core::format(va->mac), "02:00:00:00:00:0a");
  EXPECT_TRUE(va->is_ethernet);
  EXPECT_TRUE(va->is_running);
  EXPECT_TRUE(va->is_multicast);
}

TEST(NetlinkDecodeTest, DecodesRecordedAddresses) {
  std::vector<std::string> prefixes;
  for (const auto& address : recorded<AddressMessage>("addresses_0.bin")) {
    prefixes.push_back(core::format(address.prefix) + (address.is_secondary ? " secondary" : ""));
  }
  for (const std::string wanted :
       {"127.0.0.1/8", "10.7.0.1/24", "10.7.0.5/24 secondary", "10.9.0.1/32"}) {
    EXPECT_NE(std::find(prefixes.begin(), prefixes.end(), wanted), prefixes.end()) << wanted;
  }
}

TEST(NetlinkDecodeTest, DecodesRecordedNeighbours) {
  const auto neighbours = recorded<NeighbourMessage>("neighbours_0.bin");
  for (const auto& one : neighbours) EXPECT_FALSE(one.address.is_multicast());
  EXPECT_TRUE(std::any_of(neighbours.begin(), neighbours.end(), [](const auto& one) {
    return core::format(one.address) == "10.7.0.9" &&
           core::format(one.mac) == "02:00:00:00:00:09" && one.exists;
  }));
}

TEST(NetlinkDecodeTest, DecodesRecordedNotificationsAndAnswers) {
  const auto addresses = recorded<AddressMessage>("notifications.bin");
  ASSERT_FALSE(addresses.empty());
  EXPECT_FALSE(addresses.front().exists);
  EXPECT_EQ(recorded<AckMessage>("refusal.bin").front().os_error, ENODEV);
}

TEST(NetlinkDecodeTest, TakesOnlyUsableNeighbours) {
  const Bytes address = {10, 7, 0, 9};
  const Bytes mac = {2, 0, 0, 0, 0, 9};
  for (const int state : {NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE, NUD_PERMANENT}) {
    const auto body = only_body(neighbour(static_cast<std::uint16_t>(state), 0, address, mac));
    EXPECT_TRUE(std::get<NeighbourMessage>(body).exists) << state;
  }
  for (const int state : {NUD_INCOMPLETE, NUD_FAILED, NUD_NONE}) {
    const auto body = only_body(neighbour(static_cast<std::uint16_t>(state), 0, address, mac));
    EXPECT_FALSE(std::get<NeighbourMessage>(body).exists) << state;
  }
  const auto is_skipped = [](const Bytes& bytes) {
    return std::holds_alternative<std::monostate>(only_body(bytes));
  };
  EXPECT_TRUE(is_skipped(neighbour(NUD_NOARP, 0, address, mac)));
  EXPECT_TRUE(is_skipped(neighbour(NUD_REACHABLE, NTF_PROXY, address, mac)));
  EXPECT_TRUE(is_skipped(neighbour(NUD_REACHABLE, 0, {239, 1, 1, 1}, mac)));
  EXPECT_TRUE(is_skipped(neighbour(NUD_REACHABLE, 0, address, {255, 255, 255, 255, 255, 255})));
  EXPECT_TRUE(is_skipped(neighbour(NUD_REACHABLE, 0, {10, 7, 0}, mac)));
}

TEST(NetlinkDecodeTest, ABridgePortThatLeavesIsNoLinkThatEnds) {
  ifinfomsg header{};
  header.ifi_family = AF_BRIDGE;
  header.ifi_index = 3;
  Bytes body;
  append(body, header);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(only_body(message(RTM_DELLINK, body))));
}

TEST(NetlinkDecodeTest, AnAddressWithItsTag) {
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = 24;
  header.ifa_index = 3;
  Bytes body;
  append(body, header);
  append_attribute(body, IFA_LOCAL, {10, 7, 0, 5});
  append_attribute(body, IFA_PROTO, {0xb5});
  EXPECT_EQ(std::get<AddressMessage>(only_body(message(RTM_NEWADDR, body))).protocol, 0xb5);
  body[1] = 33;
  EXPECT_TRUE(std::holds_alternative<std::monostate>(only_body(message(RTM_NEWADDR, body))));
}

TEST(NetlinkDecodeTest, LocalRoutesToIpv4HostsAndNoOthers) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = 32;
  header.rtm_table = RT_TABLE_LOCAL;
  header.rtm_protocol = 0xb5;
  header.rtm_type = RTN_LOCAL;
  const auto route = [](const rtmsg& with) {
    Bytes body;
    append(body, with);
    append_attribute(body, RTA_DST, {10, 7, 0, 5});
    append_attribute(body, RTA_OIF, {3, 0, 0, 0});
    return body;
  };
  const auto decoded = std::get<AddressMessage>(only_body(message(RTM_NEWROUTE, route(header))));
  EXPECT_EQ(decoded.plumb, core::Plumb::route);
  EXPECT_EQ(core::format(decoded.prefix), "10.7.0.5/32");
  EXPECT_EQ(decoded.index, 3U);
  EXPECT_EQ(decoded.protocol, 0xb5);
  EXPECT_TRUE(decoded.exists);
  EXPECT_FALSE(
      std::get<AddressMessage>(only_body(message(RTM_DELROUTE, route(header)))).exists);
  const auto is_nothing = [&](const rtmsg& with) {
    return std::holds_alternative<std::monostate>(only_body(message(RTM_NEWROUTE, route(with))));
  };
  auto other = header;
  other.rtm_type = RTN_UNICAST;
  EXPECT_TRUE(is_nothing(other));
  other = header;
  other.rtm_table = RT_TABLE_MAIN;
  EXPECT_TRUE(is_nothing(other));
  other = header;
  other.rtm_dst_len = 24;
  EXPECT_TRUE(is_nothing(other));
}

TEST(NetlinkDecodeTest, RefusesLengthsThatDoNotFit) {
  for (const std::uint32_t length : {0U, 15U, 17U, 0xffffffffU}) {
    auto bytes = message(NLMSG_DONE, {});
    std::memcpy(bytes.data(), &length, sizeof(length));
    NetlinkReader reader(bytes);
    EXPECT_FALSE(reader.next()) << length;
    EXPECT_TRUE(reader.is_truncated()) << length;
  }
}

TEST(NetlinkDecodeTest, EveryTruncationOfEveryRecordingIsRead) {
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(kFolder)) {
    ++files;
    const auto text = support::read_file(file.path());
    const auto size = std::min<std::size_t>(text.size(), 4096);
    for (std::size_t length = 0; length <= size; ++length) {
      // A copy of exactly this length: a read past its end is seen by the sanitizer.
      const Bytes bytes(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length));
      NetlinkReader reader(bytes);
      while (reader.next()) {
      }
    }
  }
  EXPECT_GE(files, 5U);
}

}  // namespace
}  // namespace vippy::platform
