#include "platform/host.h"

#include <cap-ng.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include "tests/platform/session.h"
#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

TEST(PrivilegesTest, KeepsTwoCapabilitiesAndNothingElse) {
  EXPECT_EQ(
      support::run_in_child([] {
        const auto netns = support::Netns::fresh();
        if (const auto failed = drop_privileges()) {
          ADD_FAILURE() << *failed;
          return false;
        }
        EXPECT_EQ(::capng_get_caps_process(), 0);
        for (int capability = 0; capability <= CAP_LAST_CAP; ++capability) {
          const auto value = static_cast<unsigned>(capability);
          const bool is_kept = value == CAP_NET_ADMIN || value == CAP_NET_RAW;
          EXPECT_EQ(::capng_have_capability(CAPNG_EFFECTIVE, value) != 0, is_kept) << capability;
          EXPECT_EQ(::capng_have_capability(CAPNG_PERMITTED, value) != 0, is_kept) << capability;
          EXPECT_EQ(::prctl(PR_CAPBSET_READ, value, 0, 0, 0), is_kept ? 1 : 0) << capability;
          EXPECT_EQ(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, value, 0, 0), 0) << capability;
        }
        EXPECT_EQ(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
        return true;
      }),
      0);
}

TEST(PrivilegesTest, AddressesCanBePlumbedWithWhatIsLeft) {
  EXPECT_EQ(support::run_in_child([] {
              const auto netns = support::Netns::fresh();
              Session session(LoopChoice::automatic);
              EXPECT_TRUE(session.until_tables());
              EXPECT_FALSE(drop_privileges());
              EXPECT_EQ(session.outcome(session.add("lo", "10.7.0.5/24")), 0);
              EXPECT_EQ(session.outcome(session.add("lo", "10.7.0.6/24")), 0);
              EXPECT_EQ(session.outcome(session.remove("lo", "10.7.0.5/24")), 0);
              EXPECT_TRUE(session.until([&] { return session.is_tagged("lo", "10.7.0.6/24"); }));
              return true;
            }),
            0);
}

TEST(PrivilegesTest, NamesWhatIsMissing) {
  EXPECT_EQ(support::run_in_child([] {
              ::capng_clear(CAPNG_SELECT_CAPS);
              ::capng_apply(CAPNG_SELECT_CAPS);
              const auto missing = drop_privileges();
              EXPECT_TRUE(missing);
              EXPECT_NE(missing.value_or("").find("CAP_NET_ADMIN and CAP_NET_RAW missing"),
                        std::string::npos);
              return true;
            }),
            0);
}

}  // namespace
}  // namespace vippy::platform
