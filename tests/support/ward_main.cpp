// vippy-ward: as little of a daemon as a guard can look after.
//
// vippy-ward INTERFACE STALE_MS KILL_MS HAND_OVER_MS quiet|churn|packets ADDRESS...
// ADDRESS: held:PREFIX (set, on the board), unlisted:PREFIX (set), listed:PREFIX (on the board).
// Says on standard output what the guard says, and "fenced" for each fence; then it sets its
// addresses again. Beats every millisecond, without privileges. `churn` changes the board all the
// time: wills of one repeated octet, and one slot that is now one address and now another.
// `packets` opens packet sockets once the guard is started: the kernel waits when it closes each.
#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "guard_link.h"
#include "platform/host.h"
#include "platform/linux/address_requests.h"
#include "platform/linux/clock_linux.h"

namespace {

using namespace vippy;

constexpr int kPacketSockets = 200;

volatile std::sig_atomic_t is_asked_to_leave = 0;

class Ward {
 public:
  explicit Ward(char** words) : index_(::if_nametoindex(words[1])) {
    const auto milliseconds = [&](int at) {
      return std::chrono::milliseconds(std::atoi(words[at]));
    };
    link_.set_times({milliseconds(2), milliseconds(3), milliseconds(4), 0});
    is_churning_ = std::string_view(words[5]) == "churn";
    has_packets_ = std::string_view(words[5]) == "packets";
    for (auto** word = words + 6; *word != nullptr; ++word) {
      const std::string_view text(*word);
      const auto colon = text.find(':');
      const auto prefix = core::parse_prefix(text.substr(colon + 1)).value();
      if (text.substr(0, colon) != "unlisted") link_.holding({index_, prefix});
      if (text.substr(0, colon) != "listed") wanted_.push_back(prefix);
    }
  }

  int run() {
    if (index_ == 0 || requests_.open() != 0) return 1;
    add();
    link_.set_will(std::vector<std::uint8_t>(100, 'w'));
    const std::vector<platform::WillTarget> route{
        {core::parse_ip("239.7.7.7").value(), core::Ipv4{}, index_, 7'007, 1, 0}};
    link_.set_route(route);
    link_.start({VIPPY_BINARY_DIR "/vippy-guard", "ward", true}, platform::monotonic_now());
    if (has_packets_ && !open_packets()) return 1;
    if (const auto failed = platform::drop_privileges()) say(*failed);
    while (is_asked_to_leave == 0) turn();
    link_.leave_cleanly();
    return 0;
  }

 private:
  static void say(const std::string& text) {
    const auto line = text + "\n";
    (void)!::write(1, line.data(), line.size());
  }

  // They end with the process.
  static bool open_packets() {
    for (int i = 0; i < kPacketSockets; ++i) {
      if (::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0) return false;
    }
    return true;
  }

  void add() {
    for (const auto& prefix : wanted_) requests_.add({1, index_, prefix, {}, false});
    std::vector<platform::Outcome> outcomes;
    while (!requests_.empty()) requests_.flush({}, outcomes);
  }

  void turn() {
    if (link_.was_fenced(platform::monotonic_now())) {
      say("fenced");
      add();
    }
    link_.beat(platform::monotonic_now());
    while (const auto notice = link_.take_notice()) say(notice->text);
    if (is_churning_ && link_.is_guarded()) return churn();
    timespec pause{0, 1'000'000};
    ::ppoll(nullptr, 0, &pause, nullptr);
  }

  void churn() {
    static const auto one = core::parse_prefix("10.98.1.1/24").value();
    static const auto other = core::parse_prefix("10.99.2.2/32").value();
    for (unsigned i = 0; i < 200; ++i) {
      ++turns_;
      link_.let_go({index_, (turns_ & 1U) != 0 ? one : other});
      link_.holding({index_, (turns_ & 1U) != 0 ? other : one});
      will_.assign(1 + turns_ % 1'400, static_cast<std::uint8_t>(turns_));
      link_.set_will(will_);
    }
    if (turns_ == 200) say("churning");
  }

  platform::InterfaceIndex index_;
  hall::GuardLink link_{platform::make_guard_process(sizeof(hall::Board))};
  platform::AddressRequests requests_;
  std::vector<core::Prefix> wanted_;
  std::vector<std::uint8_t> will_;
  bool is_churning_ = false;
  bool has_packets_ = false;
  unsigned turns_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  std::signal(SIGTERM, [](int) { is_asked_to_leave = 1; });
  Ward ward(argv);
  return ward.run();
}
