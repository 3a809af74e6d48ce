// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace holdfast::base {
namespace {

/// What may follow a first byte: how many bytes, and the range of the first of them. The others are 80 to BF.
struct Sequence {
  std::size_t following;
  unsigned char low;
  unsigned char high;
};

/// RFC 3629 §4, the table of well-formed sequences; nothing follows where the byte cannot begin a sequence.
Sequence sequence_of(unsigned char first) {
  if (first < 0xc2) return {0, 0, 0};
  if (first < 0xe0) return {1, 0x80, 0xbf};
  if (first == 0xe0) return {2, 0xa0, 0xbf};
  if (first == 0xed) return {2, 0x80, 0x9f};
  if (first < 0xf0) return {2, 0x80, 0xbf};
  if (first == 0xf0) return {3, 0x90, 0xbf};
  if (first < 0xf4) return {3, 0x80, 0xbf};
  if (first == 0xf4) return {3, 0x80, 0x8f};
  return {0, 0, 0};
}

bool in_range(char c, unsigned char low, unsigned char high) {
  auto u = static_cast<unsigned char>(c);
  return u >= low && u <= high;
}

/// How many bytes at the start are ASCII, in steps of eight.
std::size_t ascii_prefix(std::string_view bytes) {
  std::size_t size = 0;
  for (std::uint64_t word = 0; size + sizeof word <= bytes.size(); size += sizeof word) {
    std::memcpy(&word, bytes.data() + size, sizeof word);
    if (word & 0x8080808080808080u) break;
  }
  return size;
}

}  // namespace

bool valid_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    bytes.remove_prefix(ascii_prefix(bytes));
    if (bytes.empty()) return true;
    auto first = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (first < 0x80) continue;
    auto [following, low, high] = sequence_of(first);
    if (following == 0 || bytes.size() < following || !in_range(bytes[0], low, high)) return false;
    for (std::size_t i = 1; i < following; ++i) {
      if (!in_range(bytes[i], 0x80, 0xbf)) return false;
    }
    bytes.remove_prefix(following);
  }
  return true;
}

}  // namespace holdfast::base
