// SPDX-License-Identifier: Apache-2.0
// SHA-256, and comparisons whose time does not depend on what is compared.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace holdfast::base {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

/// Takes the same time wherever the first difference is.
bool equal_in_constant_time(const Sha256& a, const Sha256& b);

}  // namespace holdfast::base
