// SPDX-License-Identifier: Apache-2.0
// The chunked transfer coding (RFC 9112 §7.1), read strictly and in place. Extensions are skipped, trailers dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::wire {

/// 24 bytes of state; survives any split of the input.
class ChunkDecoder {
 public:
  enum class Outcome : std::uint8_t { more, done, bad };

  /// `max_overhead`: the bytes that one chunk's extensions, or all trailers together, may take.
  explicit ChunkDecoder(std::uint32_t max_overhead = 16384) : max_overhead_(max_overhead) {}

  /// Decodes `size` bytes at `data`, moving the content to the front: `content` bytes of it stand at `data` afterwards.
  /// `consumed` is how much of the input belonged to this body; less than `size` only after `done`.
  Outcome decode(char* data, std::size_t size, std::size_t& consumed, std::size_t& content);

  /// After `bad`: what was wrong with it, a constant.
  const char* error() const { return error_; }

 private:
  enum class State : std::uint8_t {
    size,
    size_space,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf,
    done,
    bad
  };
  bool step(char c);
  bool size_digit(char c);
  bool fail(const char* what);
  bool count_overhead();

  std::uint64_t left_ = 0;
  const char* error_ = "";
  std::uint32_t overhead_ = 0;
  std::uint32_t max_overhead_;
  std::uint8_t digits_ = 0;
  State state_ = State::size;
};

/// "<hex>\r\n" for a chunk of `size` bytes; returns how many characters were written (at most 18).
std::size_t write_chunk_size(char* out, std::size_t size);

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace holdfast::wire
