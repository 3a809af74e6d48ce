// SPDX-License-Identifier: Apache-2.0
// The log: one line an event, to standard output or error. Text from outside goes through base::printable first.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/core.h>

namespace holdfast::base {

enum class LogLevel : std::uint8_t { error, warn, info, debug, trace };

/// Before the first thread is started. Lines go to standard output; errors and warnings to standard error.
void start_log(LogLevel level);
void set_log_level(LogLevel level);
/// Writes what is buffered; before the process ends.
void flush_log();

bool log_enabled(LogLevel level);
void log_line(LogLevel level, std::string_view text);

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::error, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::warn, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::info, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::debug, format, std::forward<Args>(args)...);
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

/// Warns at most once a second from the place whose limiter is given.
template <class... Args>
void log_limited(LogLimiter& limiter, fmt::format_string<Args...> format, Args&&... args) {
  if (!log_enabled(LogLevel::warn)) return;
  auto held_back = limiter.admit();
  if (held_back < 0) return;
  auto text = fmt::format(format, std::forward<Args>(args)...);
  if (held_back > 0) text += fmt::format(" ({} more like this since the last one)", held_back);
  log_line(LogLevel::warn, text);
}

}  // namespace holdfast::base
