#include "tests/sim/script.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace vippy::sim {

namespace {

using namespace std::chrono_literals;

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream in{std::string(line.substr(0, line.find('#')))};
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

bool parse_count(const std::string& text, std::uint64_t least, std::uint64_t most,
                 std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out >= least && out <= most;
}

class Parser {
 public:
  core::Result<Script, ScriptError> parse(std::string_view text) {
    set_defaults();
    while (!text.empty()) {
      ++number_;
      const auto end = text.find('\n');
      const auto words = words_of(text.substr(0, end));
      text = end == std::string_view::npos ? "" : text.substr(end + 1);
      if (words.empty()) continue;
      const auto wrong = on_line(words);
      if (!wrong.empty()) return core::failure(ScriptError{number_, wrong});
    }
    const auto wrong = finish();
    if (!wrong.empty()) return core::failure(ScriptError{number_, wrong});
    return std::move(script_);
  }

 private:
  void set_defaults() {
    auto& config = script_.config;
    config.chat_address = *core::parse_ip("224.1.1.1");
    config.chat_port = 5007;
    config.secret = "simulated";
    config.interval = 100ms;
    config.stale = 300ms;
    config.mature = 1s;
    config.notify_refresh = 2s;
    config.notify = {core::NotifyEntry{}};
  }

  std::string on_line(const std::vector<std::string>& words) {
    if (words.front() == "at") return on_command(words);
    if (words.front() == "file") return on_file(words);
    if (words.front() == "group") return on_group(words);
    if (words.size() != 2) return "expected: KEY VALUE";
    std::uint64_t count = 0;
    const auto& [key, value] = std::pair(words[0], words[1]);
    if (key == "nodes" || key == "hosts" || key == "seed" || key == "protocol") {
      const std::uint64_t most = key == "seed" ? UINT64_MAX : key == "protocol" ? 2 : 64;
      if (!parse_count(value, 1, most, count)) {
        return key + ": expected 1 to " + std::to_string(most);
      }
      if (key == "nodes") script_.nodes = count;
      if (key == "hosts") script_.hosts = count;
      if (key == "seed") script_.seed = count;
      if (key == "protocol") {
        script_.config.protocol = count == 1 ? core::Protocol::v1 : core::Protocol::v2;
      }
      return "";
    }
    auto* duration = key == "interval"  ? &script_.config.interval
                     : key == "stale"   ? &script_.config.stale
                     : key == "mature"  ? &script_.config.mature
                     : key == "refresh" ? &script_.config.notify_refresh
                     : key == "until"   ? &script_.until
                     : key == "guard-kill" ? &script_.config.guard_kill
                                           : nullptr;
    script_.has_guards = script_.has_guards || key == "guard-kill";
    if (duration == nullptr) return "unknown key " + key;
    return parse_duration(value, *duration) ? "" : key + ": expected a duration like 20ms";
  }

  // file NAME version NUMBER
  std::string on_file(const std::vector<std::string>& words) {
    std::uint64_t version = 0;
    if (words.size() != 4 || words[2] != "version" ||
        !parse_count(words[3], 1, 1ULL << 53U, version)) {
      return "expected: file NAME version NUMBER";
    }
    if (files_.contains(words[1])) return "there is a file " + words[1] + " already";
    current_ = words[1];
    if (files_.empty()) first_ = current_;
    files_[current_].version = version;
    return "";
  }

  // group PREFERRED|- PREFIX...
  std::string on_group(const std::vector<std::string>& words) {
    if (words.size() < 3) return "expected: group PREFERRED|- ADDRESS/LENGTH...";
    if (files_.empty()) return "a group belongs to the file above it: there is none";
    auto& group = files_[current_].groups.emplace_back();
    if (words[1] != "-") group.preferred = words[1];
    for (std::size_t i = 2; i < words.size(); ++i) {
      const auto prefix = core::parse_prefix(words[i]);
      if (!prefix) return words[i] + " is no ADDRESS/LENGTH";
      core::Vip vip;
      vip.interface = "eth0";
      vip.address = prefix->address;
      vip.prefix_length = prefix->length;
      vip.text = core::format(prefix->address);
      group.vips.push_back(std::move(vip));
    }
    core::sort_members(group);
    return "";
  }

  // at TIME COMMAND...
  std::string on_command(const std::vector<std::string>& words) {
    ScriptLine line;
    if (words.size() < 3 || !parse_duration(words[1], line.at)) return "expected: at TIME COMMAND";
    if (!script_.lines.empty() && line.at < script_.lines.back().at) {
      return "this is earlier than the line before";
    }
    line.number = number_;
    line.words.assign(words.begin() + 2, words.end());
    script_.lines.push_back(std::move(line));
    return "";
  }

  std::string finish() {
    if (files_.empty()) return "no file: file NAME version NUMBER, then its groups";
    for (auto& [name, shared] : files_) {
      for (std::size_t i = 0; i < script_.nodes; ++i) {
        shared.nodes.push_back("n" + std::to_string(i + 1));
      }
      script_.files[name] = std::make_shared<const core::Shared>(shared);
    }
    script_.config.shared = script_.files[first_];
    if (!script_.lines.empty()) script_.until = std::max(script_.until, script_.lines.back().at);
    return "";
  }

  Script script_;
  std::map<std::string, core::Shared> files_;
  std::string current_;
  std::string first_;
  std::size_t number_ = 0;
};

}  // namespace

bool parse_duration(std::string_view text, Duration& out) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0 || number > 1e6) return false;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double scale = unit == "s" ? 1e9 : unit == "ms" ? 1e6 : unit == "us" ? 1e3 : 0;
  out = Duration(static_cast<std::int64_t>(number * scale + 0.5));
  return scale != 0;
}

core::Result<Script, ScriptError> parse_script(std::string_view text) {
  return Parser().parse(text);
}

}  // namespace vippy::sim
