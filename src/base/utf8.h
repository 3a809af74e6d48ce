// SPDX-License-Identifier: Apache-2.0
// Whether bytes from outside are text.
#pragma once

#include <string_view>

namespace holdfast::base {

/// Well-formed UTF-8 (RFC 3629 §4): no overlong forms, no surrogates, nothing over U+10FFFF, nothing cut off at the
/// end. Empty text is well-formed, and so is NUL. Linear, allocates nothing; any thread.
bool valid_utf8(std::string_view bytes);

}  // namespace holdfast::base
