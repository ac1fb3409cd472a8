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

// Puts the preferred nodes first, in their order; a name that is no node prefers nobody.
void put_first(const Group& group, const std::vector<std::string>& nodes,
               std::span<std::uint16_t> ranking) {
  auto front = ranking.begin();
  const auto prefer = [&](const std::string& name) {
    const auto found = std::find_if(front, ranking.end(),
                                    [&](std::uint16_t node) { return nodes[node] == name; });
    if (found == ranking.end()) return;
    std::rotate(front, found, found + 1);
    ++front;
  };
  if (group.preferred) prefer(*group.preferred);
  for (const auto& name : group.next_preferred) prefer(name);
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

Placement::Placement(const Shared& shared)
    : nodes_(shared.nodes.size()), groups_(shared.groups.size()) {
  rankings_.reserve(shared.groups.size() * nodes_);
  std::vector<std::pair<Md5, std::uint16_t>> keys(nodes_);
  for (const auto& group : shared.groups) {
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
    put_first(group, shared.nodes, std::span(rankings_).last(nodes_));
  }
}

std::size_t Placement::owner(std::size_t group, std::span<const bool> active) const {
  VIPPY_ASSERT(active.size() == nodes_);
  const auto nodes = ranking(group);
  const auto found = std::find_if(nodes.begin(), nodes.end(),
                                  [&](std::uint16_t node) { return active[node]; });
  return found == nodes.end() ? kNobody : *found;
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
  std::vector<std::size_t> out(groups_);
  for (std::size_t group = 0; group < out.size(); ++group) out[group] = owner(group, active);
  return out;
}

}  // namespace vippy::core
