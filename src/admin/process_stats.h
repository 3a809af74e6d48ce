// SPDX-License-Identifier: Apache-2.0
// What the kernel says of this process.
#pragma once

#include <cstdint>

namespace holdfast::admin {

struct ProcessStats {
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  double cpu_seconds = 0;
  double start_time = 0;  ///< seconds since 1970
};

/// Any thread but a core's: going through the descriptors of a hundred thousand clients takes tens of milliseconds.
ProcessStats read_process_stats();

}  // namespace holdfast::admin
