// SPDX-License-Identifier: Apache-2.0
#include "admin/health.h"

#include <gtest/gtest.h>

#include "support/admin_bench.h"

namespace holdfast::admin {
namespace {

TEST(Health, AliveWhileEveryLoopTurns) {
  test::AdminBench bench(2);
  bench.settle();
  auto turned = bench.parts[0]->core.last_turn();
  EXPECT_EQ(livez(bench.context, turned + kStuckMs).status, 200);
  test::pass_time(bench.parts[0]->core, 2000);
  auto answer = livez(bench.context, turned + 2000 + kStuckMs);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "{\"alive\":false,\"stuck\":[{\"core\":1,\"last_turn_ms\":7000}]}\n");
  test::pass_time(bench.parts[1]->core, 2000);
  EXPECT_EQ(livez(bench.context, turned + 2000 + kStuckMs).status, 200);
}

TEST(Health, ReadyUnlessThereIsAReason) {
  test::AdminBench bench(1);
  EXPECT_EQ(readyz(bench.context).body, "{\"ready\":true}\n");
  bench.readiness.set(base::NotReady::draining);
  bench.readiness.set(base::NotReady::shedding);
  EXPECT_EQ(readyz(bench.context).status, 503);
  EXPECT_EQ(readyz(bench.context).body, "{\"ready\":false,\"reasons\":[\"draining\",\"shedding\"]}\n");
}

TEST(Health, DrainIsAskedForOnTheMainThread) {
  test::AdminBench bench;
  test::FakeExchange exchange;
  bench.ask(exchange, "POST", "/drain");
  EXPECT_EQ(bench.drains, 0);
  bench.settle();
  EXPECT_EQ(bench.drains, 1);
  EXPECT_EQ(exchange.head()->status, 202);
}

}  // namespace
}  // namespace holdfast::admin
