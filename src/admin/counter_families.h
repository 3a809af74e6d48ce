// SPDX-License-Identifier: Apache-2.0
// What the counters of base/counters.h are called in /metrics.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"

namespace holdfast::admin {

/// Counters that are shown under one name. With a label, each has a value of it; without, there is one counter.
struct CounterFamily {
  struct Member {
    base::Counter counter;
    std::string_view label_value = {};
  };
  std::string name;  ///< without _total
  std::string_view help;
  std::string_view label;
  std::vector<Member> members;
};

/// Every counter is in exactly one family. One that this table has not been told of gets a family of its own, named
/// like the counter, so that it is not lost; a unit test asks for its help.
const std::vector<CounterFamily>& counter_families();

}  // namespace holdfast::admin
