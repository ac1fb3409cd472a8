// Scenarios, the part that carries a script out.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "tests/sim/checkers/all.h"
#include "tests/sim/script.h"
#include "tests/sim/world.h"

namespace vippy::sim {

namespace {

// Writes down who holds what whenever that changes, and what the checkers find.
class Chronicle final : public Witness {
 public:
  Chronicle(World& world, const Rules& rules) : world_(world), jury(rules, all_checkers()) {}

  void see(const Entry& entry) override {
    jury.see(entry);
    if (const auto* address = std::get_if<seen::Address>(&entry.what)) {
      if (address->is_ours) tell_holders(address->prefix);
    }
    if (const auto* said = std::get_if<seen::Said>(&entry.what)) tell_move(*said);
    tell_violations();
  }
  void tell_violations() {
    for (; told_ < jury.violations().size(); ++told_) {
      const auto& it = jury.violations()[told_];
      world_.note(fmt::format("CHECK {}: {}", it.checker, it.text));
    }
  }
  std::string holders(const core::Prefix& prefix) const {
    std::string out;
    for (const auto machine : jury.picture().holders(prefix)) {
      const auto& name = jury.picture().rules().nodes[machine];
      out += (out.empty() ? "" : " ") + name;
    }
    return out.empty() ? "nobody" : out;
  }

 private:
  void tell_holders(const core::Prefix& prefix) {
    world_.note(fmt::format("  {} is on {}", core::format(prefix), holders(prefix)));
  }
  // The reason, once: in the words of the new owner, or of the old one when there is no new one.
  void tell_move(const seen::Said& said) {
    const auto* moved = std::get_if<core::event::GroupMoved>(&said.event);
    if (moved == nullptr) return;
    const auto& name = jury.picture().rules().nodes[said.machine];
    if (name != moved->to && !(moved->to == "_" && name == moved->from)) return;
    world_.note(fmt::format("  {}: group {} from {} to {}, {}", name, moved->group, moved->from,
                            moved->to, core::name(moved->reason)));
  }

  World& world_;
  std::size_t told_ = 0;

 public:
  Jury jury;
};

class Run {
 public:
  explicit Run(const Script& script)
      : script_(script),
        world_(script.seed, script.nodes, script.hosts),
        chronicle_(world_, rules(script)) {
    world_.has_guards = script.has_guards;
  }

  core::Result<ScriptResult, ScriptError> run() {
    world_.show_to(chronicle_);
    world_.configure(script_.config);
    const auto begin = world_.now();
    for (const auto& line : script_.lines) {
      world_.run_for(begin + line.at - world_.now());
      const auto wrong = command(line.words);
      if (!wrong.empty()) return core::failure(ScriptError{line.number, wrong});
    }
    world_.run_for(begin + script_.until - world_.now());
    chronicle_.jury.end(world_.now());
    chronicle_.tell_violations();
    return ScriptResult{world_.story(), world_.trace(),
                        failures_ + chronicle_.jury.violations().size()};
  }

 private:
  static Rules rules(const Script& script) {
    auto out = rules_of(script.config);
    out.has_guard = script.has_guards;
    return out;
  }

  using Words = std::vector<std::string>;
  using Command = std::string (Run::*)(const Words&);

  std::string command(const Words& words) {
    static const std::map<std::string, Command> commands = {
        {"start", &Run::on_machines},  {"stop", &Run::on_machines},
        {"kill", &Run::on_machines},   {"reload", &Run::on_machines},
        {"freeze", &Run::on_machines}, {"resume", &Run::on_machines},
        {"power-off", &Run::on_machines},
        {"kill-guard", &Run::on_machines}, {"freeze-guard", &Run::on_machines},
        {"resume-guard", &Run::on_machines},
        {"late", &Run::late},          {"link", &Run::link},
        {"cut", &Run::cut},            {"join", &Run::cut},
        {"deafen", &Run::deafen},      {"split", &Run::split},
        {"heal", &Run::heal},          {"loss", &Run::loss},
        {"file", &Run::file},          {"theft", &Run::theft},
        {"expect", &Run::expect},      {"expect-cache", &Run::expect_cache},
        {"peace", &Run::peace},        {"run-as", &Run::run_as},
        {"expect-said", &Run::expect_said},
    };
    const auto found = commands.find(words.front());
    if (found == commands.end()) return "unknown command " + words.front();
    return (this->*found->second)(words);
  }

