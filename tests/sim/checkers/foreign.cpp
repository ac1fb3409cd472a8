// P4: no address that vippy did not set is removed by it, and nothing of its own is left behind.
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

class Foreign final : public Checker {
 public:
  std::string_view name() const override { return "foreign"; }

  void on_entry(const Picture& picture, const Entry& entry) override {
    const auto* address = std::get_if<seen::Address>(&entry.what);
    if (address == nullptr || address->is_there || address->is_ours) return;
    if (address->by == By::somebody) return;
    flag(entry.at, fmt::format("{} of {} was not ours and was removed by {}",
                               core::format(address->prefix),
                               picture.rules().nodes[address->machine],
                               address->by == By::guard ? "the guard" : "the daemon"));
  }

  void on_end(const Picture& picture, Instant now) override {
    if (!picture.must_be_right(now)) return;
    const auto vips = vips_of(*picture.peace()->second.shared);
    for (std::size_t i = 0; i < picture.machines().size(); ++i) {
      const auto& machine = picture.machines()[i];
      for (const auto& [prefix, is_ours] : machine.addresses) {
        if (!machine.runs() || !is_ours) continue;
        if (std::find(vips.begin(), vips.end(), prefix) != vips.end()) continue;
        flag(now, fmt::format("{} is left behind on {}", core::format(prefix),
                              picture.rules().nodes[i]));
      }
    }
  }
};

}  // namespace

std::unique_ptr<Checker> foreign() { return std::make_unique<Foreign>(); }

}  // namespace vippy::sim
