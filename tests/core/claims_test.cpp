#include "core/claims.h"

#include <gtest/gtest.h>

#include "tests/support/vectors.h"

namespace vippy::core {
namespace {

Derived groups(const std::vector<std::vector<std::string>>& of) {
  auto shared = std::make_shared<Shared>();
  for (const auto& addresses : of) {
    auto& group = shared->groups.emplace_back();
    for (const auto& address : addresses) group.vips.push_back(test::vip(address));
  }
  return *prepare(shared).derived;
}

BitSet set_of(std::size_t size, std::initializer_list<std::size_t> bits) {
  BitSet out(size);
  for (const auto bit : bits) out.set(bit);
  return out;
}

TEST(ClaimsTest, AGroupIsHeldWhenAnyOfItsAddressesIs) {
  const auto theirs = groups({{"10.0.0.1/24", "10.0.0.2/24"}, {"10.0.0.3/24"}, {"10.0.0.9/24"}});
  const auto ours = groups({{"10.0.0.3/24"}, {"10.0.0.2/24"}, {"10.0.0.1/24"}, {"10.0.0.4/24"}});
  const ClaimMap map(theirs, ours);
  EXPECT_EQ(map.map(set_of(3, {0})), set_of(4, {1, 2}));
  EXPECT_EQ(map.map(set_of(3, {1, 2})), set_of(4, {0}));
  EXPECT_EQ(map.map(set_of(3, {})), set_of(4, {}));
}

TEST(ClaimsTest, MoreOrFewerClaimsThanGroupsAreNoHarm) {
  const auto shared = groups({{"10.0.0.1/24"}});
  const ClaimMap map(shared, shared);
  EXPECT_EQ(map.map(set_of(9, {0, 8})), set_of(1, {0}));
  EXPECT_EQ(map.map(BitSet()), set_of(1, {}));
  EXPECT_EQ(ClaimMap().map(set_of(2, {1})), BitSet());
}

}  // namespace
}  // namespace vippy::core
