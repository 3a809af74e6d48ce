// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <chrono>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace holdfast::base {
namespace {

std::atomic<LogLevel> current_level{LogLevel::info};

spdlog::level::level_enum spd_level(LogLevel level) {
  switch (level) {
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::trace: return spdlog::level::trace;
  }
  return spdlog::level::info;
}

spdlog::logger& out() {
  static spdlog::logger logger("out", std::make_shared<spdlog::sinks::stdout_sink_mt>());
  return logger;
}

spdlog::logger& err() {
  static spdlog::logger logger("err", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  return logger;
}

}  // namespace

void start_log(LogLevel level) {
  for (auto* logger : {&out(), &err()}) {
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
  }
  set_log_level(level);
}

void set_log_level(LogLevel level) {
  current_level.store(level, std::memory_order_relaxed);
}

void flush_log() {
  out().flush();
  err().flush();
}

bool log_enabled(LogLevel level) {
  return level <= current_level.load(std::memory_order_relaxed);
}

void log_line(LogLevel level, std::string_view text) {
  auto& logger = level <= LogLevel::warn ? err() : out();
  logger.log(spd_level(level), spdlog::string_view_t(text.data(), text.size()));
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
