#include "core/question.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

constexpr Mac kOwn{{2, 0, 0, 0, 0, 1}};
constexpr Mac kHost{{2, 0, 0, 0, 0, 7}};

class QuestionTest : public testing::Test {
 protected:
  QuestionTest() {
    link();
    interfaces.on_address({2, *parse_prefix("10.0.0.1/24"), true, false});
    interfaces.on_address({2, *parse_prefix("fd00::1/64"), true, false});
    interfaces.on_address({2, *parse_prefix("fe80::1/64"), true, false});
  }
  void link(bool is_running = true, bool is_ethernet = true) {
    interfaces.on_link({2, "eth0", kOwn, true, is_running, is_ethernet, false});
  }
  std::optional<Advertise> ask(const char* host, std::optional<Mac> mac = std::nullopt) {
    return question_to(*parse_ip(host), mac, interfaces);
  }
  Interfaces interfaces;
};

TEST_F(QuestionTest, AnIpv4HostIsProbedSoThatNobodyLearnsAnything) {
  const auto question = ask("10.0.0.7");
  ASSERT_TRUE(question);
  EXPECT_EQ(question->form, AdvertiseForm::ask_everyone);
  EXPECT_TRUE(question->vip.is_unspecified() && question->vip.is_v4());
  EXPECT_EQ(question->index, 2U);
  EXPECT_EQ(question->mac, kOwn);
  EXPECT_EQ(ask("10.0.0.7", kHost)->form, AdvertiseForm::ask);
  EXPECT_EQ(ask("10.0.0.7", kHost)->host_mac, kHost);
}

TEST_F(QuestionTest, AnIpv6HostIsAskedFromOurOwnAddressInItsNetwork) {
  const auto question = ask("fd00::7", kHost);
  ASSERT_TRUE(question);
  EXPECT_EQ(format(question->vip), "fd00::1");
  EXPECT_EQ(question->form, AdvertiseForm::ask);
}

TEST_F(QuestionTest, WhoIsOnNoInterfaceOfOursThatIsUpCannotBeAsked) {
  EXPECT_FALSE(ask("10.9.0.7"));
  EXPECT_FALSE(ask("fe80::7"));
  link(false);
  EXPECT_FALSE(ask("10.0.0.7"));
  link(true, false);
  EXPECT_FALSE(ask("10.0.0.7"));
}

}  // namespace
}  // namespace vippy::core
