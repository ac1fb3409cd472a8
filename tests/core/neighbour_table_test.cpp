#include "core/neighbour_table.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

const std::vector<NeighbourEntry> kEntries = {
    {Ipv4{{10, 0, 0, 1}}, Mac{{2, 0, 0, 0, 0, 1}}},
    {*parse_ip("fd00::7"), Mac{{2, 0, 0, 0, 0, 7}}},
};

TEST(NeighbourTableTest, WritesTheOctetsOfItsTable) {
  const auto text = format_neighbours({kEntries[0]});
  EXPECT_EQ(text, std::string("\x04\x0a\0\0\x01\x02\0\0\0\0\x01", 11));
}

TEST(NeighbourTableTest, ReadsBackWhatItWrites) {
  EXPECT_EQ(parse_neighbours(format_neighbours(kEntries)), kEntries);
  EXPECT_EQ(parse_neighbours(""), std::vector<NeighbourEntry>{});
}

TEST(NeighbourTableTest, RefusesWhatIsCutShortOrOfAnotherFamily) {
  const auto text = format_neighbours(kEntries);
  for (std::size_t size = 1; size < text.size(); ++size) {
    if (size == 11) continue;  // the first entry is whole
    EXPECT_FALSE(parse_neighbours(text.substr(0, size))) << size;
  }
  EXPECT_FALSE(parse_neighbours("\x05"));
}

TEST(NeighbourTableTest, LeavesOutWhatIsNoHost) {
  const std::vector<NeighbourEntry> odd = {{Ipv4{{224, 0, 0, 1}}, Mac{{2, 0, 0, 0, 0, 1}}},
                                           {Ipv4{{10, 0, 0, 1}}, Mac::broadcast()}};
  EXPECT_EQ(parse_neighbours(format_neighbours(odd)), std::vector<NeighbourEntry>{});
}

}  // namespace
}  // namespace vippy::core
