// SPDX-License-Identifier: Apache-2.0
#include "admin/endpoint.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/admin_bench.h"

namespace holdfast::admin {
namespace {

using test::AdminBench;
using test::FakeExchange;
using testing::HasSubstr;
using testing::StartsWith;

TEST(AdminEndpoint, IndexNamesEveryResource) {
  AdminBench bench;
  auto text = bench.answer("GET", "/");
  for (auto path : {"/livez", "/readyz", "/metrics", "/channels", "/channels/{name}", "/connections",
                    "/connections/{id}", "/connections/close", "/drain"}) {
    EXPECT_THAT(text, HasSubstr(std::string(" ") + path + " "));
  }
}

TEST(AdminEndpoint, WhatIsNotThere) {
  AdminBench bench;
  for (auto target : {"/x", "/channels/", "/connections/", "/livez/", "/livez/x", "//", "*"}) {
    EXPECT_THAT(bench.answer("GET", target), StartsWith("404 ")) << target;
  }
  EXPECT_THAT(bench.answer("GET", "/livez?x=1"), StartsWith("200 "));
}

TEST(AdminEndpoint, WrongMethodsAreToldTheRightOnes) {
  AdminBench bench;
  FakeExchange exchange;
  bench.ask(exchange, "PATCH", "/connections/a:1");
  ASSERT_TRUE(exchange.over());
  EXPECT_EQ(exchange.head()->status, 405);
  EXPECT_THAT(exchange.head()->fields_text(), HasSubstr("Allow: GET, HEAD, DELETE\n"));
}

TEST(AdminEndpoint, CredentialsForAllButHealth) {
  AdminBench bench;
  auto settings = std::make_shared<Settings>();
  settings->admit = [](Fields fields) { return !fields.empty() && fields[0].value == "Bearer right"; };
  bench.endpoint->set_settings(settings);
  for (auto target : {"/", "/metrics", "/channels", "/channels/a", "/connections", "/connections/a:1", "/nothing"}) {
    EXPECT_THAT(bench.answer("GET", target), StartsWith("401 ")) << target;
    EXPECT_THAT(bench.answer("GET", target, "", {{"Authorization", "Bearer wrong"}}), StartsWith("401 ")) << target;
  }
  for (auto target : {"/drain", "/connections/close"}) EXPECT_THAT(bench.answer("POST", target), StartsWith("401 "));
  EXPECT_EQ(bench.drains, 0);
  for (auto target : {"/livez", "/readyz"}) EXPECT_THAT(bench.answer("GET", target), StartsWith("200 ")) << target;
  EXPECT_THAT(bench.answer("GET", "/channels", "", {{"Authorization", "Bearer right"}}), StartsWith("200 "));

  FakeExchange exchange;
  bench.ask(exchange, "GET", "/");
  EXPECT_THAT(exchange.head()->fields_text(), HasSubstr("WWW-Authenticate: Bearer realm=\"holdfast\"\n"));
  EXPECT_THAT(exchange.head()->fields_text(), HasSubstr("WWW-Authenticate: Basic realm=\"holdfast\"\n"));
}

TEST(AdminEndpoint, MetricsMayBeOpen) {
  AdminBench bench;
  auto settings = std::make_shared<Settings>();
  settings->admit = [](Fields) { return false; };
  settings->metrics_open = true;
  bench.endpoint->set_settings(settings);
  EXPECT_THAT(bench.answer("GET", "/metrics"), StartsWith("200 # TYPE holdfast_ready gauge\n"));
  EXPECT_THAT(bench.answer("GET", "/channels"), StartsWith("401 "));
}

TEST(AdminEndpoint, AWrongCredentialIsToldBeforeTheBody) {
  AdminBench bench;
  auto settings = std::make_shared<Settings>();
  settings->admit = [](Fields) { return false; };
  bench.endpoint->set_settings(settings);
  FakeExchange exchange;
  bench.endpoint->on_request(exchange, {.method = "POST", .target = "/connections/close", .host = "h"}, "", End::no);
  EXPECT_TRUE(exchange.over());
  EXPECT_EQ(exchange.head()->status, 401);
}

TEST(AdminEndpoint, BodiesInPieces) {
  AdminBench bench;
  FakeExchange exchange;
  bench.endpoint->on_request(exchange, {.method = "POST", .target = "/connections/close", .host = "h"}, R"({"meta")",
                             End::no);
  bench.settle();
  EXPECT_FALSE(exchange.over());
  exchange.handler()->on_request_body(R"(:{"user":"42"}})", End::yes);
  bench.settle();
  EXPECT_EQ(exchange.body(), "{\"closed\":0}\n");
}

TEST(AdminEndpoint, WhoHasGoneIsNotAnswered) {
  AdminBench bench;
  {
    FakeExchange exchange;
    bench.ask(exchange, "GET", "/channels");
    exchange.handler()->on_client_gone();
    bench.settle();
    EXPECT_FALSE(exchange.over());
  }
  {
    FakeExchange exchange;
    bench.ask(exchange, "GET", "/channels");
  }
  bench.settle();  // the answers find nobody
}

TEST(AdminEndpoint, ACoreThatIsStuckIsNotWaitedForWithoutEnd) {
  AdminBench bench;
  FakeExchange exchange;
  bench.ask(exchange, "GET", "/channels");
  auto& home = bench.parts.front()->core;
  test::settle(home);  // the others do not turn
  EXPECT_FALSE(exchange.over());
  test::pass_time(home, 11000);
  ASSERT_TRUE(exchange.over());
  EXPECT_EQ(exchange.head()->status, 503);
  exchange.end_turn();
  bench.settle();
}

TEST(AdminEndpoint, PagesOfOtherSitesAreRefused) {
  AdminBench bench;
  for (auto origin : {"http://evil.test", "null", "http://h:1", "h"}) {
    EXPECT_THAT(bench.answer("POST", "/drain", "", {{"Origin", origin}}), StartsWith("403 ")) << origin;
  }
  EXPECT_EQ(bench.drains, 0);
  EXPECT_THAT(bench.answer("POST", "/drain", "", {{"Origin", "http://H"}}), StartsWith("202 "));
  EXPECT_EQ(bench.drains, 1);
}

}  // namespace
}  // namespace holdfast::admin
