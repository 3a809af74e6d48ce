// SPDX-License-Identifier: Apache-2.0
#include "app/access_log.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iterator>

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include "base/text.h"

namespace holdfast::app {
namespace {

/// A pipe that poll() calls writable takes this much without blocking (POSIX PIPE_BUF), and takes it as a whole.
constexpr std::size_t kAtomicWrite = 4096;

bool can_write() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, 0) > 0 && (out.revents & POLLOUT);
}

/// The most whole lines that fit into one atomic write; a longer line goes alone.
std::size_t next_piece(std::string_view lines) {
  if (lines.size() <= kAtomicWrite) return lines.size();
  auto end = lines.rfind('\n', kAtomicWrite - 1);
  if (end == std::string_view::npos) end = lines.find('\n');
  return end + 1;
}

std::string_view or_dash(std::string_view text) {
  return text.empty() ? "-" : text;
}

std::string format_stamp(std::int64_t second) {
  std::time_t time = second;
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  char text[32];
  auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return {text, size};
}

}  // namespace

void AccessLog::record(const front::AccessRecord& record) {
  using namespace std::chrono;
  auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  if (now / 1000 != stamp_second_) {
    stamp_second_ = now / 1000;
    stamp_ = format_stamp(stamp_second_);
  }
  if (lines_.size() > kMostBytes) {
    core_.counters().add(base::Counter::access_lines_lost);
    return;
  }
  constexpr std::size_t kMostTarget = 2000;
  fmt::format_to(std::back_inserter(lines_),
                 "{}.{:03}Z access peer={} conn={} {} {}{} route={} code={} bytes={} hold={} ms={} end={}{}{}\n",
                 stamp_, now % 1000, record.peer->text(), front::connection_text(record.connection),
                 or_dash(record.note.method), base::printable(record.note.host),
                 base::printable(or_dash(record.note.target), kMostTarget), base::printable(or_dash(record.note.route)),
                 record.status, record.body_bytes, or_dash(record.note.hold), record.duration_ms,
                 front::to_text(record.reason), record.note.cause.empty() ? "" : " cause=", record.note.cause);
  if (lines_.size() >= kBatchBytes) {
    flush();
  } else if (!has_deadline()) {
    set_deadline(core_.wheel(), core_.now() + kFlushMs);
  }
}

void AccessLog::flush() {
  std::string_view rest = lines_;
  while (!rest.empty() && can_write()) {
    auto written = ::write(STDOUT_FILENO, rest.data(), next_piece(rest));
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  lines_.erase(0, lines_.size() - rest.size());
  if (!lines_.empty()) set_deadline(core_.wheel(), core_.now() + kFlushMs);
}

}  // namespace holdfast::app
