// SPDX-License-Identifier: Apache-2.0
// The demo's page: page.html, which the build turns into a string.
#pragma once

#include <string_view>

namespace holdfast::demo {

/// Stands in the page where the address of the control port belongs.
inline constexpr std::string_view kControlMark = "{{control}}";

std::string_view page();

}  // namespace holdfast::demo
