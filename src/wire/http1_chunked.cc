// SPDX-License-Identifier: Apache-2.0
#include "wire/http1_chunked.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace holdfast::wire {

bool ChunkDecoder::fail(const char* what) {
  error_ = what;
  state_ = State::bad;
  return false;
}

bool ChunkDecoder::count_overhead() {
  return ++overhead_ <= max_overhead_ || fail("chunk extensions or trailers are too long");
}

bool ChunkDecoder::size_digit(char c) {
  int value = c >= '0' && c <= '9' ? c - '0' : -1;
  char letter = base::lower(c);
  if (letter >= 'a' && letter <= 'f') value = letter - 'a' + 10;
  if (value < 0) return false;
  left_ = left_ << 4 | static_cast<std::uint64_t>(value);
  ++digits_;
  return true;
}

/// One byte outside of a chunk's data; false: bad.
bool ChunkDecoder::step(char c) {
  switch (state_) {
    case State::size:
      if (digits_ < 16 && size_digit(c)) return true;
      if (digits_ == 0) return fail("a chunk has no size");
      [[fallthrough]];
    case State::size_space:
      // RFC 9112 §7.1.1 allows white space before an extension's semicolon, and nothing else there
      if (c == ' ' || c == '\t') return state_ = State::size_space, count_overhead();
      if (c == '\r') return state_ = State::size_lf, true;
      if (c == ';') return state_ = State::extension, true;
      return fail("illegal character in a chunk's size");
    case State::extension:
      if (c == '\r') return state_ = State::size_lf, true;
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) {
        return fail("control character in a chunk extension");
      }
      return count_overhead();
    case State::size_lf:
      if (c != '\n') return fail("CR that does not end a chunk's size");
      if (left_ > INT64_MAX) return fail("a chunk's size is too large");
      overhead_ = 0;
      digits_ = 0;
      state_ = left_ ? State::data : State::trailer_start;
      return true;
    case State::data_cr:
      if (c != '\r') return fail("a chunk is longer than its size");
      return state_ = State::data_lf, true;
    case State::data_lf:
      if (c != '\n') return fail("a chunk is longer than its size");
      return state_ = State::size, true;
    case State::trailer_start:
      if (c == '\r') return state_ = State::end_lf, true;
      if (c == '\n') return fail("a trailer ends with LF alone");
      return state_ = State::trailer, count_overhead();
    case State::trailer:
      if (c == '\r') return state_ = State::trailer_lf, true;
      if (c == '\n' || c == '\0') return fail("control character in a trailer");
      return count_overhead();
    case State::trailer_lf:
      if (c != '\n') return fail("CR that does not end a trailer");
      return state_ = State::trailer_start, true;
    case State::end_lf:
      if (c != '\n') return fail("CR that does not end the body");
      return state_ = State::done, true;
    case State::data:
    case State::done:
    case State::bad: break;
  }
  return false;
}

ChunkDecoder::Outcome ChunkDecoder::decode(char* data, std::size_t size, std::size_t& consumed, std::size_t& content) {
  consumed = content = 0;
  while (consumed < size && state_ != State::done) {
    if (state_ == State::data) {
      auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size - consumed));
      if (content != consumed) std::memmove(data + content, data + consumed, part);
      consumed += part;
      content += part;
      left_ -= part;
      if (left_ == 0) state_ = State::data_cr;
    } else if (!step(data[consumed++])) {
      return Outcome::bad;
    }
  }
  return state_ == State::done ? Outcome::done : Outcome::more;
}

std::size_t write_chunk_size(char* out, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  char reversed[16];
  std::size_t digits = 0;
  do {
    reversed[digits++] = kDigits[size & 15];
    size >>= 4;
  } while (size);
  std::reverse_copy(reversed, reversed + digits, out);
  out[digits] = '\r';
  out[digits + 1] = '\n';
  return digits + 2;
}

}  // namespace holdfast::wire
