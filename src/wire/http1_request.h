// SPDX-License-Identifier: Apache-2.0
// Request heads of HTTP/1.0 and 1.1, parsed strictly in one pass (RFC 9112 §3, §5–7).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/exchange.h>

#include "wire/http1_fields.h"

namespace holdfast::wire {

struct RequestLimits {
  std::size_t header_max_bytes = 65536;  ///< request line and fields together: 431
  std::size_t header_max_count = 100;    ///< 431
  std::size_t target_max_bytes = 16384;  ///< 414
};

/// Parses one head at a time; reusable, one for each core. The views of its result point into the input and into the
/// parser itself, and are valid until the next call.
class RequestParser {
 public:
  enum class State { incomplete, complete, refused };

  /// Looks at `input`, which begins at the head's first byte; `scanner` remembers what an earlier call has seen.
  State parse(std::string_view input, HeadScanner& scanner, const RequestLimits& limits);

  // After `complete`:
  const RequestView& request() const { return view_; }
  std::size_t head_size() const { return head_size_; }
  bool keep_alive() const { return keep_alive_; }
  bool expects_continue() const { return expects_continue_; }

  // After `refused`:
  const HeadError& error() const { return error_; }

 private:
  State refuse(HeadError error);
  HeadError parse_head(std::string_view head, const RequestLimits& limits);
  HeadError parse_line(std::string_view head, const char*& at, const RequestLimits& limits);
  HeadError parse_target(std::string_view target);
  HeadError read_host();
  HeadError read_expect();

  RequestView view_;
  std::vector<Field> fields_;
  std::string rebuilt_target_;  // of an absolute-form target without a path
  std::string_view target_authority_;
  HeadError error_;
  std::size_t head_size_ = 0;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
};

/// Whether this is host[:port] with a host that can be named in an http URI (RFC 3986 §3.2.2).
bool valid_authority(std::string_view authority);

}  // namespace holdfast::wire
