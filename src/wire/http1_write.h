// SPDX-License-Identifier: Apache-2.0
// Heads of HTTP/1 messages, written from their parsed form: nothing that was received is copied as it stood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <holdfast/headers.h>

namespace holdfast::wire {

void append_status_line(std::string& out, int minor_version, int status, std::string_view reason);
void append_request_line(std::string& out, std::string_view method, std::string_view target);
void append_field(std::string& out, std::string_view name, std::string_view value);
void append_field(std::string& out, std::string_view name, std::uint64_t value);

inline void append_end_of_head(std::string& out) {
  out += "\r\n";
}

}  // namespace holdfast::wire
