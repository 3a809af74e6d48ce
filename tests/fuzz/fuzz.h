// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets share. A target ends the process (HF_ASSERT, a sanitizer) when a property does not hold.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/assert.h"

/// Begins the function that gets one input. libFuzzer hands it over in a block of exactly its size, so that a read
/// behind its end is found.
#define HF_FUZZ_TARGET(input)                                                         \
  static void fuzz_one(std::string_view input);                                       \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    fuzz_one({reinterpret_cast<const char*>(data), size});                            \
    return 0;                                                                         \
  }                                                                                   \
  static void fuzz_one(std::string_view input)

namespace holdfast::fuzz {

/// A copy in a block of exactly its size: for parsers that are shown the beginning of an input only.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view text) : block_(new char[text.size()]), size_(text.size()) {
    std::copy(text.begin(), text.end(), block_.get());
  }
  char* data() { return block_.get(); }
  std::string_view view() const { return {block_.get(), size_}; }

 private:
  std::unique_ptr<char[]> block_;
  std::size_t size_;
};

/// Where to cut an input that arrives in parts: chosen by its content, so that a seed is nothing but the input, and the
/// same input is always cut in the same places.
inline std::vector<std::string_view> cut(std::string_view input) {
  std::uint32_t state = 2166136261U;  // FNV-1a
  for (char c : input) state = (state ^ static_cast<unsigned char>(c)) * 16777619U;
  std::vector<std::string_view> parts;
  while (!input.empty()) {
    state = state * 1664525U + 1013904223U;
    // Mostly short parts, and now and then a long one, so that long inputs do not take long.
    std::size_t most = state >> 30 == 0 ? input.size() : 16;
    auto size = std::min<std::size_t>(1 + (state >> 8) % most, input.size());
    parts.push_back(input.substr(0, size));
    input.remove_prefix(size);
  }
  return parts;
}

inline bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace holdfast::fuzz
