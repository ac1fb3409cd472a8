#include "core/view.h"

#include <gtest/gtest.h>

#include "core/shared_json.h"
#include "tests/support/vectors.h"

namespace vippy::core {
namespace {

std::shared_ptr<const Shared> shared_of(std::uint64_t version,
                                        const std::vector<std::string>& vips) {
  auto out = std::make_shared<Shared>();
  out->version = version;
  out->nodes = {"a", "b"};
  for (const auto& vip : vips) out->groups.emplace_back().vips.push_back(test::vip(vip));
  return out;
}

ContentDigest digest_of(const Shared& shared) { return content_digest(format_shared(shared)); }

// `a` looks at `b`, who echoes it properly.
struct Looking {
  Looking() { use(shared_of(1, {"10.0.0.1/24", "10.0.0.2/24"})); }
  void use(std::shared_ptr<const Shared> shared) {
    view.configure(prepare(shared));
    ours = shared;
  }
  View::News hear(const Shared& theirs, std::initializer_list<std::size_t> claims,
                  bool is_active = true) {
    return view.hear(1, {node_id("b"), 77, ++sequence}, said(theirs, claims, is_active));
  }
  Beat said(const Shared& theirs, std::initializer_list<std::size_t> claims, bool is_active) {
    Beat beat;
    beat.is_active = is_active;
    beat.version = theirs.version;
    beat.digest = digest_of(theirs);
    const auto own = view.hearing().next_sender();
    beat.echoes = {echo_of(own.session, own.sequence), {}};
    beat.claims = BitSet(theirs.groups.size());
    for (const auto claim : claims) beat.claims.set(claim);
    return beat;
  }
  View view = [] {
    View out;
    out.begin("a", 5);
    return out;
  }();
  std::shared_ptr<const Shared> ours;
  std::uint64_t sequence = 0;
};

TEST(ViewTest, TheSameAnnouncementTwiceIsNoNews) {
  Looking looking;
  EXPECT_TRUE(looking.hear(*looking.ours, {1}).changed);
  EXPECT_FALSE(looking.hear(*looking.ours, {1}).changed);
  EXPECT_TRUE(looking.hear(*looking.ours, {0}).changed);
  EXPECT_TRUE(looking.view.facts()[1].claims_group(0));
  EXPECT_FALSE(looking.view.facts()[1].claims_group(1));
}

TEST(ViewTest, ClaimsOfAnEarlierConfigurationAreTranslated) {
  Looking looking;
  const auto before = looking.ours;
  looking.use(shared_of(2, {"10.0.0.9/24", "10.0.0.1/24"}));
  looking.hear(*before, {0, 1});
  EXPECT_FALSE(looking.view.facts()[1].claims_group(0));
  EXPECT_TRUE(looking.view.facts()[1].claims_group(1));
}

TEST(ViewTest, ClaimsStayUntilAnUnknownConfigurationIsLearnt) {
  Looking looking;
  looking.hear(*looking.ours, {1});
  const auto newer = shared_of(2, {"10.0.0.2/24"});
  looking.hear(*newer, {0});
  EXPECT_TRUE(looking.view.facts()[1].claims_group(1));
  looking.view.learn(prepare(newer));
  EXPECT_TRUE(looking.hear(*newer, {}).changed);
  EXPECT_FALSE(looking.view.facts()[1].claims_group(1));
}

TEST(ViewTest, WhatASenderMayHaveIsAllOnlyWhileItsConfigurationIsNotKnown) {
  Looking looking;
  const auto earlier = looking.ours;
  const auto unknown = shared_of(3, {"10.0.0.1/24"});
  looking.use(shared_of(2, {"10.0.0.2/24", "10.0.0.3/24", "10.0.0.4/24"}));
  const auto may_have = [&](const Shared& theirs, std::initializer_list<std::size_t> claims) {
    const auto groups = looking.view.may_have(looking.said(theirs, claims, true));
    EXPECT_EQ(groups.size(), 3U);
    return std::vector<bool>{groups.test(0), groups.test(1), groups.test(2)};
  };
  EXPECT_EQ(may_have(*looking.ours, {1}), (std::vector{false, true, false}));
  EXPECT_EQ(may_have(*earlier, {0, 1}), (std::vector{true, false, false}));
  EXPECT_EQ(may_have(*unknown, {}), (std::vector{true, true, true}));
}

TEST(ViewTest, OtherContentsOfTheSameVersionAreAnOutsiders) {
  Looking looking;
  const auto other = shared_of(1, {"10.0.0.2/24"});
  looking.hear(*other, {0});
  EXPECT_TRUE(looking.view.is_outsider(1));
  EXPECT_FALSE(looking.view.facts()[1].is_active);
  looking.view.learn(prepare(other));
  looking.hear(*other, {0});
  EXPECT_TRUE(looking.view.facts()[1].claims_group(1));
}

TEST(ViewTest, SilenceClearsEverything) {
  Looking looking;
  looking.hear(*looking.ours, {0, 1});
  looking.view.fell_silent(1);
  EXPECT_FALSE(looking.view.facts()[1].is_active);
  EXPECT_FALSE(looking.view.held_by_others().any());
  EXPECT_FALSE(looking.view.is_heard(1));
}

TEST(ViewTest, ANodeOfProtocolOneIsTakenAtItsWord) {
  Looking looking;
  EXPECT_TRUE(looking.view.hear_plain(1, true).changed);
  EXPECT_FALSE(looking.view.hear_plain(1, true).changed);
  EXPECT_TRUE(looking.view.has_plain_peers());
  EXPECT_TRUE(looking.view.facts()[1].is_taken_at_its_word);
}

TEST(ViewTest, WhatIsOursIsNotHeldByOthers) {
  Looking looking;
  BitSet own(2);
  own.set(0);
  looking.view.set_self(0, {true, true, false, &own, nullptr});
  looking.hear(*looking.ours, {1});
  BitSet expected(2);
  expected.set(1);
  EXPECT_EQ(looking.view.held_by_others(), expected);
}

}  // namespace
}  // namespace vippy::core
