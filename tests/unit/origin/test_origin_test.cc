// SPDX-License-Identifier: Apache-2.0
#include "origin/test_origin.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace holdfast::origin {
namespace {

std::string ask(std::string_view target, std::string_view body = "") {
  TestOrigin origin;
  auto response = origin.respond({.method = "GET", .target = target, .body = body});
  auto text = std::to_string(response.status);
  for (const auto& header : response.headers) {
    if (header.name != "Content-Type") text += " " + header.name + "=" + header.value;
  }
  return text + " " + response.body;
}

TEST(TestOrigin, Resources) {
  EXPECT_EQ(ask("/"), "200 Hello from the Holdfast test target\n");
  EXPECT_EQ(ask("/?x"), "200 Hello from the Holdfast test target\n");
  EXPECT_EQ(ask("/response"), "200 Grip-Hold=response Grip-Channel=test nothing for now\n");
  EXPECT_EQ(ask("/stream/"), "200 Grip-Hold=stream Grip-Channel=test [stream opened]\n");
  EXPECT_EQ(ask("/streams"), "404 no such test resource\n");
  EXPECT_EQ(ask("/x/stream"), "404 no such test resource\n");
}

TEST(TestOrigin, Channels) {
  EXPECT_EQ(ask("/stream?channel=a&x=y&channel=b%20c"),
            "200 Grip-Hold=stream Grip-Channel=a Grip-Channel=b c [stream opened]\n");
  for (auto bad : {"", "a,b", "a;b", "%22", "%0d%0aX:%20y", "%00"}) {
    EXPECT_EQ(ask("/stream?channel=" + std::string(bad)), "200 Grip-Hold=stream Grip-Channel=test [stream opened]\n")
        << "names that a header cannot say are left out: " << bad;
  }
}

TEST(TestOrigin, LargeRequests) {
  EXPECT_EQ(ask("/", std::string(100000, 'x')).substr(0, 3), "200");
  EXPECT_EQ(ask("/", std::string(100001, 'x')), "400 request too large\n");
}

}  // namespace
}  // namespace holdfast::origin
