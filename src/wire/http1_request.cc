// SPDX-License-Identifier: Apache-2.0
#include "wire/http1_request.h"

#include <algorithm>

#include "base/text.h"
#include "wire/field_id.h"

namespace holdfast::wire {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alpha(char c) {
  return base::lower(c) >= 'a' && base::lower(c) <= 'z';
}

bool is_host_char(char c) {
  return is_alpha(c) || is_digit(c) || std::string_view("-._~!$&'()*+,;=%").find(c) != std::string_view::npos;
}

bool is_ip_literal_char(char c) {
  return is_digit(c) || (base::lower(c) >= 'a' && base::lower(c) <= 'f') || c == ':' || c == '.';
}

/// Visible ASCII without '#': a fragment is never sent.
bool is_target_char(char c) {
  return c > 0x20 && c < 0x7f && c != '#';
}

}  // namespace

bool valid_authority(std::string_view authority) {
  std::size_t host_end = 0;
  if (authority.starts_with('[')) {
    auto close = authority.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    auto literal = authority.substr(1, close - 1);
    if (!std::all_of(literal.begin(), literal.end(), is_ip_literal_char)) return false;
    host_end = close + 1;
  } else {
    while (host_end < authority.size() && is_host_char(authority[host_end])) ++host_end;
    if (host_end == 0) return false;
  }
  if (host_end == authority.size()) return true;
  if (authority[host_end] != ':') return false;
  auto port = authority.substr(host_end + 1);
  if (port.empty()) return true;
  auto number = base::parse_decimal(port);
  return port.size() <= 5 && number && *number <= 65535;
}

RequestParser::State RequestParser::refuse(HeadError error) {
  error_ = error;
  return State::refused;
}

RequestParser::State RequestParser::parse(std::string_view input, HeadScanner& scanner, const RequestLimits& limits) {
  if (!input.empty() && !is_token_char(input.front())) {
    return refuse({400, input.front() == 0x16 ? "this port speaks HTTP, not TLS" : "malformed request line"});
  }
  switch (scanner.scan(input)) {
    case HeadScanner::State::bare_lf: return refuse({400, "a line ends with LF alone"});
    case HeadScanner::State::incomplete:
      if (input.size() <= limits.header_max_bytes) return State::incomplete;
      if (!scanner.has_first_line()) return refuse({414, "the request target is over target_max_bytes"});
      return refuse({431, "the request header is over header_max_bytes"});
    case HeadScanner::State::complete: break;
  }
  head_size_ = scanner.head_size();
  if (auto error = parse_head(input.substr(0, head_size_), limits)) return refuse(error);
  return State::complete;
}

HeadError RequestParser::parse_head(std::string_view head, const RequestLimits& limits) {
  view_ = {};
  fields_.clear();
  target_authority_ = {};
  expects_continue_ = false;
  const char* at = head.data();
  if (auto error = parse_line(head, at, limits)) return error;
  if (head.size() > limits.header_max_bytes) return {431, "the request header is over header_max_bytes"};
  if (auto error = parse_fields(at, head.data() + head.size(), limits.header_max_count, fields_)) return error;

  Framing framing;
  if (auto error = read_framing(fields_, framing)) return error;
  if (framing.has_coding && view_.minor_version == 0) return {400, "Transfer-Encoding in HTTP/1.0"};
  view_.body_kind = framing.body_kind;
  view_.body_size = framing.body_size;
  if (view_.body_kind == BodyKind::sized && view_.body_size == 0) view_.body_kind = BodyKind::none;
  keep_alive_ = !framing.connection_close && (view_.minor_version == 1 || framing.connection_keep_alive);
  view_.wants_upgrade =
      framing.connection_upgrade && view_.minor_version == 1 &&
      std::any_of(fields_.begin(), fields_.end(), [](const Field& f) { return field_id(f.name) == FieldId::upgrade; });
  if (auto error = read_host()) return error;
  if (auto error = read_expect()) return error;
  view_.fields = fields_;
  return {};
}

HeadError RequestParser::parse_line(std::string_view head, const char*& at, const RequestLimits& limits) {
  const char* end = head.data() + head.size();
  const char* method = at;
  at = skip_token(at, end);
  view_.method = {method, static_cast<std::size_t>(at - method)};
  if (*at != ' ') return {400, "malformed request line"};
  if (view_.method.size() > 64) return {400, "the request method is longer than 64 characters"};
  const char* target = ++at;
  while (is_target_char(*at)) ++at;
  std::string_view text(target, static_cast<std::size_t>(at - target));
  if (text.size() > limits.target_max_bytes) return {414, "the request target is over target_max_bytes"};
  if (text.empty()) return {400, "malformed request line"};
  if (*at != ' ') return {400, *at == '\r' ? "malformed request line" : "illegal character in the request target"};
  ++at;
  std::string_view version(at, static_cast<std::size_t>(end - at));
  if (version.size() < 10 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7]) || version[8] != '\r' || version[9] != '\n') {
    return {400, "malformed request line"};
  }
  if (version[5] != '1') return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
  view_.minor_version = version[7] == '0' ? 0 : 1;
  at += 10;
  return parse_target(text);
}

HeadError RequestParser::parse_target(std::string_view target) {
  view_.target = target;
  if (view_.method == "CONNECT") return {501, "CONNECT is not supported"};
  if (target.front() == '/') return {};
  if (target == "*") return view_.method == "OPTIONS" ? HeadError{} : HeadError{400, "the target * needs OPTIONS"};
  std::size_t scheme = base::istarts_with(target, "http://") ? 7 : base::istarts_with(target, "https://") ? 8 : 0;
  if (scheme == 0) return {400, "the request target is neither a path nor an http URI"};
  auto rest = target.substr(scheme);
  auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
  target_authority_ = rest.substr(0, authority_end);
  if (!valid_authority(target_authority_)) return {400, "invalid host in the request target"};
  view_.target = rest.substr(authority_end);
  if (view_.target.empty() && view_.method == "OPTIONS") {
    view_.target = "*";  // RFC 9112 §3.2.4: asked of the server as a whole
    return {};
  }
  if (!view_.target.starts_with('/')) {
    rebuilt_target_ = '/';
    rebuilt_target_ += view_.target;
    view_.target = rebuilt_target_;
  }
  return {};
}

HeadError RequestParser::read_host() {
  const Field* host = nullptr;
  for (const auto& field : fields_) {
    if (field_id(field.name) != FieldId::host) continue;
    if (host) return {400, "more than one Host field"};
    host = &field;
  }
  if (!host) {
    if (view_.minor_version == 1) return {400, "no Host field"};
    view_.host = target_authority_.empty() ? "localhost" : target_authority_;
    return {};
  }
  if (!valid_authority(host->value)) return {400, "invalid Host field"};
  view_.host = target_authority_.empty() ? host->value : target_authority_;
  return {};
}

HeadError RequestParser::read_expect() {
  for (const auto& field : fields_) {
    if (field_id(field.name) != FieldId::expect) continue;
    if (!base::iequals(field.value, "100-continue")) return {417, "the only expectation known is 100-continue"};
    // RFC 9110 §10.1.1: ignored in HTTP/1.0, and without a body there is nothing to wait for
    expects_continue_ = view_.minor_version == 1 && view_.body_kind != BodyKind::none;
  }
  return {};
}

}  // namespace holdfast::wire
