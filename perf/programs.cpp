#include "perf/programs.h"

#include <algorithm>
#include <csignal>

#include "perf/stalls.h"

namespace vippy::lab {

void Programs::clear() {
  nodes_.clear();
  nodes_.resize(lab().nodes());
}

Programs::Program& Programs::add(unsigned node, const std::string& name) {
  const auto own = lab().space(node).name() + "-" + name;
  nodes_.at(node - 1).push_back({std::make_unique<NodeProcess>(lab().space(node), own), {}});
  return nodes_.at(node - 1).back();
}

void Programs::start(unsigned node) {
  bool is_swept = false;
  for (auto& [process, words] : nodes_.at(node - 1)) {
    if (process->has_ended()) (void)process->wait_exit();
    if (process->is_running()) continue;
    if (!is_swept) sweep(node);
    is_swept = true;
    process->mark_log();
    process->run(words);
  }
}

void Programs::stop(unsigned node) {
  for (auto& [process, words] : nodes_.at(node - 1)) {
    if (process->is_running()) process->signal(SIGTERM);
  }
}

void Programs::wait_stopped(unsigned node) {
  for (auto& [process, words] : nodes_.at(node - 1)) {
    if (process->is_running()) (void)process->wait_exit();
  }
}

// All of it is stopped first: nobody can do anything about another's end.
void Programs::kill_all(unsigned node) {
  std::vector<pid_t> children;
  for (auto& [process, words] : nodes_.at(node - 1)) {
    if (!process->is_running()) continue;
    process->freeze();
    if (const auto child = child_of(process->pid()); child > 0) children.push_back(child);
  }
  for (const auto child : children) ::kill(child, SIGKILL);
  for (auto& [process, words] : nodes_.at(node - 1)) process->kill();
  // They are ours now, process 1 of the world: one that is not waited for counts as running.
  for (const auto child : children) (void)wait_for_end(child);
}

void Programs::mark_logs() {}

std::string Programs::logs() const {
  std::string out;
  for (const auto& programs : nodes_) {
    for (const auto& [process, words] : programs) {
      out += "---- " + process->name() + "\n" + process->log();
    }
  }
  return out;
}

std::vector<pid_t> Programs::own_processes(unsigned node) const {
  std::vector<pid_t> out;
  for (const auto& [process, words] : of(node)) {
    if (process->is_running()) out.push_back(process->pid());
  }
  return out;
}

bool Programs::all_said(const std::vector<std::string>& one_of) const {
  return std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& programs) {
    return std::all_of(programs.begin(), programs.end(), [&](const auto& program) {
      const auto log = program.process->new_log();
      return std::any_of(one_of.begin(), one_of.end(),
                         [&](const auto& text) { return contains(log, text); });
    });
  });
}

}  // namespace vippy::lab
