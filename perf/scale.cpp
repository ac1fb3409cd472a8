#include "perf/scale.h"

#include "perf/cost.h"

namespace vippy::lab {

Report settings_of(const ScaleWish& wish) {
  return {{"repetitions", wish.repetitions}, {"addresses", wish.addresses},
          {"share", wish.share}, {"nodes", wish.nodes}, {"simulated", wish.simulated},
          {"seconds", wish.seconds}, {"asked", Field{}.asked_max}, {"keys", keys_of(wish.roster)}};
}

Report measure_scale(const ScaleWish& wish, const Progress& progress) {
  auto runs = Report::array();
  const auto steps = static_cast<double>(wish.addresses.size() + (wish.nodes.empty() ? 0 : 1) +
                                         (wish.simulated.empty() ? 0 : 1));
  double done = 0;
  for (const auto count : wish.addresses) {
    const auto own = [&](const std::string& what, double part) {
      progress(std::to_string(count) + " addresses: " + what,
               part < 0 ? part : (done + part) / steps);
    };
    ComparisonWish comparison{wish.daemons, {Fault::node_lost}, wish.repetitions,
                              {.addresses = count, .share = wish.share}, wish.roster};
    Report run = {{"addresses", count}};
    run.update(compare(comparison, own));
    runs.push_back(std::move(run));
    ++done;
  }
  Report out = {{"runs", runs}};
  if (!wish.nodes.empty()) {
    CostWish cost{wish.daemons, wish.repetitions, wish.seconds, 1, wish.nodes, wish.roster};
    out["nodes_cost"] = measure_cost(cost, [&](const std::string& what, double part) {
      progress(what, part < 0 ? part : (done + part) / steps);
    });
    ++done;
  }
  if (!wish.simulated.empty()) {
    const auto own = [&](const std::string& what, double part) {
      progress(what, (done + part) / steps);
    };
    out["crowd"] = measure_crowd({.nodes = wish.simulated}, own);
  }
  return out;
}

}  // namespace vippy::lab
