// SPDX-License-Identifier: Apache-2.0
// `Grip-Keep-Alive`: what is written to a held stream so that nobody on the way takes it for dead (`grip-http` §9.2).
#pragma once

#include <string>
#include <string_view>

#include <holdfast/instruct.h>
#include <holdfast/result.h>

namespace holdfast::grip {

/// Parses a field value that is not empty: `content; mode=idle|interval; timeout=seconds; format=raw|cstring|base64`.
/// The content is everything up to the first `;`. Defaults: idle, 55 s, raw; a timeout of 0 becomes 1. Errors
/// (status 502): no content, also after decoding; an unknown mode or format; a bad timeout; a malformed parameter.
Result<KeepAlive> parse_keep_alive(std::string_view value);

/// "idle" or "interval", in lower case. `where` names the place in errors.
Result<KeepAlive::Mode> parse_keep_alive_mode(std::string_view where, std::string_view text);

/// Decodes the `cstring` format: `\\`, `\r`, `\n` and `\xHH`. A backslash before any other character disappears
/// together with it. Errors (status 502): a backslash at the end, or `\x` without two hexadecimal digits.
Result<std::string> decode_cstring(std::string_view text);

}  // namespace holdfast::grip
