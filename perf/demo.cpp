// vippy-demo: three real vippyd on a switch, a client that asks every VIP 1,000 times a second,
// and owners that stop, die, lose their cable and come back. Ends by itself, with 0 when all went
// as it should.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/lab.h"

namespace {

using namespace vippy::lab;
using namespace std::chrono_literals;

constexpr unsigned kRate = 1'000;
constexpr double kInterval = 0.03;
constexpr double kStale = 0.15;
constexpr double kMature = 0.3;
const std::vector<std::string> kVips = {"10.77.1.1", "10.77.1.2", "10.77.1.3", "fd77::9"};
const std::vector<unsigned> kHomes = {1, 2, 3, 2};

struct Chapter {
  std::string title;
  std::vector<Measured> measured;
  Duration gap_allowed{};
};

double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void tell(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

void show(const Chapter& chapter) {
  for (const auto& vip : chapter.measured) {
    std::printf("    %-10s %6llu asked, %4llu lost, longest time without an answer %7.1f ms\n",
                vip.vip.c_str(), static_cast<unsigned long long>(vip.sent),
                static_cast<unsigned long long>(vip.lost()), milliseconds(vip.longest_gap));
  }
}

// The last column says how long the worst VIP may be away: stale and some, or a hand-over.
bool summarise(const std::vector<Chapter>& chapters) {
  std::printf("\n%-44s %10s %14s %9s\n", "what happened", "lost", "longest gap", "allowed");
  bool is_good = true;
  for (const auto& chapter : chapters) {
    std::uint64_t lost = 0;
    Duration gap{};
    for (const auto& vip : chapter.measured) {
      lost += vip.lost();
      gap = std::max(gap, vip.longest_gap);
    }
    const bool is_kept = gap <= chapter.gap_allowed;
    is_good = is_good && is_kept;
    std::printf("%-44s %10llu %11.1f ms %6.0f ms%s\n", chapter.title.c_str(),
                static_cast<unsigned long long>(lost), milliseconds(gap),
                milliseconds(chapter.gap_allowed), is_kept ? "" : "  TOO LONG");
  }
  return is_good;
}

class Story {
 public:
  Story() : lab_(shape()), echo_(lab_.echo()) {}

  int tell_all() {
    begin();
    const auto away = [this](unsigned n) { return [this, n] { wait_away_from(n); }; };
    const auto home = [this](unsigned n) { return [this, n] { wait_home(n); }; };
    chapter("nothing, half a second long", 100ms, [] {}, [this] { wait_asked(kRate / 2); });
    chapter("n1 is stopped (SIGTERM)", 300ms, [&] { lab_.node(1).stop(); }, away(1));
    chapter("n1 is started, its VIP returns", 300ms, [&] { lab_.node(1).start(); }, home(1));
    // Its kernel goes on answering: nothing is lost while the others notice.
    chapter("vippyd of n2 is killed (SIGKILL)", 1s, [&] { lab_.node(2).kill(); }, away(2));
    chapter("n2 is started, its VIPs return", 300ms, [&] { lab_.node(2).start(); }, home(2));
    chapter("n3 loses its cable (no carrier)", 1s, [&] { lab_.cut(3); }, away(3));
    chapter("n3 has its cable back", 1s, [&] { lab_.mend(3); }, home(3));
    chapter("n1's port goes silent (carrier stays)", 1s, [&] { lab_.cut_silently(1); }, away(1));
    chapter("n1's port works again", 1s, [&] { lab_.mend(1); }, home(1));
    for (unsigned n = 1; n <= 3; ++n) {
      if (lab_.node(n).stop() != 0) throw std::runtime_error("a daemon did not end well");
    }
    return summarise(chapters_) ? 0 : 1;
  }

  [[nodiscard]] std::string logs() const { return lab_.logs(); }

 private:
  static LabShape shape() {
    return {.nodes = 3, .hosts = 1, .interval = kInterval, .stale = kStale, .mature = kMature};
  }

  void begin() {
    tell("Three nodes n1, n2, n3 and a client on one switch. 10.77.1.1 prefers n1, 10.77.1.2 and\n"
         "fd77::9 prefer n2, 10.77.1.3 prefers n3. A node counts as lost after " +
         std::to_string(static_cast<int>(kStale * 1'000)) +
         " ms of silence.\nThe client asks each VIP 1,000 times a second.\n");
    lab_.start(lab_.config(Json::array({group_at("n1", {kVips[0] + "/16"}),
                                        group_at("n2", {kVips[1] + "/16", kVips[3] + "/64"}),
                                        group_at("n3", {kVips[2] + "/16"})})));
    for (unsigned i = 0; i < 3; ++i) {
      lab_.wait_held(kVips[i], {i + 1});
      lab_.wait_owned(kVips[i], "n" + std::to_string(i + 1));
    }
    tell("$ vippyctl status        (on n1)\n" + lab_.node(1).ctl("status"));
  }

  void chapter(const std::string& title, Duration allowed, const std::function<void()>& event,
               const std::function<void()>& until) {
    tell("\n" + title);
    client_.emplace(lab_.host(), kVips, kRate);
    wait_asked(100);
    for (const auto& vip : kVips) {
      wait_until(vip + " is answered", [&] { return client_->look(vip).answered > 0; });
    }
    event();
    until();
    // What comes late belongs to this chapter.
    wait_asked(client_->look().front().sent + 100);
    chapters_.push_back({title, client_->finish(), allowed});
    show(chapters_.back());
  }

  void wait_asked(std::uint64_t count) {
    wait_until("requests", [&] { return client_->look().front().sent >= count; });
  }

  // The VIPs that prefer the node are answered by it.
  void wait_home(unsigned node) {
    for (std::size_t i = 0; i < kVips.size(); ++i) {
      if (kHomes[i] != node) continue;
      wait_until(kVips[i] + " is answered by n" + std::to_string(node),
                 [&] { return client_->look()[i].last_from == node; });
    }
  }

  void wait_away_from(unsigned node) {
    wait_until("no VIP is answered by n" + std::to_string(node), [&] {
      for (const auto& vip : client_->look()) {
        if (vip.last_from == node || vip.last_from == 0) return false;
      }
      return true;
    });
  }

  Lab lab_;
  Echo echo_;
  std::optional<Client> client_;
  std::vector<Chapter> chapters_;
};

int tell_story() {
  std::optional<Story> story;
  try {
    enter_world();
    story.emplace();
    const int code = story->tell_all();
    tell(code == 0 ? "\nAll of it as it should be; nothing is left behind."
                   : "\nSome gap was longer than it should be: is this machine very busy?");
    return code;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "vippy-demo: %s\n", problem.what());
    if (story) std::fprintf(stderr, "%s", story->logs().c_str());
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Three real vippyd on a switch, in namespaces of its own, and a client that asks "
               "every VIP 1,000 times a second while owners stop, die, lose their cable and come "
               "back. Ends with 0 when all went as it should.");
  app.set_version_flag("--version", "vippy-demo " VIPPY_VERSION);
  CLI11_PARSE(app, argc, argv);
  return tell_story();
}
