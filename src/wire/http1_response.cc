// SPDX-License-Identifier: Apache-2.0
#include "wire/http1_response.h"

#include <algorithm>
#include <string_view>

namespace holdfast::wire {
namespace {

constexpr std::string_view kProtocol = "HTTP/1.";
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

ResponseParser::State ResponseParser::refuse(ProxyError type, const char* what) {
  error_type_ = type;
  error_ = what;
  return State::refused;
}

ResponseParser::State ResponseParser::parse(std::string_view input, HeadScanner& scanner, std::size_t max_bytes,
                                            Method method) {
  // What is not HTTP at all is told apart at once, not at a time-out.
  auto seen = input.substr(0, kProtocol.size());
  if (seen != kProtocol.substr(0, seen.size()))
    return refuse(ProxyError::http_protocol_error, "the answer is not HTTP/1");
  switch (scanner.scan(input)) {
    case HeadScanner::State::bare_lf:
      return refuse(ProxyError::http_protocol_error, "a line of the header ends with LF alone");
    case HeadScanner::State::incomplete:
      if (input.size() <= max_bytes) return State::incomplete;
      return refuse(ProxyError::http_response_header_section_size, "the header is over proxy.origin_header_max_bytes");
    case HeadScanner::State::complete: break;
  }
  head_size_ = scanner.head_size();
  if (head_size_ > max_bytes)
    return refuse(ProxyError::http_response_header_section_size, "the header is over proxy.origin_header_max_bytes");
  if (auto error = parse_head(input.substr(0, head_size_), method)) {
    // As a server we would answer this with a 501.
    bool coding = error.status == 501;
    return refuse(coding ? ProxyError::http_response_transfer_coding : ProxyError::http_protocol_error, error.what);
  }
  return State::complete;
}

HeadError ResponseParser::parse_head(std::string_view head, Method method) {
  view_ = {};
  fields_.clear();
  // "HTTP/1.x SP 3DIGIT SP reason CRLF"; the second space may be missing where there is no reason
  if (head.size() < 14 || !is_digit(head[7]) || head[8] != ' ' || !is_digit(head[9]) || !is_digit(head[10]) ||
      !is_digit(head[11]) || (head[12] != ' ' && head[12] != '\r')) {
    return {502, "malformed status line"};
  }
  view_.minor_version = head[7] == '0' ? 0 : 1;
  view_.status = (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
  if (view_.status < 100 || view_.status > 599) return {502, "the status code is not in 100-599"};
  auto line_end = head.find("\r\n");
  auto reason_start = std::min<std::size_t>(head[12] == ' ' ? 13 : 12, line_end);
  view_.reason = head.substr(reason_start, line_end - reason_start);
  for (char c : view_.reason) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) {
      return {502, "control character in the status line"};
    }
  }
  if (auto error = parse_fields(head.data() + line_end + 2, head.data() + head.size(), SIZE_MAX, fields_)) return error;
  view_.fields = fields_;
  return frame(method);
}

HeadError ResponseParser::frame(Method method) {
  Framing framing;
  if (auto error = read_framing(fields_, framing)) return error;
  if (framing.has_coding && view_.minor_version == 0) return {502, "Transfer-Encoding in HTTP/1.0"};
  view_.has_length = framing.has_length;
  view_.length = framing.body_size;
  view_.keep_alive = !framing.connection_close && (view_.minor_version == 1 || framing.connection_keep_alive);
  bool no_body = method == Method::head || view_.status < 200 || view_.status == 204 || view_.status == 304;
  if (no_body) return {};
  if (framing.chunked) {
    view_.body_kind = BodyKind::streaming;
    view_.chunked = true;
  } else if (framing.has_length) {
    view_.body_kind = view_.length ? BodyKind::sized : BodyKind::none;
    view_.body_size = view_.length;
  } else {
    view_.body_kind = BodyKind::streaming;  // ends with the connection
    view_.keep_alive = false;
  }
  return {};
}

}  // namespace holdfast::wire