  bool machine(const std::string& name, std::size_t& out) const {
    out = chronicle_.jury.picture().index_of(name);
    return out != kNone;
  }

  // start|stop|kill|reload|freeze|resume|power-off|kill-guard|freeze-guard|resume-guard
  // MACHINE...|all
  std::string on_machines(const Words& words) {
    if (words.size() < 2) return words[0] + ": expected the names of machines, or all";
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i] == "all") {
        for (std::size_t each = 0; each < script_.nodes; ++each) on_machine(words[0], each);
        continue;
      }
      std::size_t index = 0;
      if (!machine(words[i], index)) return words[i] + " is no machine";
      on_machine(words[0], index);
    }
    return "";
  }
  void on_machine(const std::string& what, std::size_t index) {
    if (what == "start") world_.start(index);
    if (what == "stop") world_.stop(index);
    if (what == "kill") world_.kill(index);
    if (what == "reload") world_.reload(index);
    if (what == "freeze") world_.freeze(index, true);
    if (what == "resume") world_.freeze(index, false);
    if (what == "power-off") world_.power_off(index);
    if (what == "kill-guard") world_.kill_guard(index);
    if (what == "freeze-guard") world_.freeze_guard(index, true);
    if (what == "resume-guard") world_.freeze_guard(index, false);
  }

  std::string late(const Words& words) {
    std::size_t index = 0;
    Duration most{};
    if (words.size() != 3 || !machine(words[1], index) || !parse_duration(words[2], most)) {
      return "expected: late MACHINE DURATION";
    }
    world_.set_late(index, most);
    return "";
  }

  std::string link(const Words& words) {
    std::size_t index = 0;
    if (words.size() != 3 || !machine(words[1], index) ||
        (words[2] != "up" && words[2] != "down")) {
      return "expected: link MACHINE up|down";
    }
    world_.set_link(index, words[2] == "up");
    return "";
  }

  std::string cut(const Words& words) {
    std::size_t one = 0;
    std::size_t other = 0;
    if (words.size() != 3 || !machine(words[1], one) || !machine(words[2], other)) {
      return "expected: " + words[0] + " MACHINE MACHINE";
    }
    world_.say("world", words[0] + " " + words[1] + " " + words[2]);
    world_.cut(one, other, words[0] == "cut");
    world_.cut(other, one, words[0] == "cut");
    return "";
  }

  // The first does not hear the second any more.
  std::string deafen(const Words& words) {
    std::size_t listener = 0;
    std::size_t speaker = 0;
    if (words.size() != 3 || !machine(words[1], listener) || !machine(words[2], speaker)) {
      return "expected: deafen LISTENER SPEAKER";
    }
    world_.say("world", words[1] + " does not hear " + words[2]);
    world_.cut(speaker, listener, true);
    return "";
  }

  std::string split(const Words& words) {
    std::string text = "split:";
    for (std::size_t i = 1; i < words.size(); ++i) {
      std::size_t index = 0;
      if (!machine(words[i], index)) return words[i] + " is no machine";
      text += " " + words[i];
      world_.put_on_side(index, 1);
    }
    world_.say("world", text);
    return words.size() > 1 ? "" : "expected: split MACHINE...";
  }

  std::string heal(const Words& words) {
    world_.heal();
    return words.size() == 1 ? "" : "expected: heal";
  }

  std::string loss(const Words& words) {
    if (words.size() != 2) return "expected: loss PERCENT";
    Faults faults;
    faults.loss_percent = static_cast<std::uint32_t>(std::strtoul(words[1].c_str(), nullptr, 10));
    if (faults.loss_percent > 100) return "loss: expected 0 to 100";
    world_.set_traffic(faults);
    return "";
  }

  std::string file(const Words& words) {
    std::size_t index = 0;
    if (words.size() != 3 || !machine(words[1], index) || !script_.files.contains(words[2])) {
      return "expected: file MACHINE NAME, with a file of that name above";
    }
    auto config = script_.config;
    config.shared = script_.files.at(words[2]);
    world_.say("world", fmt::format("the file of {} is {}, version {}", words[1], words[2],
                                    config.shared->version));
    world_.configure(index, config);
    return "";
  }

  std::string theft(const Words& words) {
    std::size_t index = 0;
    if (words.size() != 3 || !machine(words[1], index) || !core::parse_prefix(words[2])) {
      return "expected: theft MACHINE ADDRESS/LENGTH";
    }
    world_.remove_address(index, *core::parse_prefix(words[2]));
    return "";
  }

  // expect ADDRESS/LENGTH on MACHINE...|nobody
  std::string expect(const Words& words) {
    if (words.size() < 4 || words[2] != "on" || !core::parse_prefix(words[1])) {
      return "expected: expect ADDRESS/LENGTH on MACHINE...|nobody";
    }
    std::string wanted = words[3];
    for (std::size_t i = 4; i < words.size(); ++i) wanted += " " + words[i];
    const auto found = chronicle_.holders(*core::parse_prefix(words[1]));
    judge(fmt::format("{} is on {}", words[1], wanted), found == wanted, found);
    return "";
  }

  // expect-cache HOST ADDRESS MACHINE
  std::string expect_cache(const Words& words) {
    std::size_t index = 0;
    const auto host = words.size() == 4 ? std::strtoul(words[1].c_str(), nullptr, 10) : 0;
    if (words.size() != 4 || host < 1 || host > script_.hosts || !core::parse_ip(words[2]) ||
        !machine(words[3], index)) {
      return "expected: expect-cache HOST ADDRESS MACHINE";
    }
    const auto& caches = chronicle_.jury.picture().caches();
    const auto found = caches.find({host - 1, *core::parse_ip(words[2])});
    const bool is_met = found != caches.end() && found->second == index;
    judge(fmt::format("host {} sends what is for {} to {}", host, words[2], words[3]), is_met,
          found == caches.end() ? "nowhere" : "another machine");
    return "";
  }

  // run-as MACHINE NODE
  std::string run_as(const Words& words) {
    std::size_t index = 0;
    std::size_t node = 0;
    if (words.size() != 3 || !machine(words[1], index) || !machine(words[2], node)) {
      return "expected: run-as MACHINE NODE";
    }
    world_.run_as(index, words[2]);
    return "";
  }

  // expect-said MACHINE WORDS...: its daemon's log has a line with these words.
  std::string expect_said(const Words& words) {
    std::size_t index = 0;
    if (words.size() < 3 || !machine(words[1], index)) {
      return "expected: expect-said MACHINE WORDS...";
    }
    std::string wanted = words[2];
    for (std::size_t i = 3; i < words.size(); ++i) wanted += " " + words[i];
    std::istringstream trace(world_.trace());
    bool is_met = false;
    for (std::string line; !is_met && std::getline(trace, line);) {
      std::istringstream in(line);
      std::string time;
      std::string who;
      in >> time >> who;
      is_met = who == words[1] && line.find(wanted) != std::string::npos;
    }
    judge(words[1] + " says: " + wanted, is_met, "nothing of the kind");
    return "";
  }

  void judge(const std::string& what, bool is_met, const std::string& found) {
    world_.note((is_met ? "as expected: " : "NOT as expected: ") + what +
                (is_met ? "" : " (found: " + found + ")"));
    failures_ += is_met ? 0 : 1;
  }

  std::string peace(const Words& words) {
    Duration within{};
    if (words.size() != 2 || !parse_duration(words[1], within)) return "expected: peace DURATION";
    world_.say("world", "peace: all must be right within " + words[1]);
    world_.see_cause(CauseKind::peace);
    const core::Shared* newest = nullptr;
    std::shared_ptr<const core::Shared> shared;
    for (const auto& machine : world_.machines()) {
      if (newest != nullptr && machine.config.shared->version <= newest->version) continue;
      shared = machine.config.shared;
      newest = shared.get();
    }
    world_.see(seen::Peace{shared, within});
    return "";
  }

  const Script& script_;
  World world_;
  Chronicle chronicle_;
  std::size_t failures_ = 0;
};

}  // namespace

core::Result<ScriptResult, ScriptError> run_script(const Script& script) {
  return Run(script).run();
}

}  // namespace vippy::sim
