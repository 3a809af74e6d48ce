// SPDX-License-Identifier: Apache-2.0
#include "base/log_line.h"

#include <chrono>
#include <ctime>
#include <iterator>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace holdfast::base {
namespace {

/// With this no line of the log is longer than a pipe takes in one piece (LogOutput).
constexpr std::size_t kMostMessage = 1500;

/// The most that a byte takes in a JSON string: \u00ff for one that is not ASCII, 1 for one that stands for itself.
std::size_t json_size(char c) {
  if (c == '"' || c == '\\') return 2;
  return c >= 0x20 && c < 0x7f ? 1 : 6;
}

/// Messages are ours and may hold quotes, but parts of them can come from files.
void append_message(std::string& out, std::string_view message) {
  for (char c : message.substr(0, kMostMessage)) {
    auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", u);
    } else {
      out += c;
    }
  }
  if (message.size() > kMostMessage) out += "…";
}

void append_text_field(std::string& out, const LogField& field) {
  out += ' ';
  out += field.label;
  if (!field.label.empty()) out += '=';
  if (field.is_number) {
    fmt::format_to(std::back_inserter(out), "{}", field.number);
  } else if (field.text.empty()) {
    out += '-';
  } else if (field.text.find(' ') != std::string_view::npos) {
    out += '"';
    out += printable(field.text);
    out += '"';
  } else {
    out += printable(field.text);
  }
}

void append_text_line(std::string& out, const LogLine& line) {
  append_timestamp(out);
  out += ' ';
  out += line.level == LogLevel::warn ? "warning" : to_text(line.level);
  out += ' ';
  append_message(out, line.message);
  if (line.fields.size() > 0) out += ':';
  for (const auto& field : line.fields) append_text_field(out, field);
  if (line.held_back > 0) {
    fmt::format_to(std::back_inserter(out), " ({} more like this since the last one)", line.held_back);
  }
  out += '\n';
}

void append_json_line(std::string& out, const LogLine& line) {
  out += R"({"ts":")";
  append_timestamp(out);
  out += '"';
  append_json_member(out, {"level", to_text(line.level)});
  append_json_member(out, {"msg", line.message}, kMostMessage);
  for (const auto& field : line.fields) append_json_member(out, field);
  if (line.held_back > 0) append_json_member(out, {"held_back", line.held_back});
  out += "}\n";
}

}  // namespace

const char* to_text(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "error";
    case LogLevel::warn: return "warn";
    case LogLevel::info: return "info";
    case LogLevel::debug: return "debug";
    case LogLevel::trace: return "trace";
  }
  return "info";
}

void append_timestamp(std::string& out) {
  using namespace std::chrono;
  thread_local std::int64_t known_second = -1;
  thread_local char known[32];
  thread_local std::size_t known_size = 0;
  auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  if (now / 1000 != known_second) {
    known_second = now / 1000;
    std::time_t time = known_second;
    std::tm utc{};
    ::gmtime_r(&time, &utc);
    known_size = std::strftime(known, sizeof known, "%Y-%m-%dT%H:%M:%S", &utc);
  }
  out.append(known, known_size);
  fmt::format_to(std::back_inserter(out), ".{:03}Z", now % 1000);
}

void append_json_text(std::string& out, std::string_view text, std::size_t limit) {
  std::size_t taken = 0;
  std::size_t size = 0;
  while (taken < text.size() && size + json_size(text[taken]) <= limit) size += json_size(text[taken++]);
  bool cut = taken < text.size();
  text = text.substr(0, taken);
  out += '"';
  if (size == taken) {  // nothing to escape
    out += text;
  } else {
    auto quoted = Json(std::string(text)).dump(-1, ' ', true, Json::error_handler_t::replace);
    out.append(quoted, 1, quoted.size() - 2);
  }
  if (cut) out += "\\u2026";
  out += '"';
}

void append_json_member(std::string& out, const LogField& field, std::size_t limit) {
  if (!field.is_number && field.text.empty()) return;
  out += ",\"";
  out += field.name;
  out += "\":";
  if (field.is_number) {
    fmt::format_to(std::back_inserter(out), "{}", field.number);
  } else {
    append_json_text(out, field.text, limit);
  }
}

void append_line(std::string& out, LogFormat format, const LogLine& line) {
  if (format == LogFormat::json) {
    append_json_line(out, line);
  } else {
    append_text_line(out, line);
  }
}

}  // namespace holdfast::base
