#include "perf/roster.h"

#include <stdexcept>

#include "perf/bare.h"
#include "perf/keepalived.h"
#include "perf/ucarp.h"
#include "perf/vippy.h"

namespace vippy::lab {

namespace {

constexpr unsigned kInstancesMax = 255;
constexpr unsigned kUcarpNodesMax = 12;         // their advskew ends at 255
constexpr std::size_t kKeepalivedMax = 1'000;   // more than that nobody runs with it

std::string profile(const std::string& name) {
  const auto path = std::string(VIPPY_SOURCE_DIR "/conf/profiles/") + name + ".conf";
  const auto text = read_file(path);
  if (text.empty()) throw std::runtime_error("cannot read " + path);
  return text;
}

std::unique_ptr<Contender> make_vippy(Lab& lab, const std::string& name, const char* profile_name,
                                      const RosterOptions& options) {
  auto pace = pace_in(profile(profile_name));
  pace.update(keys_of(options));
  return std::make_unique<Vippy>(lab, name, pace);
}

}  // namespace

Json keys_of(const RosterOptions& options) {
  auto keys = Json::object();
  if (!options.plumb.empty()) keys["plumb"] = options.plumb;
  if (options.interval > 0) keys["interval"] = options.interval;
  if (options.stale > 0) keys["stale"] = options.stale;
  return keys;
}

const std::vector<std::string>& roster_names() {
  static const std::vector<std::string> names = {
      "vippy-fast",      "vippy-lan", "vippy-classic", "keepalived",
      "keepalived-many", "ucarp",     "bare-fast",     "bare-lan"};
  return names;
}

std::unique_ptr<Contender> make_contender(Lab& lab, const std::string& name,
                                          const RosterOptions& options) {
  if (name == "vippy-fast") return make_vippy(lab, name, "lan-fast", options);
  if (name == "vippy-lan") return make_vippy(lab, name, "lan", options);
  if (name == "vippy-classic") return make_vippy(lab, name, "classic", options);
  if (name == "keepalived") return std::make_unique<Keepalived>(lab, name, KeepalivedShape{});
  if (name == "keepalived-many") {
    return std::make_unique<Keepalived>(lab, name,
                                        KeepalivedShape{.instances_max = kInstancesMax});
  }
  if (name == "ucarp") return std::make_unique<Ucarp>(lab, name);
  if (name == "bare-fast") return std::make_unique<Bare>(lab, name, 0.001);
  if (name == "bare-lan") return std::make_unique<Bare>(lab, name, 0.01);
  throw std::runtime_error("nobody is called " + name);
}

std::string lacks_room(const std::string& name, std::size_t addresses, unsigned nodes) {
  if (name == "ucarp" && addresses > kUcarpAddressesMax) return "a vhid for 255 addresses at most";
  if (name == "ucarp" && nodes > kUcarpNodesMax) return "an advskew for 12 nodes at most";
  const bool is_keepalived = name == "keepalived" || name == "keepalived-many";
  if (is_keepalived && addresses > kKeepalivedMax) return "measured up to 1,000 addresses";
  return {};
}

}  // namespace vippy::lab
