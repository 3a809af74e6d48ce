// SPDX-License-Identifier: Apache-2.0
// Content codings (RFC 9110 §8.4.1): decoding of whole bodies that are small, whatever they claim to be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <holdfast/result.h>

namespace holdfast::wire {

/// gzip, x-gzip, deflate and br, in any case.
bool can_decode(std::string_view coding);

/// Decodes a body by its Content-Encoding value, which may list several codings. Refuses unknown codings, damaged or
/// trailing data, and results over `max_bytes`, so that a small body cannot become a large one.
Result<std::string> decode_content(std::string_view content_encoding, std::string_view body, std::size_t max_bytes);

}  // namespace holdfast::wire
