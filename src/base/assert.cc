// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace holdfast::base {

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "holdfast: bug: %s does not hold at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace holdfast::base
