// The guard against a real kernel: what it does when its daemon dies, hangs, comes back or leaves.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "core/ip.h"
#include "platform/linux/guard_removal.h"
#include "tests/support/kernel_view.h"
#include "tests/support/net_space.h"
#include "tests/support/vippyd_process.h"
#include "tests/support/world.h"

namespace vippy::lab {
namespace {

using namespace std::chrono_literals;

using Words = std::vector<std::string>;

// A busy machine may well be late by some 100 ms: where a hang is not the question, it is far off.
struct Times {
  int stale_ms = 5'000;
  int kill_ms = 30'000;
  int hand_over_ms = 3;
};

// A vippy-ward and what it says.
class Ward {
 public:
  Ward(const NetSpace& space, const Times& times, const Words& addresses,
       const std::string& mode = "quiet")
      : output_(::memfd_create("ward", MFD_CLOEXEC)) {
    Words words{built_program("vippy-ward"), "eth0", std::to_string(times.stale_ms),
                std::to_string(times.kill_ms), std::to_string(times.hand_over_ms), mode};
    words.insert(words.end(), addresses.begin(), addresses.end());
    process_ = start_program(words, output_, output_, &space);
    wait_until("a guard", [&] { return guard() > 0; });
  }
  ~Ward() {
    if (process_ > 0) kill();
    ::close(output_);
  }
  Ward(const Ward&) = delete;
  Ward& operator=(const Ward&) = delete;

  [[nodiscard]] std::string said() const {
    std::string text(static_cast<std::size_t>(std::max<off_t>(::lseek(output_, 0, SEEK_END), 0)),
                     '\0');
    const auto count = ::pread(output_, text.data(), text.size(), 0);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }
  [[nodiscard]] std::size_t count(const std::string& line) const {
    const auto text = "\n" + said();
    std::size_t found = 0;
    for (auto at = text.find("\n" + line); at != std::string::npos;
         at = text.find("\n" + line, at + 1)) {
      ++found;
    }
    return found;
  }
  // The latest one.
  [[nodiscard]] pid_t guard() const {
    const std::string words = "guarded by process ";
    const auto text = said();
    const auto at = text.rfind(words);
    const bool is_whole = at != std::string::npos && text.find('\n', at) != std::string::npos;
    return is_whole ? std::atoi(text.c_str() + at + words.size()) : 0;
  }
  [[nodiscard]] pid_t process() const { return process_; }
  void signal(int number) const { ::kill(process_, number); }
  int wait() { return wait_for_end(std::exchange(process_, 0)); }
  void kill() {
    signal(SIGKILL);
    (void)wait();
  }

 private:
  int output_;
  pid_t process_ = 0;
};

bool is_alive(pid_t process) {
  const auto text = read_file("/proc/" + std::to_string(process) + "/stat");
  const auto end = text.rfind(')');
  return end != std::string::npos && text[end + 2] != 'Z' && text[end + 2] != 'X';
}

std::string line_of(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  if (at == std::string::npos) return "";
  const auto begin = text.find_first_not_of(" \t", at + name.size());
  return text.substr(begin, text.find('\n', begin) - begin);
}

class GuardTest : public testing::Test {
 protected:
  GuardTest() : ward_space_("ward"), peer_("peer") {
    ward_space_.ip("link add eth0 type veth peer name far0\nlink set far0 netns " + peer_.path());
    ward_space_.ip("link set eth0 up");
    peer_.ip("link set far0 up\naddr add 10.77.0.200/16 dev far0");
    ward_space_.ip("addr add 10.77.0.101/16 dev eth0");
    peer_.in([&] { heard_ = listener(peer_.index_of("far0")); });
  }
  ~GuardTest() override { ::close(heard_); }

