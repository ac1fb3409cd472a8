// What the tests of real clusters share: a lab, and its logs when something went wrong.
//
// Purpose: a fixture; each test makes its cluster by `lab(...)`.
// Order:   one lab a test; it dies with the test.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>


#include "tests/support/lab.h"

namespace vippy::lab {

// Nobody cleans up behind a daemon that is killed: neither a guard nor the kernel.
inline Json unguarded(Json config) {
  config["guard"] = false;
  config["lease"] = 0;
  return config;
}

class ClusterTest : public testing::Test {
 protected:
  Lab& lab(const LabShape& shape = {}) {
    if (!lab_) lab_ = std::make_unique<Lab>(shape);
    return *lab_;
  }
  void TearDown() override {
    if (HasFailure() && lab_) std::fputs(lab_->logs().c_str(), stdout);
  }

 private:
  std::unique_ptr<Lab> lab_;
};

}  // namespace vippy::lab
