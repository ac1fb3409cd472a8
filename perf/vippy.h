// vippyd as a contender: a profile of conf/profiles, or a pace of one's own.
//
// Purpose: the file that an operator would use is the one that is measured.
// Order:   as in contender.h.
#pragma once

#include "perf/contender.h"

namespace vippy::lab {

// The keys of a profile that are about pace; those about a site are left out.
[[nodiscard]] Json pace_in(const std::string& profile_text);

class Vippy : public Contender {
 public:
  Vippy(Lab& lab, const std::string& name, Json pace);

  [[nodiscard]] std::string version() const override;
  [[nodiscard]] std::string setting() const override;
  [[nodiscard]] std::string lacks(Fault) const override { return {}; }
  [[nodiscard]] bool lets_go(Fault fault) const override;
  [[nodiscard]] Duration patience() const override;
  [[nodiscard]] double interval() const override { return pace_.value("interval", 1.0); }
  void begin(const Addresses& addresses) override;
  void start(unsigned node) override;
  void stop(unsigned node) override;
  void wait_stopped(unsigned node) override;
  void kill_daemon(unsigned node) override;
  void kill_all(unsigned node) override;
  void freeze(unsigned node) override { lab().node(node).freeze(); }
  void thaw(unsigned node) override { lab().node(node).thaw(); }
  void prepare(Fault fault) override;
  void order(unsigned node, Fault fault) override;
  void wait_ordered(unsigned node, Fault fault) override;
  [[nodiscard]] bool is_settled(unsigned home) const override;
  [[nodiscard]] std::vector<pid_t> processes(unsigned node) const override;
  void mark_logs() override;
  [[nodiscard]] std::vector<DaemonLine> lines(Duration since) override;
  [[nodiscard]] std::string logs() const override { return lab().logs(); }

 private:
  void write(bool has_extra);

  Json pace_;
  Addresses addresses_;
  std::uint64_t version_ = 1;
};

}  // namespace vippy::lab
