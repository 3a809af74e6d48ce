// SPDX-License-Identifier: Apache-2.0
#include "proxy/options.h"

#include <optional>

#include <gtest/gtest.h>

#include "proxy/routes_file.h"

namespace holdfast::proxy {
namespace {

TEST(ForwardedForRule, FromItsWords) {
  auto none = parse_forwarded_for_rule({});
  EXPECT_FALSE(none.append);
  EXPECT_EQ(none.truncate, std::nullopt);
  auto append = parse_forwarded_for_rule({"append"});
  EXPECT_TRUE(append.append);
  EXPECT_EQ(append.truncate, std::nullopt);
  auto both = parse_forwarded_for_rule({"truncate:2", "append"});
  EXPECT_TRUE(both.append);
  EXPECT_EQ(both.truncate, 2u);
  EXPECT_EQ(parse_forwarded_for_rule({"truncate:0"}).truncate, 0u);
}

TEST(Snapshot, HoldsTheRoutes) {
  auto parsed = parse_routes("*,id=x a:1\n", "routes");
  Snapshot snapshot(parsed.routes);
  EXPECT_EQ(snapshot.table.size(), 1u);
  EXPECT_NE(snapshot.table.by_id("x", "/"), nullptr);
  EXPECT_TRUE(snapshot.keys.empty());
}

}  // namespace
}  // namespace holdfast::proxy
