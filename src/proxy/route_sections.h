// SPDX-License-Identifier: Apache-2.0
// The first step of reading a routes line: characters to sections and properties (RF-1 to RF-5).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/result.h>

namespace holdfast::proxy {

/// "name" or "name=value", quotes resolved.
struct RouteProperty {
  std::string name;                  ///< never empty
  std::optional<std::string> value;  ///< absent where there is no '='
};

/// The condition or one target: "value,property,property…".
struct RouteSection {
  std::string value;  ///< may be empty
  std::vector<RouteProperty> properties;
};

/// Sections are separated by spaces and tabs; '#' begins a comment. Of a blank line nothing is left. Refused: an open
/// quote, an escape that is not known, an empty property, a property without a name.
Result<std::vector<RouteSection>> parse_sections(std::string_view line);

}  // namespace holdfast::proxy
