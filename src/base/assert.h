// SPDX-License-Identifier: Apache-2.0
// HF_ASSERT: a bug that must not go on. It stays on in release builds; keep its condition cheap.
#pragma once

namespace holdfast::base {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}

#define HF_ASSERT(condition) \
  (static_cast<bool>(condition) ? void() : ::holdfast::base::assertion_failed(#condition, __FILE__, __LINE__))
