// SPDX-License-Identifier: Apache-2.0
// Header fields: as views into a message head, and as values that are kept.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// One field of a head that somebody else keeps in memory. The value has no surrounding white space.
struct Field {
  std::string_view name;
  std::string_view value;
};
using Fields = std::span<const Field>;

/// One field that is kept.
struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};
using HeaderList = std::vector<Header>;

}  // namespace holdfast
