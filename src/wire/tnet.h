// SPDX-License-Identifier: Apache-2.0
// Tagged netstrings, `<length>:<payload><type>`: the encoding of the ZeroMQ sockets (`publishing` §3.3).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <holdfast/result.h>

#include "base/json_fwd.h"

namespace holdfast::wire {

/// Digits of a length, so that no payload is longer than 999,999,999 bytes.
inline constexpr std::size_t kTnetMaxLengthDigits = 9;
/// Lists and maps within each other; a scalar value has depth 0.
inline constexpr int kTnetMaxDepth = 32;

/// Parses one value, which must be the whole input. Types: `,` bytes, `#` integer (int64 or uint64), `^` float, `!`
/// boolean, `~` null, `}` map, `]` list.
///
/// Byte strings become JSON strings that hold the bytes as they are, so they need not be UTF-8: never dump() such a
/// value. A key that comes twice has the last value. Errors say at which byte the bad element begins; their status is
/// 0. Linear time, but for a factor of log(members) in maps. Never throws; any thread.
Result<base::Json> parse_tnet(std::string_view bytes);

/// The inverse: strings are taken as bytes. Numbers that are not finite become null, as in JSON. Takes time and stack
/// with the depth of the value, so it is for values that we made, or that parse_tnet returned. Any thread.
std::string encode_tnet(const base::Json& value);

}  // namespace holdfast::wire
