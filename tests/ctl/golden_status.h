// The reference's status bodies, and a Status of ours that holds the same values.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/status.h"

namespace vippy::ctl {

using Json = nlohmann::ordered_json;

// {status, vippyctl} of the reference: n1 and n2 in peace, and n1 after n2 has stopped.
struct GoldenStatus {
  Json status;
  std::string text;
};
[[nodiscard]] std::vector<GoldenStatus> golden_statuses();

// The values of the reference's status as ours; what the reference does not know is left out.
[[nodiscard]] core::Status status_of(const Json& reference);

}  // namespace vippy::ctl
