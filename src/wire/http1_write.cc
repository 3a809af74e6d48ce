// SPDX-License-Identifier: Apache-2.0
#include "wire/http1_write.h"

#include <charconv>

namespace holdfast::wire {

void append_status_line(std::string& out, int minor_version, int status, std::string_view reason) {
  out += minor_version == 0 ? "HTTP/1.0 " : "HTTP/1.1 ";
  const char digits[4] = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
                          static_cast<char>('0' + status % 10), ' '};
  out.append(digits, 4);
  out += reason;
  out += "\r\n";
}

void append_request_line(std::string& out, std::string_view method, std::string_view target) {
  out += method;
  out += ' ';
  out += target;
  out += " HTTP/1.1\r\n";
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void append_field(std::string& out, std::string_view name, std::uint64_t value) {
  char digits[20];
  auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  append_field(out, name, std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

}  // namespace holdfast::wire
