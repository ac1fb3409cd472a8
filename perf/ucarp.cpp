#include "perf/ucarp.h"

#include <sys/stat.h>

#include <csignal>
#include <stdexcept>

namespace vippy::lab {

namespace {

constexpr unsigned kSkewStep = 20;  // of 1/256 s: the preferred node speaks first

}  // namespace

std::vector<std::string> ucarp_words(const std::string& program, const std::string& address,
                                     std::size_t vhid, unsigned node, unsigned rank,
                                     const std::string& up_script,
                                     const std::string& down_script) {
  return {program, "--interface=eth0", "--srcip=10.77.0." + std::to_string(100 + node),
          "--vhid=" + std::to_string(vhid), "--pass=lab", "--addr=" + address, "--advbase=1",
          "--advskew=" + std::to_string(kSkewStep * (rank - 1)), "--deadratio=3", "--preempt",
          "--shutdown", "--neutral", "--upscript=" + up_script, "--downscript=" + down_script};
}

std::string ucarp_script(const std::string& what) {
  return "#!/bin/sh\nexec ip address " + what + " \"$2/16\" dev \"$1\"\n";
}

std::string Ucarp::version() const {
  const auto path = installed_program("ucarp");
  return path.empty() ? "" : first_line(run_program({path, "--help"}).output);
}

std::string Ucarp::setting() const {
  return "advbase 1, deadratio 3, preempt; a process for each address, scripts that call ip";
}

std::string Ucarp::lacks(Fault fault) const {
  switch (fault) {
    case Fault::drain:
    case Fault::undrain: return "no drain";
    case Fault::reload_moves:
    case Fault::reload_stays: return "no configuration that it reads again";
    case Fault::graduation: return "no version that nodes hand on";
    case Fault::kill_both: return "no guard: as kill-daemon";
    default: return {};
  }
}

void Ucarp::begin(const Addresses& addresses) {
  if (addresses.ips.size() > kUcarpAddressesMax) {
    throw std::runtime_error("ucarp has at most 255 addresses");
  }
  clear();
  const auto script = [](const std::string& what) {
    const auto path = std::string(kFolder) + "/ucarp-" + what;
    write_file(path, ucarp_script(what));
    ::chmod(path.c_str(), 0700);
    return path;
  };
  const auto up = script("add");
  const auto down = script("del");
  for (unsigned n = 1; n <= lab().nodes(); ++n) {
    for (std::size_t i = 0; i < addresses.ips.size(); ++i) {
      auto& program = add(n, "ucarp" + std::to_string(i + 1));
      const auto rank = rank_of(n, home_of(addresses, i, home_, lab().nodes()), lab().nodes());
      program.words = ucarp_words(installed_program("ucarp"), addresses.ips[i], i + 1, n, rank, up,
                                  down);
    }
  }
}

void Ucarp::signal_all(unsigned node, int number) const {
  for (const auto& [process, words] : of(node)) process->signal(number);
}

void Ucarp::freeze(unsigned node) { signal_all(node, SIGSTOP); }
void Ucarp::thaw(unsigned node) { signal_all(node, SIGCONT); }

bool Ucarp::is_settled(unsigned) const { return all_said({"Switching to state"}); }

// It neither knows its own leftovers nor removes them.
void Ucarp::sweep(unsigned node) const { lab().sweep(node); }

}  // namespace vippy::lab
