// SPDX-License-Identifier: Apache-2.0
// What a line of the log looks like, as text and as JSON. Whatever is in its parts, it stays one line.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace holdfast::base {

enum class LogLevel : std::uint8_t { error, warn, info, debug, trace };
enum class LogFormat : std::uint8_t { text, json };

/// One fact of a line: name=value in text, a member in JSON. Views, so it is good for the call that it is made for.
struct LogField {
  LogField(std::string_view its_name, std::string_view value) : name(its_name), label(its_name), text(value) {}
  template <std::integral Number>
  LogField(std::string_view its_name, Number value)
      : name(its_name), label(its_name), number(static_cast<std::int64_t>(value)), is_number(true) {}

  /// In text the value alone: of request lines, which are known by their look.
  static LogField bare(std::string_view name, std::string_view value) { return labelled(name, "", value); }
  /// Another name in text.
  static LogField labelled(std::string_view name, std::string_view label, std::string_view value) {
    LogField field(name, value);
    field.label = label;
    return field;
  }

  std::string_view name;   ///< of the JSON member
  std::string_view label;  ///< in text; empty: none
  std::string_view text;
  std::int64_t number = 0;
  bool is_number = false;
};
using LogFields = std::initializer_list<LogField>;

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string_view message;
  LogFields fields;
  std::int64_t held_back = 0;  ///< lines like this one that were not written since the last one
};

/// Appends the line with its end. Text: `<time> <level> <message>: <label>=<value> …`, where empty values are a dash
/// and those with a space are in quotes. JSON: one object in ASCII, members without a value left out.
void append_line(std::string& out, LogFormat format, const LogLine& line);

/// The time now, UTC with milliseconds: 2026-01-31T12:00:00.123Z
void append_timestamp(std::string& out);

/// Appends a JSON string with its quotes. What is not UTF-8 becomes U+FFFD, what is not ASCII an escape. At most
/// `limit` characters between the quotes.
void append_json_text(std::string& out, std::string_view text, std::size_t limit = 200);

/// Appends `,"name":value`, or nothing where the field has no value.
void append_json_member(std::string& out, const LogField& field, std::size_t limit = 200);

const char* to_text(LogLevel level);

}  // namespace holdfast::base
