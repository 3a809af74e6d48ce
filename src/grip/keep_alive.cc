// SPDX-License-Identifier: Apache-2.0
#include "grip/keep_alive.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "grip/instruct_value.h"
#include "wire/field_value.h"

namespace holdfast::grip {
namespace {

Result<std::string> decode_content(std::string_view text, std::string_view format) {
  if (format == "cstring") return decode_cstring(text);
  Result<std::string> content;  // empty so far: a string does not convert, it could as well be the Error's text
  if (format == "raw") {
    *content = text;
  } else if (format == "base64") {
    *content = base::decode_base64(text);
  } else {
    return unusable(
        fmt::format("Grip-Keep-Alive: the format \"{}\" is none of raw, cstring and base64", base::printable(format)));
  }
  return content;
}

}  // namespace

Result<KeepAlive> parse_keep_alive(std::string_view value) {
  auto element = wire::parse_element(value);
  if (!element) {
    return unusable(fmt::format("Grip-Keep-Alive: a quoted parameter of \"{}\" is malformed", base::printable(value)));
  }
  KeepAlive keep_alive;
  if (const auto* mode = element->find("mode")) {
    auto parsed = parse_keep_alive_mode("Grip-Keep-Alive", mode->value);
    if (!parsed) return parsed.error();
    keep_alive.mode = *parsed;
  }
  if (const auto* timeout = element->find("timeout")) {
    auto seconds = parse_seconds("Grip-Keep-Alive: timeout", timeout->value);
    if (!seconds) return seconds.error();
    keep_alive.timeout_s = std::max(*seconds, 1);
  }
  const auto* format = element->find("format");
  auto content = decode_content(element->first, format ? std::string_view(format->value) : "raw");
  if (!content) return content.error();
  if (content->empty()) {
    return unusable(
        fmt::format("Grip-Keep-Alive: \"{}\" has no content before its parameters", base::printable(value)));
  }
  keep_alive.content = std::move(*content);
  return keep_alive;
}

Result<KeepAlive::Mode> parse_keep_alive_mode(std::string_view where, std::string_view text) {
  if (text == "idle") return KeepAlive::Mode::idle;
  if (text == "interval") return KeepAlive::Mode::interval;
  return unusable(fmt::format("{}: the mode \"{}\" is neither idle nor interval", where, base::printable(text)));
}

Result<std::string> decode_cstring(std::string_view text) {
  Result<std::string> content;
  std::string& out = *content;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size())
      return unusable("Grip-Keep-Alive: the cstring ends with a lone backslash; write \\\\ for one");
    switch (text[i]) {
      case '\\': out += '\\'; break;
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 'x': {
        auto digits = text.substr(i + 1, 2);
        auto byte = digits.size() == 2 ? base::decode_hex(digits) : std::nullopt;
        if (!byte) {
          return unusable(fmt::format("Grip-Keep-Alive: \"{}\" in the cstring is not \\x and two hexadecimal digits",
                                      base::printable(text.substr(i - 1, 4))));
        }
        out += *byte;
        i += 2;
        break;
      }
      default: break;  // the reference drops escapes that it does not know, and origins have got used to it
    }
  }
  return content;
}

}  // namespace holdfast::grip
