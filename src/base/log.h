// SPDX-License-Identifier: Apache-2.0
// The log: one line an event. Values from outside are given as fields, or go through base::printable first.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include <holdfast/result.h>

#include "base/log_line.h"
#include "base/log_output.h"

namespace holdfast::base {

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  std::string file;         ///< empty: standard output; errors and warnings to standard error
  std::string access_file;  ///< empty: where the log goes
};

/// Before the first thread is started. An error names the key and the file.
Result<void> start_log(const LogOptions& options);
/// Opens the files again, those that there are. On an error the old one goes on.
Result<void> reopen_log();
void set_log_level(LogLevel level);

LogFormat log_format();
/// Where the lines of the access log go.
LogOutput& access_output();
/// Lines that an output did not take, since it was full or gone; those of the access log are counted by their core.
std::uint64_t log_lines_lost();

bool log_enabled(LogLevel level);
/// Any thread. Never waits for whoever reads the output: a line that does not fit is lost, and the next one says so.
void log_line(const LogLine& line);

template <class... Args>
void log(LogLevel level, LogFields fields, fmt::format_string<Args...> format, Args&&... args) {
  if (!log_enabled(level)) return;
  auto message = fmt::format(format, std::forward<Args>(args)...);
  log_line({.level = level, .message = message, .fields = fields});
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::error, {}, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::warn, {}, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::info, {}, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::debug, {}, format, std::forward<Args>(args)...);
}

/// Lets one line a second through and counts the rest, so that a fault that repeats cannot fill the disk. One for each
/// place that logs; any thread.
class LogLimiter {
 public:
  /// The number of lines held back since the last one, when this one may be written; negative when it may not.
  std::int64_t admit();

 private:
  std::atomic<std::int64_t> next_ms_{0};
  std::atomic<std::int64_t> held_back_{0};
};

/// Warns at most once a second from the place whose limiter is given. A line about a client or a request has its
/// `conn` and `route` among the fields, as far as they are known.
template <class... Args>
void log_limited(LogLimiter& limiter, LogFields fields, fmt::format_string<Args...> format, Args&&... args) {
  if (!log_enabled(LogLevel::warn)) return;
  auto held_back = limiter.admit();
  if (held_back < 0) return;
  auto message = fmt::format(format, std::forward<Args>(args)...);
  log_line({.level = LogLevel::warn, .message = message, .fields = fields, .held_back = held_back});
}
template <class... Args>
void log_limited(LogLimiter& limiter, fmt::format_string<Args...> format, Args&&... args) {
  log_limited(limiter, LogFields{}, format, std::forward<Args>(args)...);
}

}  // namespace holdfast::base
