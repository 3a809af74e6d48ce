// SPDX-License-Identifier: Apache-2.0
// Small functions on ASCII text: trimming, comparing without case, numbers, base64 and hex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::base {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// Equal, letters of either case taken as the same.
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view text, std::string_view prefix);
std::string to_lower(std::string_view text);

/// Without spaces and tabs at both ends (the OWS of RFC 9110 §5.6.3).
std::string_view trim(std::string_view text);

/// The parts between separators, each trimmed; empty ones are kept.
std::vector<std::string_view> split(std::string_view text, char separator);

/// A decimal number made of digits alone; nothing when there is any other character, or when it does not fit.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

/// RFC 4648 §4, with padding.
std::string encode_base64(std::string_view bytes);
/// Lenient: characters outside of the alphabet are skipped (some libraries break lines), padding is optional; the
/// URL-safe alphabet is read too.
std::string decode_base64(std::string_view text);
/// Strict, for keys and credentials: nothing when there is any character outside of either alphabet, or padding that is
/// not all of it.
std::optional<std::string> decode_strict_base64(std::string_view text);

/// Nothing when it is not an even number of hexadecimal digits.
std::optional<std::string> decode_hex(std::string_view text);

/// The text with everything that could forge or garble a log line (control characters, quotes, backslashes) written
/// as \xHH, cut to `limit` characters.
std::string printable(std::string_view text, std::size_t limit = 200);

/// How many single-character edits turn one word into the other: to suggest the name that was meant.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to a misspelled word, or an empty string when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace holdfast::base
