// keepalived as a contender, as fast as its authors let it be set up.
//
// Purpose: VRRPv3 with advert_int 0.01, the shortest that keepalived takes, real-time priority and
//          no limit on its processor time; one instance for all addresses, or many.
// Order:   as in contender.h.
// Source:  keepalived.conf(5).
#pragma once

#include "perf/programs.h"

namespace vippy::lab {

struct KeepalivedShape {
  double interval = 0.01;
  unsigned instances_max = 1;  // 255 at most: an instance needs a virtual_router_id
  unsigned realtime = 20;
};

// Each node that is home to addresses has instances of its own, which get them in turn. Of those of
// an instance the first 20 are announced, the rest is excluded from announcements, as large
// installations do. Home has the highest priority, the nodes after it lower and lower ones.
[[nodiscard]] std::string keepalived_config(const Addresses& addresses, unsigned node,
                                            unsigned nodes, const KeepalivedShape& shape);

class Keepalived : public Programs {
 public:
  Keepalived(Lab& lab, const std::string& name, const KeepalivedShape& shape)
      : Programs(lab, name), shape_(shape) {}

  [[nodiscard]] std::string version() const override;
  [[nodiscard]] std::string setting() const override;
  [[nodiscard]] std::string lacks(Fault fault) const override;
  [[nodiscard]] bool comes_back(Fault fault) const override;
  [[nodiscard]] Duration patience() const override { return std::chrono::seconds(20); }
  [[nodiscard]] double interval() const override { return shape_.interval; }
  void begin(const Addresses& addresses) override;
  void kill_daemon(unsigned node) override;
  void freeze(unsigned node) override;
  void thaw(unsigned node) override;
  void order(unsigned node, Fault fault) override;
  void wait_ordered(unsigned node, Fault fault) override;
  [[nodiscard]] bool is_settled(unsigned home) const override;
  [[nodiscard]] std::vector<pid_t> processes(unsigned node) const override;

 private:
  [[nodiscard]] pid_t vrrp_process(unsigned node) const;

  KeepalivedShape shape_;
};

}  // namespace vippy::lab
