// SPDX-License-Identifier: Apache-2.0
#include "admin/counter_families.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace holdfast::admin {
namespace {

TEST(CounterFamilies, EveryCounterIsInExactlyOneAndHasHelp) {
  std::map<std::size_t, int> seen;
  for (const auto& family : counter_families()) {
    EXPECT_FALSE(family.help.empty()) << family.name << ": describe it in admin/counter_families.cc, and run "
                                      << "admin_test with UPDATE_GENERATED=1 for docs/metrics.md";
    for (const auto& member : family.members) ++seen[static_cast<std::size_t>(member.counter)];
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(base::Counter::count_); ++i) {
    EXPECT_EQ(seen[i], 1) << base::kCounterNames[i];
  }
}

TEST(CounterFamilies, NamesAndLabels) {
  std::set<std::string> names;
  for (const auto& family : counter_families()) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
    EXPECT_TRUE(family.name.starts_with("holdfast_")) << family.name;
    EXPECT_FALSE(family.name.ends_with("_total")) << family.name;
    EXPECT_EQ(family.label.empty(), family.members.front().label_value.empty()) << family.name;
    EXPECT_TRUE(!family.label.empty() || family.members.size() == 1) << family.name;
    std::set<std::string_view> values;
    for (const auto& member : family.members) EXPECT_TRUE(values.insert(member.label_value).second) << family.name;
  }
}

}  // namespace
}  // namespace holdfast::admin
