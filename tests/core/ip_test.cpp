#include "core/ip.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

TEST(IpTest, ReadsAndPrintsIpv4) {
  EXPECT_EQ(format(*parse_ipv4("10.0.203.2")), "10.0.203.2");
  EXPECT_EQ(parse_ipv4("10.0.203.2")->number(), 0x0a00cb02U);
  EXPECT_EQ(Ipv4::from_number(0x0a00cb02U), *parse_ipv4("10.0.203.2"));
}

TEST(IpTest, RefusesWhatIsNotExactlyOneIpv4) {
  for (const auto* text :
       {"", "10", "10.1", "10.0.0", "10.0.0.0.1", "10.0.0.256", "010.0.0.1", "10.0.0.1 ",
        " 10.0.0.1", "10..0.1", "10.0.0.-1", "0x10.0.0.1", "10.0.0.", ".10.0.0.1"}) {
    EXPECT_FALSE(parse_ipv4(text)) << text;
  }
}

TEST(IpTest, PrintsIpv6AsRfc5952Says) {
  const std::pair<const char*, const char*> cases[] = {
      {"fd00:0::9", "fd00::9"},
      {"FD77::9", "fd77::9"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"::ffff:10.1.2.3", "::ffff:a01:203"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"0:0:0:0:0:0:0:0", "::"},
  };
  for (const auto& [text, canonical] : cases) {
    const auto address = parse_ipv6(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(format(*address), canonical);
    EXPECT_EQ(parse_ipv6(canonical), address);
  }
}

TEST(IpTest, RefusesWhatIsNotExactlyOneIpv6) {
  for (const auto* text : {"", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
                           "12345::", "g::", "::1.2.3", "1.2.3.4::", "1:2:3:4:5:6:7::8:9",
                           "fe80::1%eth0", "1:2:3:4:5:6:7:1.2.3.4", ":1:2:3:4:5:6:7", "1:"}) {
    EXPECT_FALSE(parse_ipv6(text)) << text;
  }
}

TEST(IpTest, PrefixKnowsItsNetwork) {
  const auto prefix = *parse_prefix("10.77.3.9/20");
  EXPECT_EQ(format(prefix.first()), "10.77.0.0");
  EXPECT_EQ(format(prefix.last()), "10.77.15.255");
  EXPECT_TRUE(prefix.contains(*parse_ip("10.77.15.1")));
  EXPECT_FALSE(prefix.contains(*parse_ip("10.77.16.1")));
  EXPECT_FALSE(prefix.contains(*parse_ip("fd00::1")));
  EXPECT_EQ(parse_prefix("10.0.0.1")->length, 32);
  EXPECT_EQ(parse_prefix("fd00::1")->length, 128);
  EXPECT_EQ(format(parse_prefix("fd00:1:2:3::1/65")->last()), "fd00:1:2:3:7fff:ffff:ffff:ffff");
  EXPECT_FALSE(parse_prefix("10.0.0.1/33"));
  EXPECT_FALSE(parse_prefix("10.0.0.1/"));
  EXPECT_FALSE(parse_prefix("10.0.0.1/08"));
  EXPECT_TRUE(parse_prefix("0.0.0.0/0")->contains(*parse_ip("255.1.2.3")));
}

TEST(IpTest, NetmasksAreContiguous) {
  EXPECT_EQ(format(netmask(20)), "255.255.240.0");
  EXPECT_EQ(format(netmask(0)), "0.0.0.0");
  EXPECT_EQ(format(netmask(32)), "255.255.255.255");
  for (std::uint8_t length = 0; length <= 32; ++length) {
    EXPECT_EQ(parse_netmask(format(netmask(length))), length);
  }
  EXPECT_FALSE(parse_netmask("255.0.255.0"));
  EXPECT_FALSE(parse_netmask("nonsense"));
}

TEST(IpTest, AreOrderedByFamilyAndThenByOctets) {
  const auto ip = [](const char* text) { return parse_ip(text).value(); };
  const std::vector<IpAddress> sorted = {
      ip("0.0.0.0"), ip("1.0.0.2"), ip("2.0.0.1"), ip("255.255.255.255"), ip("::"),
      ip("::1"), ip("::100"), ip("0:0:0:1::"), ip("0:0:0:1::1"), ip("1::"), ip("100::"),
      ip("ff02::1")};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      EXPECT_EQ(sorted[i] <=> sorted[j], i <=> j) << format(sorted[i]) << " " << format(sorted[j]);
      EXPECT_EQ(sorted[i] == sorted[j], i == j);
    }
  }
}

TEST(IpTest, MacsRoundTrip) {
  EXPECT_EQ(format(*parse_mac("02:00:5E:10:00:01")), "02:00:5e:10:00:01");
  for (const auto* text : {"", "02:00:5e:10:00", "02:00:5e:10:00:0g", "02-00-5e-10-00-01",
                           "02:00:5e:10:00:01:02", "+2:00:5e:10:00:01"}) {
    EXPECT_FALSE(parse_mac(text)) << text;
  }
}

TEST(IpTest, AddsOffsetsAcrossOctets) {
  EXPECT_EQ(format(add(*parse_ip("10.0.0.255"), 1)), "10.0.1.0");
  EXPECT_EQ(format(add(*parse_ip("255.255.255.255"), 1)), "0.0.0.0");
  EXPECT_EQ(format(add(*parse_ip("fd00::ffff"), 0x10001)), "fd00::2:0");
}

}  // namespace
}  // namespace vippy::core
