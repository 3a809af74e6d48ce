// SPDX-License-Identifier: Apache-2.0
#include "admin/process_stats.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace holdfast::admin {
namespace {

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t open_fds() {
  std::error_code error;
  std::filesystem::directory_iterator fds("/proc/self/fd", error);
  if (error) return 0;
  auto count = std::distance(begin(fds), end(fds));
  return static_cast<std::uint64_t>(count) - 1;  // without the one that reads them
}

/// proc(5): field 22 of stat, in ticks since the machine started; what is before it may hold spaces, in parentheses.
double start_time() {
  std::ifstream stat("/proc/self/stat");
  std::string line;
  std::getline(stat, line);
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  timespec up{};
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  auto uptime = static_cast<double>(up.tv_sec) + static_cast<double>(up.tv_nsec) / 1e9;
  return now - uptime + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

ProcessStats read_process_stats() {
  // Once: it must not move with the clock's corrections.
  static const double started = start_time();
  ProcessStats stats;
  stats.resident_bytes = resident_bytes();
  stats.open_fds = open_fds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_fds = limit.rlim_cur;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) stats.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  stats.start_time = started;
  return stats;
}

}  // namespace holdfast::admin
