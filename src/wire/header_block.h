// SPDX-License-Identifier: Apache-2.0
// Header fields that are kept for as long as a client is parked: packed into one allocation of exact size.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <holdfast/headers.h>

namespace holdfast::wire {

/// 8 bytes, and one block: 8 bytes for each field plus its text.
class HeaderBlock {
 public:
  HeaderBlock() = default;
  explicit HeaderBlock(Fields fields);

  /// Appends views into the block.
  void append_to(std::vector<Field>& out) const;

 private:
  // layout: count, then (name size, value size) for each, then the texts
  std::unique_ptr<std::uint32_t[]> block_;
};

}  // namespace holdfast::wire
