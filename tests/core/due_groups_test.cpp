#include "core/due_groups.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;
using Groups = std::vector<std::size_t>;

TEST(GroupMarks, AreTakenOnceAndInTheirOrder) {
  GroupMarks marks;
  marks.resize(4);
  EXPECT_EQ(marks.take(), (Groups{0, 1, 2, 3}));  // new ones are all marked
  EXPECT_FALSE(marks.any());
  for (const std::size_t group : {3U, 1U, 3U}) marks.mark(group);
  EXPECT_TRUE(marks.any());
  EXPECT_EQ(marks.take(), (Groups{1, 3}));
  EXPECT_EQ(marks.take(), Groups{});
}

TEST(GroupMarks, AllOfThemIncludeTheSingleOnes) {
  GroupMarks marks;
  marks.resize(3);
  static_cast<void>(marks.take());
  marks.mark(2);
  marks.mark_all();
  marks.mark(1);
  EXPECT_EQ(marks.take(), (Groups{0, 1, 2}));
  marks.mark(2);
  EXPECT_EQ(marks.take(), Groups{2});
}

TEST(GroupMarks, AreTakenByPartsAndNoneIsForgottenOrTakenTwice) {
  GroupMarks marks;
  marks.resize(5);
  EXPECT_EQ(marks.take(2), (Groups{0, 1}));
  marks.mark(0);  // again
  marks.mark(3);  // is to come anyway
  EXPECT_EQ(marks.take(2), (Groups{2, 3}));
  EXPECT_EQ(marks.take(2), (Groups{0, 4}));
  EXPECT_FALSE(marks.any());
}

TEST(GroupMarks, GoRoundHoweverOftenAllAreMarked) {
  GroupMarks marks;
  marks.resize(3);
  EXPECT_EQ(marks.take(2), (Groups{0, 1}));
  marks.mark_all();
  EXPECT_EQ(marks.take(2), (Groups{0, 2}));
  marks.mark_all();
  EXPECT_EQ(marks.take(2), (Groups{1, 2}));
  EXPECT_TRUE(marks.any());
}

TEST(GroupMarks, OfNoGroupAreTakenAsWell) {
  GroupMarks marks;
  marks.resize(0);
  EXPECT_TRUE(marks.any());
  EXPECT_EQ(marks.take(), Groups{});
  EXPECT_FALSE(marks.any());
}

TEST(GroupDeadlines, ComeInTheOrderOfTheirTimesAndChange) {
  GroupDeadlines deadlines;
  deadlines.resize(3);
  EXPECT_EQ(deadlines.next(), Instant::max());
  deadlines.set(0, Instant(30s));
  deadlines.set(1, Instant(20s));
  deadlines.set(2, Instant(10s));
  deadlines.set(1, Instant(40s));
  deadlines.set(2, Instant::max());
  EXPECT_EQ(deadlines.next(), Instant(30s));
  EXPECT_EQ(deadlines.take_first(), 0U);
  EXPECT_EQ(deadlines.take_first(), 1U);
  EXPECT_EQ(deadlines.next(), Instant::max());
}

}  // namespace
}  // namespace vippy::core
