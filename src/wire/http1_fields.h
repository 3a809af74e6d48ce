// SPDX-License-Identifier: Apache-2.0
// The header section of an HTTP/1 message, parsed strictly (RFC 9112 §5): what several recipients might read in
// different ways is refused, never guessed at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <holdfast/exchange.h>
#include <holdfast/headers.h>

namespace holdfast::wire {

/// Why a head was refused. `what` is a constant.
struct HeadError {
  int status = 0;  ///< what a server answers; 0: no error
  const char* what = "";
  explicit operator bool() const { return status != 0; }
};

/// Looks for the end of a head in bytes that arrive bit by bit, each byte looked at once.
class HeadScanner {
 public:
  enum class State : std::uint8_t { incomplete, complete, bare_lf };

  /// `input` is the head from its first byte on, longer at each call.
  State scan(std::string_view input);
  /// Length of the head with its final empty line; after `complete`.
  std::size_t head_size() const { return head_size_; }
  bool has_first_line() const { return has_first_line_; }

 private:
  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
  std::size_t head_size_ = 0;
  bool has_first_line_ = false;
};

/// What the fields of a message say about its framing and its connection.
struct Framing {
  BodyKind body_kind = BodyKind::none;
  std::uint64_t body_size = 0;
  bool has_length = false;
  bool has_coding = false;  ///< a Transfer-Encoding field
  bool chunked = false;     ///< and its only coding is chunked
  bool connection_close = false;
  bool connection_keep_alive = false;
  bool connection_upgrade = false;
};

/// Parses the fields between `at` and `end`, which lies behind the final empty line, and appends them to `fields`.
HeadError parse_fields(const char* at, const char* end, std::size_t max_count, std::vector<Field>& fields);

/// Reads Content-Length, Transfer-Encoding and Connection. Differing lengths, a length that is not digits alone, both
/// length and coding, and codings other than chunked are errors.
HeadError read_framing(const std::vector<Field>& fields, Framing& framing);

/// tchar of RFC 9110 §5.6.2
bool is_token_char(char c);
/// The first character at or behind `at` that is not a token character.
const char* skip_token(const char* at, const char* end);

}  // namespace holdfast::wire
