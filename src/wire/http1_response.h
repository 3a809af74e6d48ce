// SPDX-License-Identifier: Apache-2.0
// Response heads of an origin, parsed as strictly as requests: a proxy must not pass on what it had to guess.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <holdfast/exchange.h>

#include "wire/http1_fields.h"
#include "wire/proxy_status.h"

namespace holdfast::wire {

struct ResponseView {
  int status = 0;
  std::string_view reason;
  Fields fields;
  int minor_version = 1;
  /// none, sized, or streaming: chunked or up to the end of the connection
  BodyKind body_kind = BodyKind::none;
  std::uint64_t body_size = 0;
  bool chunked = false;
  /// Content-Length as given, also where there is no body (HEAD, 304)
  bool has_length = false;
  std::uint64_t length = 0;
  bool keep_alive = false;  ///< of the connection, after this response
};

class ResponseParser {
 public:
  enum class State { incomplete, complete, refused };

  /// As RequestParser::parse. `head_request`: the answer belongs to a HEAD, so it has no body.
  enum class Method { head, other };
  State parse(std::string_view input, HeadScanner& scanner, std::size_t max_bytes, Method method);

  const ResponseView& response() const { return view_; }
  std::size_t head_size() const { return head_size_; }
  const char* error() const { return error_; }
  ProxyError error_type() const { return error_type_; }

 private:
  State refuse(ProxyError type, const char* what);
  HeadError parse_head(std::string_view head, Method method);
  HeadError frame(Method method);

  ResponseView view_;
  std::vector<Field> fields_;
  const char* error_ = "";
  ProxyError error_type_ = ProxyError::http_protocol_error;
  std::size_t head_size_ = 0;
};

}  // namespace holdfast::wire
