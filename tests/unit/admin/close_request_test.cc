// SPDX-License-Identifier: Apache-2.0
#include "admin/close_request.h"

#include <gtest/gtest.h>

namespace holdfast::admin {
namespace {

std::string error_of(std::string_view body) {
  auto request = parse_close_request(body);
  return request ? "accepted" : request.error().what;
}

TEST(CloseRequest, MetaAndFormats) {
  auto request = parse_close_request(
      R"({"meta":{"user":"42","room":"1"},"formats":{"http-stream":{"content":"bye"},"http-response":{"body":"b"}}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->meta, (std::map<std::string, std::string>{{"room", "1"}, {"user", "42"}}));
  ASSERT_TRUE(request->farewell);
  EXPECT_EQ(request->farewell->stream->raw().view(), "bye");
  EXPECT_EQ(request->farewell->response->body->view(), "b");
}

TEST(CloseRequest, FormatsMayBeLeftOut) {
  for (auto body : {R"({"meta":{"user":"42"}})", R"({"meta":{"user":"42"},"formats":null})"}) {
    auto request = parse_close_request(body);
    ASSERT_TRUE(request) << body;
    EXPECT_FALSE(request->farewell);
  }
}

TEST(CloseRequest, NobodyIsClosedByAccident) {
  for (auto body : {R"({})", R"({"meta":{}})", R"({"meta":null})", R"({"meta":"user"})", R"({"formats":{}})"}) {
    EXPECT_TRUE(error_of(body).starts_with("'meta' must be an object that names at least one value")) << body;
  }
  EXPECT_EQ(error_of(R"({"meta":{"user":null}})"), "'meta': 'user' must be a string");
  EXPECT_EQ(error_of(R"({"meta":{"user":"1"},"Formats":{}})"), "unknown member 'Formats'; known are meta and formats");
}

TEST(CloseRequest, BadJson) {
  for (auto body : {"", "{", "[]", "1", "{\"meta\":{\"user\":\"\xff\"}}"}) {
    EXPECT_TRUE(error_of(body).starts_with("the body must be a JSON object")) << body;
  }
}

TEST(CloseRequest, BadFormatsAreNamed) {
  EXPECT_EQ(error_of(R"({"meta":{"user":"1"},"formats":{}})"), "'formats': no formats specified");
  EXPECT_TRUE(error_of(R"({"meta":{"user":"1"},"formats":{"http-stream":{"content":7}}})").starts_with("'formats': "));
}

}  // namespace
}  // namespace holdfast::admin
