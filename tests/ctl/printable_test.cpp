#include "ctl/printable.h"

#include <gtest/gtest.h>

namespace vippy::ctl {
namespace {

TEST(PrintableTest, KeepsTextAsItIs) {
  EXPECT_EQ(printable("n\u00fc1 \u20ac \U0001f600", LineEnds::replaced),
            "n\u00fc1 \u20ac \U0001f600");
  EXPECT_EQ(printable("a\n\tb", LineEnds::kept), "a\n\tb");
}

TEST(PrintableTest, ReplacesControls) {
  EXPECT_EQ(printable("\x1b[2J\r\x07\x7f", LineEnds::kept), "?[2J???");
  EXPECT_EQ(printable("a\n\tb", LineEnds::replaced), "a??b");
  EXPECT_EQ(printable(std::string_view("\0", 1), LineEnds::kept), "?");
  EXPECT_EQ(printable("\u009b2J", LineEnds::kept), "??2J");
}

TEST(PrintableTest, ReplacesOctetsThatAreNoUtf8) {
  EXPECT_EQ(printable("a\x9b" "2J", LineEnds::kept), "a?2J");
  EXPECT_EQ(printable("\xc3", LineEnds::kept), "?");
}

}  // namespace
}  // namespace vippy::ctl
