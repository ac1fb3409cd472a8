// Messages of protocol 2 by the real encoder, as a pcap file, and on standard output what
// conf/vippy.lua is to show of each: a line of JSON for each packet.
//
// write_pcap FILE
#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "core/wire2.h"

namespace {

using namespace vippy::core;
using Json = nlohmann::json;
using Octets = std::vector<std::uint8_t>;

void put(Octets& out, std::uint64_t value, int octets) {
  for (int i = octets - 1; i >= 0; --i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8U * static_cast<unsigned>(i))));
  }
}

// An IPv4 packet with one UDP datagram; checksums are left out.
Octets packet_of(const Octets& payload, std::uint16_t port) {
  Octets out;
  put(out, 0x4500, 2);
  put(out, 28 + payload.size(), 2);
  put(out, 0x00000000'80110000, 8);  // TTL 128, UDP
  put(out, 0x0a000001'ef010203, 8);  // 10.0.0.1 to 239.1.2.3
  put(out, port, 2);
  put(out, port, 2);
  put(out, 8 + payload.size(), 2);
  put(out, 0, 2);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

class Pcap {
 public:
  explicit Pcap(const char* path) : file_(path, std::ios::binary) {
    Octets head;
    put(head, 0xa1b2c3d4, 4);
    put(head, 0x00020004, 4);
    put(head, 0, 8);
    put(head, 65'535, 4);
    put(head, 101, 4);  // LINKTYPE_RAW
    write(head);
  }
  void add(const Octets& payload, const Json& shown, std::uint16_t port = 5007) {
    const auto packet = packet_of(payload, port);
    Octets head;
    put(head, 0, 8);
    put(head, packet.size(), 4);
    put(head, packet.size(), 4);
    write(head);
    write(packet);
    std::printf("%s\n", shown.dump().c_str());
  }
  [[nodiscard]] bool is_good() const { return file_.good(); }

 private:
  void write(const Octets& octets) {
    file_.write(reinterpret_cast<const char*>(octets.data()),
                static_cast<std::streamsize>(octets.size()));
  }
  std::ofstream file_;
};

Octets octets_of(const Message& message) {
  constexpr std::array<std::string_view, 1> kSecrets = {"one secret"};
  const Keyring keys(kSecrets);
  Octets out(kDatagramOctetsMax);
  out.resize(encode(message, keys, out));
  return out;
}

BitSet bits(std::size_t size, std::initializer_list<std::size_t> set) {
  BitSet out(size);
  for (const auto bit : set) out.set(bit);
  return out;
}

const Sender kSender = {0x8000000000000001, 0x1122334455667788, 0xfffffffffffffffe};
const Json kSenderShown = {{"vippy.node", "0x8000000000000001"},
                           {"vippy.session", "0x1122334455667788"},
                           {"vippy.sequence", "18446744073709551614"}};

Json shown_of(Json fields) {
  fields.update(kSenderShown);
  return fields;
}

Beat full_beat() {
  Beat beat;
  beat.is_active = beat.is_settled = true;
  beat.version = 9'007'199'254'740'991;
  beat.digest = 0xfedcba9876543210;
  beat.neighbours = 0x0102030405060708;
  beat.interval = std::chrono::milliseconds(250);
  beat.stale = std::chrono::seconds(1);
  beat.echoes = {{0xdeadbeef, 7}, {}, {0x00000001, 4'294'967'295}};
  beat.candidates = {{0xcafe0000, 3}};
  beat.view = bits(3, {0, 2});
  beat.claims = bits(18, {0, 3, 4, 5, 17});
  beat.refusals = bits(18, {7, 8});
  beat.parts = bits(18, {16});
  return beat;
}

void add_announcements(Pcap& pcap) {
  const Json shown = shown_of(
      {{"vippy.kind", "1"}, {"vippy.flags", "0x35"}, {"vippy.flags.active", "1"},
       {"vippy.flags.leaving", "0"}, {"vippy.flags.settled", "1"}, {"vippy.nodes", "3"},
       {"vippy.groups", "18"}, {"vippy.candidates", "1"}, {"vippy.interval", "250000"},
       {"vippy.stale", "1000000"}, {"vippy.version", "9007199254740991"},
       {"vippy.digest", "0xfedcba9876543210"}, {"vippy.neighbours", "0x0102030405060708"},
       {"vippy.echo.session", "0xdeadbeef;0x00000000;0x00000001;0xcafe0000"},
       {"vippy.echo.sequence", "7;0;4294967295;3"}, {"vippy.view", "0, 2"},
       {"vippy.claims", "0, 3-5, 17"}, {"vippy.refusals", "7-8"}, {"vippy.parts", "16"},
       {"vippy.malformed", ""}});
  pcap.add(octets_of({kSender, full_beat()}), shown);
  pcap.add(octets_of({kSender, full_beat()}), shown, 40'000);  // known by its first octets
  Beat leaving;
  leaving.is_leaving = true;
  pcap.add(octets_of({kSender, leaving}),
           shown_of({{"vippy.flags", "0x02"}, {"vippy.flags.leaving", "1"},
                     {"vippy.flags.active", "0"}, {"vippy.view", "none"},
                     {"vippy.claims", "none"}, {"vippy.refusals", ""}, {"vippy.parts", ""},
                     {"vippy.malformed", ""}}));
}

void add_others(Pcap& pcap) {
  pcap.add(octets_of({kSender, Fragment{Content::neighbours, 5, 6, 4'000, 2'400, {1, 2, 255}}}),
           shown_of({{"vippy.kind", "2"}, {"vippy.what", "2"}, {"vippy.version", "6"},
                     {"vippy.digest", "0x0000000000000005"}, {"vippy.total", "4000"},
                     {"vippy.offset", "2400"}, {"vippy.piece", "0102ff"},
                     {"vippy.malformed", ""}}));
  pcap.add(octets_of({kSender, ContentRequest{Content::configuration, 5, {9, 8}}}),
           shown_of({{"vippy.kind", "3"}, {"vippy.what", "1"}, {"vippy.echo.session", "0x00000009"},
                     {"vippy.echo.sequence", "8"}, {"vippy.malformed", ""}}));
  pcap.add(octets_of({kSender, Order{OrderKind::undrain, 12}}),
           shown_of({{"vippy.kind", "4"}, {"vippy.order", "2"},
                     {"vippy.to", "0x000000000000000c"}, {"vippy.malformed", ""}}));
}

// Every beginning of a message, and every octet of one changed: shown as malformed or as another
// message, never an error of the script.
void add_damaged(Pcap& pcap) {
  const auto whole = octets_of({kSender, full_beat()});
  for (std::size_t size = 4; size < whole.size(); ++size) {
    pcap.add({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)},
             {{"vippy.malformed", "1"}});
  }
  for (std::size_t at = 4; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] ^= 0xffU;
    pcap.add(changed, Json::object());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Pcap pcap(argv[1]);
  add_announcements(pcap);
  add_others(pcap);
  const std::string_view plain = R"({"me":"n1","active":true})";
  pcap.add({plain.begin(), plain.end()}, {{"vippy.protocol1", "1"}, {"json", "n1"}});
  add_damaged(pcap);
  return pcap.is_good() ? 0 : 1;
}
