// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <chrono>
#include <memory>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

namespace holdfast::base {
namespace {

/// Hands finished lines to an output. Locks nothing: the outputs take a line in one system call.
class LineSink final : public spdlog::sinks::sink {
 public:
  LineSink() {
    standard_output.use(STDOUT_FILENO);
    standard_error.use(STDERR_FILENO);
  }

  void log(const spdlog::details::log_msg& line) override {
    auto& out = line.level >= spdlog::level::warn ? *urgent : *normal;
    auto unsaid = lost_unsaid.exchange(0, std::memory_order_relaxed);
    std::string text;
    if (unsaid > 0) {
      auto message =
          fmt::format("log lines lost: {}; whoever reads the log did not keep up, or the disk is full", unsaid);
      append_line(text, format, {.level = LogLevel::warn, .message = message});
    }
    auto said = text.size();
    text.append(line.payload.data(), line.payload.size());
    auto taken = out.write(text);
    if (taken == text.size()) return;
    lost.fetch_add(1, std::memory_order_relaxed);
    lost_unsaid.fetch_add(taken < said ? unsaid + 1 : 1, std::memory_order_relaxed);
  }
  void flush() override {}
  // Lines come with everything that they are to have.
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  // The outputs are chosen before there is a second thread, and stay.
  LogFormat format = LogFormat::text;
  LogOutput standard_output, standard_error, file, access_file;
  LogOutput* normal = &standard_output;
  LogOutput* urgent = &standard_error;
  LogOutput* access = &standard_output;
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::uint64_t> lost_unsaid{0};
};

struct Log {
  std::shared_ptr<LineSink> sink = std::make_shared<LineSink>();
  spdlog::logger logger{"holdfast", sink};
};

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::trace: break;
  }
  return spdlog::level::trace;
}

/// Never destroyed: what ends after everything else may still have something to say.
Log& the_log() {
  static Log& log = *new Log;
  return log;
}

LineSink& the_sink() {
  return *the_log().sink;
}

}  // namespace

Result<void> start_log(const LogOptions& options) {
  auto& log = the_sink();
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
  auto& log = the_sink();
  auto file = log.file.reopen();
  auto access = log.access_file.reopen();
  if (!file) return Error{"log.file: " + file.error().what};
  if (!access) return Error{"log.access_file: " + access.error().what};
  return {};
}

void set_log_level(LogLevel level) {
  the_log().logger.set_level(spdlog_level(level));
}

LogFormat log_format() {
  return the_sink().format;
}

LogOutput& access_output() {
  return *the_sink().access;
}

std::uint64_t log_lines_lost() {
  return the_sink().lost.load(std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) {
  return the_log().logger.should_log(spdlog_level(level));
}

void log_line(const LogLine& line) {
  std::string text;
  append_line(text, the_sink().format, line);
  the_log().logger.log(spdlog_level(line.level), text);
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
