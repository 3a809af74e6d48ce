// SPDX-License-Identifier: Apache-2.0
#include "app/access_log.h"

#include <iterator>

#include <fmt/core.h>

#include "base/text.h"

namespace holdfast::app {
namespace {

constexpr std::size_t kMostTarget = 2000;

std::string_view or_dash(std::string_view text) {
  return text.empty() ? "-" : text;
}

}  // namespace

void AccessLog::append_text(const front::AccessRecord& record) {
  const auto& note = record.note;
  base::append_timestamp(lines_);
  fmt::format_to(std::back_inserter(lines_),
                 " access peer={} conn={} {} {}{} route={} code={} bytes={} hold={} ms={} end={}{}{}\n",
                 record.peer->text(), front::connection_text(record.connection), or_dash(note.method),
                 base::printable(note.host), base::printable(or_dash(note.target), kMostTarget),
                 base::printable(or_dash(note.route)), record.status, record.body_bytes, or_dash(note.hold),
                 record.duration_ms, front::to_text(record.reason), note.cause.empty() ? "" : " cause=", note.cause);
}

void AccessLog::append_json(const front::AccessRecord& record) {
  const auto& note = record.note;
  lines_ += R"({"ts":")";
  base::append_timestamp(lines_);
  lines_ += R"(","level":"info","msg":"access")";
  auto add = [this](const base::LogField& field) { base::append_json_member(lines_, field); };
  add({"peer", record.peer->text()});
  add({"conn", front::connection_text(record.connection)});
  add({"method", note.method});
  add({"host", note.host});
  base::append_json_member(lines_, {"target", note.target}, kMostTarget);
  add({"route", note.route});
  add({"code", record.status});
  add({"bytes", record.body_bytes});
  add({"hold", note.hold});
  add({"ms", record.duration_ms});
  add({"end", front::to_text(record.reason)});
  add({"cause", note.cause});
  lines_ += "}\n";
}

void AccessLog::record(const front::AccessRecord& record) {
  if (lines_.size() > kMostBytes) {
    core_.counters().add(base::Counter::access_lines_lost);
    return;
  }
  if (format_ == base::LogFormat::json) {
    append_json(record);
  } else {
    append_text(record);
  }
  if (lines_.size() >= kBatchBytes) {
    flush();
  } else if (!has_deadline()) {
    set_deadline(core_.wheel(), core_.now() + kFlushMs);
  }
}

void AccessLog::flush() {
  lines_.erase(0, output_.write(lines_));
  if (!lines_.empty()) set_deadline(core_.wheel(), core_.now() + kFlushMs);
}

}  // namespace holdfast::app
