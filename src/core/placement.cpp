#include "core/placement.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <string>

#include "core/assert.h"
#include "core/status.h"

namespace vippy::core {

namespace {

using Md5 = std::array<std::uint8_t, 16>;

struct MdFree {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
};

// "fips=no": placement is not security, and must work on hosts that forbid MD5 for security.
const EVP_MD* md5() {
  static const std::unique_ptr<EVP_MD, MdFree> algorithm(
      EVP_MD_fetch(nullptr, "MD5", "?fips=no"));
  return algorithm.get();
}

Md5 digest(std::string_view node, std::string_view address) {
  std::string text;
  text.reserve(node.size() + 1 + address.size());
  text.append(node).append("|").append(address);
  Md5 out{};
  unsigned length = 0;
  const auto* algorithm = md5();
  VIPPY_ASSERT(algorithm != nullptr);
  const int done = EVP_Digest(text.data(), text.size(), out.data(), &length, algorithm, nullptr);
  VIPPY_ASSERT(done == 1 && length == out.size());
  return out;
}

std::size_t index_of(const std::vector<std::string>& nodes, const std::string& name) {
  const auto found = std::find(nodes.begin(), nodes.end(), name);
  return found == nodes.end() ? kNobody : static_cast<std::size_t>(found - nodes.begin());
}

}  // namespace

std::string placement_key(std::string_view node, std::string_view address) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string key;
  for (const auto octet : digest(node, address)) {
    key.push_back(kDigits[octet >> 4U]);
    key.push_back(kDigits[octet & 0xfU]);
  }
  return key.append(":").append(node);
}

Placement::Placement(const Shared& shared) : nodes_(shared.nodes.size()) {
  rankings_.reserve(shared.groups.size() * nodes_);
  std::vector<std::pair<Md5, std::uint16_t>> keys(nodes_);
  for (const auto& group : shared.groups) {
    preferred_.push_back(group.preferred ? index_of(shared.nodes, *group.preferred) : kNobody);
    for (std::size_t node = 0; node < nodes_; ++node) {
      keys[node] = {digest(shared.nodes[node], group.vips.front().text),
                    static_cast<std::uint16_t>(node)};
    }
    // Digests compare as their hex text does; equal ones fall back to the names.
    std::sort(keys.begin(), keys.end(), [&](const auto& left, const auto& right) {
      if (left.first != right.first) return left.first < right.first;
      return shared.nodes[left.second] < shared.nodes[right.second];
    });
    for (const auto& [key, node] : keys) rankings_.push_back(node);
  }
}

std::size_t Placement::owner(std::size_t group, std::span<const bool> active) const {
  VIPPY_ASSERT(active.size() == nodes_);
  if (preferred_[group] != kNobody && active[preferred_[group]]) return preferred_[group];
  const auto ranking = std::span(rankings_).subspan(group * nodes_, nodes_);
  const auto found = std::find_if(ranking.begin(), ranking.end(),
                                  [&](std::uint16_t node) { return active[node]; });
  return found == ranking.end() ? kNobody : *found;
}

std::vector<std::size_t> listing_order(const Shared& shared,
                                       std::span<const std::size_t> owners) {
  std::vector<std::size_t> order(owners.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_partition(order.begin(), order.end(), [&](std::size_t group) {
    const auto& preferred = shared.groups[group].preferred;
    return preferred && owners[group] != kNobody && shared.nodes[owners[group]] == *preferred;
  });
  return order;
}

std::vector<std::size_t> Placement::owners(std::span<const bool> active) const {
  std::vector<std::size_t> out(preferred_.size());
  for (std::size_t group = 0; group < out.size(); ++group) out[group] = owner(group, active);
  return out;
}

}  // namespace vippy::core
