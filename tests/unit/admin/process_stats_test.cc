// SPDX-License-Identifier: Apache-2.0
#include "admin/process_stats.h"

#include <ctime>

#include <gtest/gtest.h>
#include <unistd.h>

namespace holdfast::admin {
namespace {

TEST(ProcessStats, SaysWhatTheKernelSays) {
  auto before = read_process_stats();
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  auto after = read_process_stats();
  ::close(fds[0]);
  ::close(fds[1]);
  EXPECT_EQ(after.open_fds, before.open_fds + 2);
  EXPECT_GE(before.open_fds, 3u);
  EXPECT_GE(before.max_fds, before.open_fds);
  EXPECT_GT(before.resident_bytes, 100000u);
  EXPECT_GE(after.cpu_seconds, before.cpu_seconds);
  EXPECT_EQ(after.start_time, before.start_time) << "a start does not move";
  auto now = static_cast<double>(std::time(nullptr));
  EXPECT_LE(before.start_time, now + 1);
  EXPECT_GE(before.start_time, now - 3600);
}

}  // namespace
}  // namespace holdfast::admin
