#include "ctl/command.h"

#include <gtest/gtest.h>

namespace vippy::ctl {
namespace {

TEST(CommandTest, KnowsStatus) {
  EXPECT_EQ(parse_command({"GET", "/status", "", true}), Command(GetStatus{}));
}

TEST(CommandTest, KnowsOrdersForThisNodeAndForAnother) {
  using core::OrderKind;
  for (const auto* body : {"", " \r\n", "{}"}) {
    EXPECT_EQ(parse_command({"POST", "/drain", body, true}),
              Command(GiveOrder{OrderKind::drain, ""}));
  }
  EXPECT_EQ(parse_command({"POST", "/undrain", R"({"node": "n2"})", true}),
            Command(GiveOrder{OrderKind::undrain, "n2"}));
}

// A slip of the pen must not drain the node that is asked.
TEST(CommandTest, RefusesAnOrderWhoseBodyIsAnythingElse) {
  for (const auto* body : {"n2", "\"n2\"", "[]", "null", R"({"nod":"n2"})", R"({"node":""})",
                           R"({"node":2})", R"({"node":null})", R"({"node":"n2","x":1})",
                           R"({"node":"n2")", "{\"node\":\"\xff\"}"}) {
    EXPECT_EQ(parse_command({"POST", "/drain", body, true}).error(), CommandError::bad_body)
        << body;
  }
}

TEST(CommandTest, SurvivesDeepBodies) {
  const std::string open(kBodyOctetsMax / 2, '[');
  const std::string shut(kBodyOctetsMax / 2, ']');
  for (const auto& body : {open + open, open + shut, R"({"node":)" + open + shut + "}"}) {
    EXPECT_EQ(parse_command({"POST", "/drain", body, true}).error(), CommandError::bad_body);
  }
}

TEST(CommandTest, NamesTheMethodOfATarget) {
  EXPECT_EQ(method_of("/status"), "GET");
  EXPECT_EQ(method_of("/undrain"), "POST");
  EXPECT_EQ(method_of("/nothing"), "");
  EXPECT_EQ(parse_command({"GET", "/drain", "", true}).error(), CommandError::wrong_method);
}

core::Status three_nodes() {
  core::Status status;
  status.identity = "n1";
  status.peers = {{.name = "n1", .is_self = true},
                  {.name = "n2", .was_heard = true, .protocol = 2},
                  {.name = "n3", .was_heard = true, .protocol = 1},
                  {.name = "n4"}};
  return status;
}

TEST(CommandTest, AcceptsAnOrderThatCanReachItsNode) {
  using core::OrderKind;
  const auto here = answer_to({OrderKind::drain, ""}, three_nodes());
  EXPECT_EQ(here.status, 202);
  EXPECT_EQ(here.body, R"({"asked":"drain","node":"n1","failback":"never","protocol":"2"})");
  const auto there = answer_to({OrderKind::undrain, "n2"}, three_nodes());
  EXPECT_EQ(there.status, 202);
  EXPECT_EQ(there.body, R"({"asked":"undrain","node":"n2"})");
}

TEST(CommandTest, SaysWhyAnOrderCannotReachItsNode) {
  using core::OrderKind;
  const auto unknown = answer_to({OrderKind::drain, "n\"9"}, three_nodes());
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body,
            R"({"error":"n\"9 is not one of the nodes; they are n1, n2, n3, n4"})");
  const auto plain = answer_to({OrderKind::drain, "n3"}, three_nodes());
  EXPECT_EQ(plain.status, 409);
  EXPECT_NE(plain.body.find("protocol 1, which has no orders"), std::string::npos);
  const auto silent = answer_to({OrderKind::undrain, "n4"}, three_nodes());
  EXPECT_EQ(silent.status, 409);
  EXPECT_NE(silent.body.find("not heard here"), std::string::npos);
  EXPECT_NE(silent.body.find("vippyctl undrain on n4"), std::string::npos);
  EXPECT_EQ(answer_to({OrderKind::drain, ""}, core::Status{}).status, 404);
}

TEST(CommandTest, RefusesAnotherMethod) {
  for (const auto* method : {"POST", "HEAD", "get", "DELETE"}) {
    EXPECT_EQ(parse_command({method, "/status", "", true}).error(), CommandError::wrong_method);
  }
}

TEST(CommandTest, DoesNotKnowTheRest) {
  for (const auto* target :
       {"/", "/status/", "/Status", "/status?x", "/%73tatus", "*", "/drain/"}) {
    EXPECT_EQ(parse_command({"GET", target, "", true}).error(), CommandError::unknown) << target;
  }
}

}  // namespace
}  // namespace vippy::ctl
