// SPDX-License-Identifier: Apache-2.0
// What man pages are written in.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::app {

/// Text as it is: no character of it means anything to troff.
inline std::string roff(std::string_view text) {
  std::string out;
  bool at_line_start = true;
  for (char c : text) {
    if (at_line_start && (c == '.' || c == '\'')) out += "\\&";  // would be a request
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";  // a minus that can be copied, not a hyphen
    } else {
      out += c;
    }
    at_line_start = c == '\n';
  }
  return out;
}

}  // namespace holdfast::app
