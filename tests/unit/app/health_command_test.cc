// SPDX-License-Identifier: Apache-2.0
#include "app/health_command.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

using testing::HasSubstr;

Result<HostPort> target_of(const std::string& listen) {
  Config config;
  config.admin.listen = listen;
  return health_target(config);
}

std::string verdict(std::string_view answer) {
  auto health = read_health_answer(answer);
  return health ? "ready" : health.error().what;
}

TEST(HealthTarget, IsReachableFromThisMachine) {
  EXPECT_EQ(*target_of("http://127.0.0.1:5564"), (HostPort{"127.0.0.1", 5564}));
  EXPECT_EQ(*target_of("http://0.0.0.0:80"), (HostPort{"127.0.0.1", 80}));
  EXPECT_EQ(*target_of("http://localhost:80"), (HostPort{"127.0.0.1", 80}));
  EXPECT_EQ(*target_of("http://[::]:80"), (HostPort{"::1", 80}));
  EXPECT_EQ(*target_of("http://10.1.2.3:80"), (HostPort{"10.1.2.3", 80}));
}

TEST(HealthTarget, OffIsAnError) {
  EXPECT_THAT(target_of("").error().what, HasSubstr("admin.listen is off"));
}

TEST(HealthAnswer, OnlyA200IsReady) {
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"ready\":true}\n"), "ready");
  EXPECT_EQ(verdict("HTTP/1.1 503 Service Unavailable\r\n\r\n{\"ready\":false,\"reasons\":[\"draining\",\"x\\n\"]}"),
            "not ready: draining, x\\x0a");
  EXPECT_EQ(verdict("HTTP/1.1 503 Service Unavailable\r\n\r\nsomething else"), "not ready: it answered 503");
  EXPECT_EQ(verdict("HTTP/1.1 404 Not Found\r\n\r\n{\"reasons\":[1]}"), "not ready: it answered 404");
  for (auto answer : {"", "HTTP/1.1 200 OK\r\n", "SSH-2.0-OpenSSH\r\n\r\n"}) {
    EXPECT_THAT(verdict(answer), HasSubstr("none of HTTP")) << answer;
  }
}

}  // namespace
}  // namespace holdfast::app
