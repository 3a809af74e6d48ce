// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <chrono>

#include <unistd.h>

namespace holdfast::base {
namespace {

/// The outputs are chosen before there is a second thread, and stay.
struct Log {
  Log() {
    standard_output.use(STDOUT_FILENO);
    standard_error.use(STDERR_FILENO);
  }

  std::atomic<LogLevel> level{LogLevel::info};
  LogFormat format = LogFormat::text;
  LogOutput standard_output, standard_error, file, access_file;
  LogOutput* normal = &standard_output;
  LogOutput* urgent = &standard_error;
  LogOutput* access = &standard_output;
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::int64_t> lost_unsaid{0};
};

/// Never destroyed: what ends after everything else may still have something to say.
Log& the_log() {
  static Log& log = *new Log;
  return log;
}

}  // namespace

Result<void> start_log(const LogOptions& options) {
  auto& log = the_log();
  if (!options.file.empty()) {
    if (auto opened = log.file.open(options.file); !opened) return Error{"log.file: " + opened.error().what};
    log.normal = log.urgent = log.access = &log.file;
  }
  if (!options.access_file.empty()) {
    auto opened = log.access_file.open(options.access_file);
    if (!opened) return Error{"log.access_file: " + opened.error().what};
    log.access = &log.access_file;
  }
  log.format = options.format;
  set_log_level(options.level);
  return {};
}

Result<void> reopen_log() {
  auto& log = the_log();
  auto file = log.file.reopen();
  auto access = log.access_file.reopen();
  if (!file) return Error{"log.file: " + file.error().what};
  if (!access) return Error{"log.access_file: " + access.error().what};
  return {};
}

void set_log_level(LogLevel level) {
  the_log().level.store(level, std::memory_order_relaxed);
}

LogFormat log_format() {
  return the_log().format;
}

LogOutput& access_output() {
  return *the_log().access;
}

std::uint64_t log_lines_lost() {
  return the_log().lost.load(std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) {
  return level <= the_log().level.load(std::memory_order_relaxed);
}

void log_line(const LogLine& line) {
  auto& log = the_log();
  auto& out = line.level <= LogLevel::warn ? *log.urgent : *log.normal;
  std::string text;
  auto lost = log.lost_unsaid.exchange(0, std::memory_order_relaxed);
  if (lost > 0) {
    auto message = fmt::format("log lines lost: {}; whoever reads the log did not keep up, or the disk is full", lost);
    append_line(text, log.format, {.level = LogLevel::warn, .message = message});
  }
  auto said = text.size();
  append_line(text, log.format, line);
  auto taken = out.write(text);
  if (taken == text.size()) return;
  log.lost.fetch_add(1, std::memory_order_relaxed);
  log.lost_unsaid.fetch_add(taken < said ? lost + 1 : 1, std::memory_order_relaxed);
}

std::int64_t LogLimiter::admit() {
  auto now = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
                 .count();
  auto next = next_ms_.load(std::memory_order_relaxed);
  if (now < next || !next_ms_.compare_exchange_strong(next, now + 1000, std::memory_order_relaxed)) {
    held_back_.fetch_add(1, std::memory_order_relaxed);
    return -1;
  }
  return held_back_.exchange(0, std::memory_order_relaxed);
}

}  // namespace holdfast::base