  static int listener(unsigned index) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(7'007);
    ::inet_pton(AF_INET, "239.7.7.7", &address.sin_addr);
    ip_mreqn member{};
    member.imr_multiaddr = address.sin_addr;
    member.imr_ifindex = static_cast<int>(index);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof(member)), 0);
    return fd;
  }
  // Everything that has come until now.
  std::vector<std::string>& wills() {
    std::array<char, 65'536> buffer;
    for (;;) {
      const auto count = ::recv(heard_, buffer.data(), buffer.size(), 0);
      if (count < 0) return wills_;
      wills_.emplace_back(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  [[nodiscard]] bool has(const std::string& ip) const { return has_address(ward_space_, ip); }
  void wait_gone(const std::string& ip) const {
    wait_until(ip + " gone", [&] { return !has(ip); });
  }
  static void wait_end(pid_t process) {
    wait_until("the guard ends", [&] { return !is_alive(process); });
  }

  NetSpace ward_space_;
  NetSpace peer_;
  int heard_ = -1;
  std::vector<std::string> wills_;
};

TEST_F(GuardTest, AKilledDaemonIsOffItsAddressesAtOnceAndItsPeersAreTold) {
  ward_space_.ip("addr add 10.77.8.8/16 dev eth0");
  Ward ward(ward_space_, {}, {"held:10.77.1.1/16", "held:10.77.1.2/32", "held:fd77::9/64",
                              "unlisted:10.77.9.9/16", "listed:10.77.8.8/16"});
  EXPECT_TRUE(has("10.77.1.1") && has("10.77.1.2") && has("fd77::9") && has("10.77.9.9"));
  const auto guard = ward.guard();
  const auto begin = std::chrono::steady_clock::now();
  ward.signal(SIGKILL);
  pollfd ready{heard_, POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 5'000), 1);
  // Milliseconds; the bound leaves room for a machine that is busy.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
  (void)ward.wait();
  wait_end(guard);
  EXPECT_FALSE(has("10.77.1.1") || has("10.77.1.2") || has("fd77::9"));
  EXPECT_TRUE(has("10.77.9.9")) << "not on the board";
  EXPECT_TRUE(has("10.77.8.8")) << "without the mark";
  EXPECT_TRUE(has("10.77.0.101"));
  EXPECT_THAT(wills(), testing::ElementsAre(std::string(100, 'w'), std::string(100, 'w'),
                                            std::string(100, 'w')));
}

TEST_F(GuardTest, TheKernelsWaitsForTheDeadDaemonsSocketsAreNotTheGuards) {
  Ward ward(ward_space_, {}, {"held:10.77.1.1/16"}, "packets");
  const auto begin = std::chrono::steady_clock::now();
  ward.signal(SIGKILL);
  wait_gone("10.77.1.1");
  // 5 ms where nothing is waited for; some seconds for that many sockets.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 500ms);
}

TEST_F(GuardTest, SecondariesOfOtherProgramsSurviveTheRemovalOfTheirPrimary) {
  Ward ward(ward_space_, {}, {"held:10.78.1.1/24", "held:10.78.1.2/24"});
  ward_space_.ip("addr add 10.78.1.9/24 dev eth0\nroute add 10.90.0.0/16 via 10.78.1.200");
  ASSERT_TRUE(find_address(ward_space_, "10.78.1.9")->is_secondary);
  AddressWatch watch(ward_space_);
  const auto guard = ward.guard();
  ward.kill();
  wait_end(guard);
  EXPECT_FALSE(has("10.78.1.1") || has("10.78.1.2"));
  ASSERT_TRUE(has("10.78.1.9"));
  EXPECT_FALSE(find_address(ward_space_, "10.78.1.9")->is_secondary);
  EXPECT_FALSE(watch.saw("-10.78.1.9/24"));
  const auto routes = run_program({"ip", "route"}, "", &ward_space_).output;
  EXPECT_THAT(routes, testing::HasSubstr("10.90.0.0/16 via 10.78.1.200"));
  ward_space_.in([] {
    EXPECT_EQ(read_file("/proc/sys/net/ipv4/conf/eth0/promote_secondaries"), "0\n");
  });
}

TEST_F(GuardTest, ManyAddressesGoInBatches) {
  Words addresses;
  for (int i = 0; i < 500; ++i) {
    const auto low = std::to_string(i / 200 + 1) + "." + std::to_string(i % 200 + 1);
    addresses.push_back("held:10.79." + low + "/16");
  }
  Ward ward(ward_space_, {}, addresses);
  const auto guard = ward.guard();
  ward.kill();
  wait_end(guard);
  EXPECT_EQ(lab::addresses(ward_space_).size(), 2U);  // its own and the link-local one
}

// The best of some: how busy the machine is does not show in it.
platform::Removed remove_all(const std::vector<platform::HeldAddress>& held, Duration& best) {
  constexpr int kTries = 15;
  platform::GuardRemoval removal;
  EXPECT_EQ(removal.open(), 0);
  best = Duration::max();
  platform::Removed all;
  for (int i = 0; i < kTries; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(removal.find(held, true), 0);
    const auto removed = removal.remove_some(held);
    best = std::min<Duration>(best, std::chrono::steady_clock::now() - begin);
    EXPECT_EQ(removed.os_error, 0);
    EXPECT_TRUE(removed.is_complete);
    all.count += removed.count;
  }
  return all;
}

TEST_F(GuardTest, TheRoutesOfARouterAreNotReadToRemoveOurs) {
  constexpr int kForeign = 20'000;
  const auto index = ward_space_.index_of("eth0");
  const auto route = [&](const std::string& prefix) {
    return platform::HeldAddress{index, core::parse_prefix(prefix).value(), core::Plumb::route};
  };
  const std::vector held{route("10.77.1.1/32"), route("10.77.1.2/32"), route("10.77.1.3/32")};
  const std::string ours = "route add local 10.77.1.1 dev eth0 table local scope host proto 181\n";
  const std::string theirs =
      "route add local 10.77.1.2 dev eth0 table local scope host proto static\n";
  ward_space_.ip(ours + theirs);
  Duration alone{};
  ward_space_.in([&] { EXPECT_EQ(remove_all(held, alone).count, 1U); });
  std::string lines = ours;
  for (int i = 0; i < kForeign; ++i) {
    lines += "route add 10.9" + std::to_string(i / 10'000) + "." + std::to_string(i / 100 % 100) +
             "." + std::to_string(i % 100) + "/32 dev eth0\n";
  }
  ward_space_.ip(lines);
  Duration beside_others{};
  ward_space_.in([&] { EXPECT_EQ(remove_all(held, beside_others).count, 1U); });
  EXPECT_LT(beside_others, 10 * alone + 500us);
  const auto local = run_program({"ip", "route", "show", "table", "local"}, "", &ward_space_);
  EXPECT_THAT(local.output, testing::HasSubstr("local 10.77.1.2 "));
  EXPECT_THAT(local.output, testing::Not(testing::HasSubstr("local 10.77.1.1 ")));
}

TEST_F(GuardTest, ADaemonThatIsLateByLessThanStaleIsNotTouched) {
  Ward ward(ward_space_, {}, {"held:10.77.1.1/16"});
  for (int i = 0; i < 3; ++i) {
    ward.signal(SIGSTOP);
    EXPECT_TRUE(holds_for(300ms, [&] { return has("10.77.1.1"); }));
    ward.signal(SIGCONT);
  }
  EXPECT_TRUE(holds_for(300ms, [&] { return has("10.77.1.1"); }));
  EXPECT_THAT(wills(), testing::IsEmpty());
  EXPECT_EQ(ward.count("fenced"), 0U) << ward.said();
}

TEST_F(GuardTest, ADaemonThatHangsLosesItsAddressesAndGoesOnWhenItWakes) {
  Ward ward(ward_space_, {.stale_ms = 1'000}, {"held:10.77.1.1/16", "held:fd77::9/64"});
  for (std::size_t i = 1; i <= 2; ++i) {
    ward.signal(SIGSTOP);
    wait_gone("10.77.1.1");
    wait_gone("fd77::9");
    wait_until("three wills", [&] { return wills().size() == 3 * i; });
    ward.signal(SIGCONT);
    wait_until("the fence is seen", [&] { return ward.count("fenced") == i; });
    wait_until("it goes on", [&] { return has("10.77.1.1"); });
    EXPECT_TRUE(holds_for(600ms, [&] { return has("10.77.1.1"); }));
    EXPECT_EQ(ward.count("fenced"), i) << ward.said();
    EXPECT_THAT(ward.said(), testing::HasSubstr("removed 2 addresses"));
  }
  const auto guard = ward.guard();
  ward.kill();
  wait_end(guard);
  EXPECT_FALSE(has("10.77.1.1"));
}

TEST_F(GuardTest, ADaemonThatDoesNotWakeIsKilled) {
  Ward ward(ward_space_, {.stale_ms = 400, .kill_ms = 500}, {"held:10.77.1.1/16"});
  const auto guard = ward.guard();
  ward.signal(SIGSTOP);
  wait_gone("10.77.1.1");
  EXPECT_EQ(ward.wait(), 128 + SIGKILL);
  wait_end(guard);
  EXPECT_TRUE(has("10.77.0.101"));
}

TEST_F(GuardTest, AGuardThatIsKilledIsReplacedByOneThatKnowsEverything) {
  Ward ward(ward_space_, {}, {"held:10.77.1.1/16", "held:fd77::9/64"});
  for (std::size_t i = 2; i <= 3; ++i) {
    const auto first = ward.guard();
    ::kill(first, SIGKILL);
    wait_until("another guard", [&] { return ward.guard() != first; });
    EXPECT_EQ(ward.count("the guard ended unexpectedly"), i - 1) << ward.said();
  }
  EXPECT_EQ(ward.count("the guard cannot"), 0U) << ward.said();
  EXPECT_TRUE(has("10.77.1.1"));
  const auto guard = ward.guard();
  ward.kill();
  wait_end(guard);
  EXPECT_FALSE(has("10.77.1.1") || has("fd77::9"));
  EXPECT_EQ(wills().size(), 3U);
}

TEST_F(GuardTest, WhenBothAreKilledTheNextPairStartsAllTheSame) {
  {
    Ward ward(ward_space_, {}, {"held:10.77.1.1/16"});
    ::kill(ward.guard(), SIGKILL);
    ward.kill();
  }
  EXPECT_TRUE(has("10.77.1.1"));
  Ward next(ward_space_, {}, {"held:10.77.1.1/16"});
  EXPECT_EQ(next.count("the guard cannot"), 0U) << next.said();
  next.kill();
  wait_gone("10.77.1.1");
}

TEST_F(GuardTest, AnOrderlyEndIsNoneOfItsBusiness) {
  Ward ward(ward_space_, {}, {"held:10.77.1.1/16"});
  const auto guard = ward.guard();
  ward.signal(SIGTERM);
  EXPECT_EQ(ward.wait(), 0);
  wait_end(guard);
  EXPECT_TRUE(has("10.77.1.1"));
  EXPECT_THAT(wills(), testing::IsEmpty());
}

TEST_F(GuardTest, SignalsOfServiceManagersAndTerminalsDoNotEndIt) {
  Ward ward(ward_space_, {}, {"held:10.77.1.1/16"});
  const auto guard = ward.guard();
  EXPECT_EQ(::getpgid(guard), guard);
  // One session is one scheduling group where the kernel has sched_autogroup.
  EXPECT_EQ(::getsid(guard), ::getsid(ward.process()));
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGALRM, SIGUSR1}) {
    ::kill(guard, number);
  }
  EXPECT_TRUE(holds_for(100ms, [&] { return is_alive(guard); }));
  ward.kill();
  wait_gone("10.77.1.1");
}

TEST_F(GuardTest, AGuardThatWakesAfterItsDaemonWasReplacedDoesNothing) {
  Ward ward(ward_space_, {}, {"held:10.77.1.1/16"});
  const auto frozen = ward.guard();
  ::kill(frozen, SIGSTOP);
  ward.kill();
  EXPECT_TRUE(has("10.77.1.1"));
  Ward next(ward_space_, {}, {"held:10.77.1.1/16"});
  EXPECT_FALSE(is_alive(frozen));
  ::kill(frozen, SIGCONT);
  EXPECT_TRUE(holds_for(300ms, [&] { return has("10.77.1.1"); }));
  EXPECT_THAT(wills(), testing::IsEmpty());
}

TEST_F(GuardTest, AGuardThatWasFrozenLeavesADaemonAloneThatBeats) {
  Ward ward(ward_space_, {.stale_ms = 1'000}, {"held:10.77.1.1/16"});
  ::kill(ward.guard(), SIGSTOP);
  EXPECT_TRUE(holds_for(1'700ms, [&] { return has("10.77.1.1"); }));
  ::kill(ward.guard(), SIGCONT);
  EXPECT_TRUE(holds_for(300ms, [&] { return has("10.77.1.1"); }));
  EXPECT_EQ(ward.count("fenced"), 0U) << ward.said();
  ward.signal(SIGSTOP);
  wait_gone("10.77.1.1");
}

TEST_F(GuardTest, BothFrozenTheGuardWakesFirstAndADaemonThatStaysHungLosesItsAddresses) {
  Ward ward(ward_space_, {.stale_ms = 400}, {"held:10.77.1.1/16"});
  ::kill(ward.guard(), SIGSTOP);
  ward.signal(SIGSTOP);
  EXPECT_TRUE(holds_for(900ms, [&] { return has("10.77.1.1"); }));
  ::kill(ward.guard(), SIGCONT);
  wait_gone("10.77.1.1");
}

TEST_F(GuardTest, ADaemonThatIsKilledWhileItWritesLeavesNothingTorn) {
  // Each is what a mixture of the two addresses in the changing slot would name.
  Words addresses{"held:10.77.1.1/16", "unlisted:10.98.1.1/32", "unlisted:10.99.2.2/24"};
  for (int round = 0; round < 12; ++round) {
    Ward ward(ward_space_, {.stale_ms = 1'000}, addresses, "churn");
    wait_until("changes", [&] { return ward.count("churning") == 1; });
    const auto guard = ward.guard();
    if (round % 3 == 2) ward.signal(SIGSTOP);
    if (round % 3 == 2) wait_gone("10.77.1.1");
    ward.kill();
    wait_end(guard);
    EXPECT_FALSE(has("10.77.1.1")) << round;
    EXPECT_TRUE(has("10.98.1.1") && has("10.99.2.2")) << round;
    EXPECT_GE(wills().size(), 3U) << round;
    for (const auto& will : wills()) {
      EXPECT_THAT(will, testing::Each(will.front())) << round;
      EXPECT_EQ((will.size() - 1) % 4, (static_cast<unsigned char>(will.front())) % 4U) << round;
    }
    wills().clear();
  }
}

TEST_F(GuardTest, AllOfItIsInMemoryAndItIsSmall) {
  Ward ward(ward_space_, {}, {"held:10.77.1.1/16"});
  const auto folder = "/proc/" + std::to_string(ward.guard());
  const auto status = read_file(folder + "/status");
  EXPECT_EQ(line_of(status, "Name:"), "vippy-guard");
  // CAP_NET_ADMIN 12, CAP_IPC_LOCK 14, CAP_SYS_NICE 23
  EXPECT_EQ(line_of(status, "CapPrm:"), "0000000000805000");
  EXPECT_GT(std::atoi(line_of(status, "VmLck:").c_str()), 0);
  EXPECT_EQ(line_of(status, "VmSwap:"), "0 kB");
  // A container may not have CAP_SYS_RESOURCE to give: then it is said.
  const bool is_spared = read_file(folder + "/oom_score_adj") == "-1000\n";
  EXPECT_EQ(ward.count("the guard may be killed when memory runs out"), is_spared ? 0U : 1U);
  const auto pss = std::atoi(line_of(read_file(folder + "/smaps_rollup"), "Pss:").c_str());
  RecordProperty("pss_kib", pss);
  EXPECT_GT(pss, 0);
  EXPECT_LT(pss, 2'048);
  EXPECT_EQ(ward.count("the guard cannot") + ward.count("the guard is not"), 0U) << ward.said();
}

}  // namespace
}  // namespace vippy::lab
