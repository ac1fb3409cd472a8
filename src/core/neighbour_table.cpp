#include "core/neighbour_table.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/limits.h"

namespace vippy::core {

namespace {

template <typename Octets>
void append(std::string& out, const Octets& octets) {
  for (const auto octet : octets) out.push_back(static_cast<char>(octet));
}

template <std::size_t Size>
std::array<std::uint8_t, Size> take(Reader& in) {
  std::array<std::uint8_t, Size> out{};
  const auto octets = in.take(Size);
  std::copy(octets.begin(), octets.end(), out.begin());
  return out;
}

}  // namespace

std::string format_neighbours(const std::vector<NeighbourEntry>& entries) {
  std::string out;
  for (const auto& entry : entries) {
    if (entry.address.is_v4()) {
      out.push_back(4);
      append(out, entry.address.v4().octets);
    } else {
      out.push_back(6);
      append(out, entry.address.v6().octets);
    }
    append(out, entry.mac.octets);
  }
  return out;
}

std::optional<std::vector<NeighbourEntry>> parse_neighbours(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(text.data());
  Reader in({begin, text.size()});
  std::vector<NeighbourEntry> out;
  while (in.left() > 0) {
    const auto family = in.number<std::uint8_t>();
    if (family != 4 && family != 6) return std::nullopt;
    NeighbourEntry entry;
    if (family == 4) {
      entry.address = Ipv4{take<4>(in)};
    } else {
      entry.address = Ipv6{take<16>(in)};
    }
    entry.mac = Mac{take<6>(in)};
    if (in.failed() || out.size() == kNeighboursMax) return std::nullopt;
    const bool is_host = !entry.address.is_multicast() && !entry.mac.is_multicast();
    if (is_host) out.push_back(entry);
  }
  return out;
}

}  // namespace vippy::core
