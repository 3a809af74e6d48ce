// SPDX-License-Identifier: Apache-2.0
#include "wire/header_block.h"

#include <algorithm>

namespace holdfast::wire {

HeaderBlock::HeaderBlock(Fields fields) {
  if (fields.empty()) return;
  std::size_t text = 0;
  for (const auto& field : fields) text += field.name.size() + field.value.size();
  std::size_t words = 1 + 2 * fields.size();
  block_.reset(new std::uint32_t[words + (text + 3) / 4]);
  auto* out = reinterpret_cast<char*>(block_.get() + words);
  block_[0] = static_cast<std::uint32_t>(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    block_[1 + 2 * i] = static_cast<std::uint32_t>(fields[i].name.size());
    block_[2 + 2 * i] = static_cast<std::uint32_t>(fields[i].value.size());
    out = std::copy(fields[i].name.begin(), fields[i].name.end(), out);
    out = std::copy(fields[i].value.begin(), fields[i].value.end(), out);
  }
}

void HeaderBlock::append_to(std::vector<Field>& out) const {
  if (!block_) return;
  std::size_t count = block_[0];
  const auto* at = reinterpret_cast<const char*>(block_.get() + 1 + 2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t name = block_[1 + 2 * i];
    std::size_t value = block_[2 + 2 * i];
    out.push_back({{at, name}, {at + name, value}});
    at += name + value;
  }
}

}  // namespace holdfast::wire
