// SPDX-License-Identifier: Apache-2.0
// Single values that Grip-* headers and instruct documents share, and the one kind of error that both report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <holdfast/instruct.h>
#include <holdfast/result.h>

namespace holdfast::grip {

/// Filters of one channel (JSON-10).
inline constexpr std::size_t kMaxFilters = 5;
/// The longest time an instruction may name, about 31 years: far from overflow when it becomes milliseconds.
inline constexpr int kMaxSeconds = 1'000'000'000;

/// The error for instructions that cannot be followed: status 502, since the origin is at fault (ERR-6).
Error unusable(std::string what);

/// A whole number of seconds from 0 to kMaxSeconds, made of digits alone. `where` names the place in errors.
Result<int> parse_seconds(std::string_view where, std::string_view text);

/// A status for the client: a code of 200 to 599 and a legal reason; an empty one becomes the standard phrase.
Result<StatusLine> make_status_line(std::string_view where, std::int64_t code, std::string_view reason);

}  // namespace holdfast::grip
