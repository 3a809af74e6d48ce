// SPDX-License-Identifier: Apache-2.0
// The parser of the routes file (Pushpin's grammar, RF-1 to RF-10), which also serves `--route` and HOLDFAST_ROUTES.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/route.h"

namespace holdfast::proxy {

/// Something about a line that its author should know. An error: the line was skipped. A warning: it counts, but not in
/// every respect; or it repeats the condition of an earlier line, and was skipped for that (SEL-4).
struct RouteIssue {
  enum class Severity : std::uint8_t { error, warning };

  Severity severity = Severity::error;
  std::string file;
  int line = 0;
  std::string what;  ///< what is wrong and how to mend it; quotes no key and no header value

  /// "file:line: what"
  std::string text() const;
};

struct ParsedRoutes {
  std::vector<Route> routes;       ///< in file order
  std::vector<RouteIssue> issues;  ///< in file order

  bool has_errors() const;
};

struct RoutesOptions {
  bool allow_demo = false;  ///< whether `demo` is a target
};

/// Parses routes lines, separated by LF or CRLF; a byte order mark at the start is skipped. `file_name` is what issues
/// and routes name as their origin. A bad line becomes an error and is skipped, the others load (RF-6). Never throws.
///
/// Where this differs from Pushpin: tabs separate sections as spaces do; a flag can be turned off (`debug=false`);
/// hosts are compared without case and final dot; of several `header` entries with the same name the last one counts
/// (RF-9). Limits: 65536 bytes a line, no control characters but tab.
ParsedRoutes parse_routes(std::string_view text, const std::string& file_name, const RoutesOptions& options = {});

}  // namespace holdfast::proxy
