// SPDX-License-Identifier: Apache-2.0
#include "admin/health.h"

#include <gtest/gtest.h>

#include "support/admin_bench.h"

namespace holdfast::admin {
namespace {

TEST(Health, AliveWhileEveryLoopTurns) {
  test::AdminBench bench(2);
  bench.settle();
  auto turn_at = [&](std::size_t core, base::Millis time) {
    bench.parts[core]->core.set_time(time);
    bench.parts[core]->core.run_one_turn();
  };
  auto start = bench.parts[1]->core.now() + 1000;
  for (std::size_t core : {0, 1}) turn_at(core, start);
  EXPECT_EQ(livez(bench.context, start + kStuckMs).status, 200);
  turn_at(0, start + 2000);
  auto answer = livez(bench.context, start + 2000 + kStuckMs);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "{\"alive\":false,\"stuck\":[{\"core\":1,\"last_turn_ms\":7000}]}\n");
  turn_at(1, start + 2000);
  EXPECT_EQ(livez(bench.context, start + 2000 + kStuckMs).status, 200);
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
