// SPDX-License-Identifier: Apache-2.0
// The second step of reading a routes line: the properties of a condition and of a target, by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/route.h"
#include "proxy/route_sections.h"

namespace holdfast::proxy {

/// What came of a section's properties: why its line cannot be used (or an empty string), and what else is to be said.
/// Neither quotes a key or a header's value.
struct PropertyNotes {
  std::string error;
  std::vector<std::string> warnings;
};

/// Sets what the properties say, up to the first that is in error. Unknown ones, and those of features that do not
/// exist yet, are warnings (RF-7); of a repeated one the last counts, except for `header` and `sub` (RF-8, RF-9).
PropertyNotes apply_properties(Route& route, const std::vector<RouteProperty>& properties);
PropertyNotes apply_properties(Target& target, const std::vector<RouteProperty>& properties);

bool is_target_property(std::string_view name);

}  // namespace holdfast::proxy
