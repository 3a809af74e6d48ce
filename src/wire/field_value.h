// SPDX-License-Identifier: Apache-2.0
// What stands in header fields: lists, elements with parameters (RFC 9110 §5.6, `grip-http` §9.1), and which bytes are
// legal at all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::wire {

/// Cuts the next element of a comma-separated list off the front of `rest` and returns it trimmed; empty when there
/// was nothing between two commas. A comma inside double quotes does not separate, a backslash inside them takes the
/// next character literally, and a quote that is never closed reaches to the end. Allocates nothing.
std::string_view take_list_element(std::string_view& rest);

/// The elements of a list in order. Empty ones are left out, as RFC 9110 §5.6.1.2 asks of recipients. The views point
/// into `list`.
std::vector<std::string_view> split_list(std::string_view list);

/// Whether one element of a list (`Connection`, `Vary`, …) is this token, letters of either case taken as the same.
/// Allocates nothing.
bool list_has_token(std::string_view list, std::string_view token);

/// `name=value`, `name="value"` or `name` alone (the value is empty then).
struct Param {
  std::string_view name;
  std::string value;  ///< quotes and escapes taken away
};
using Params = std::vector<Param>;

/// The first parameter of this name, in any case; null when there is none.
const Param* find_param(const Params& params, std::string_view name);

/// Parses `name=value; name="value"; …`. Nothing when a quoted value is malformed: never closed, or followed by
/// something other than `;`. White space around names and values is ignored, and so are empty places between
/// semicolons. Names point into `text`.
std::optional<Params> parse_params(std::string_view text);

/// One element of a Grip-* list: `first; name=value; …`.
struct Element {
  std::string_view first;  ///< trimmed, otherwise as written: quotes are not taken away
  Params params;

  const Param* find(std::string_view name) const { return find_param(params, name); }
};

/// Parses one element. `first` ends at the first `;`, even between quotes. Nothing when a parameter is malformed.
std::optional<Element> parse_element(std::string_view text);

/// A token (RFC 9110 §5.1, §5.6.2): not empty, no white space, no separators.
bool valid_field_name(std::string_view name);

/// No control characters but HTAB: no CR, LF or NUL, so that a value cannot end its line. Bytes over 127 are legal.
bool valid_field_value(std::string_view value);

/// As valid_field_value (RFC 9112 §4); may be empty.
bool valid_reason(std::string_view reason);

}  // namespace holdfast::wire
