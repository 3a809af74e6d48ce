// SPDX-License-Identifier: Apache-2.0
// Origins that live in this process: the routes file's `test` target, and the demo's.
#pragma once

#include <string>
#include <string_view>

#include <holdfast/exchange.h>
#include <holdfast/headers.h>

namespace holdfast::origin {

struct BuiltinRequest {
  std::string_view method;
  std::string_view target;  ///< with the route's path_beg taken off
  std::string_view body;
  Fields fields;
};

struct BuiltinResponse {
  int status = 200;
  HeaderList headers;
  std::string body;
};

/// Answers like an origin would: Grip-* headers in the answer are instructions. Called by all cores at once.
class BuiltinOrigin {
 public:
  virtual BuiltinResponse respond(const BuiltinRequest& request) = 0;

 protected:
  ~BuiltinOrigin() = default;
};

}  // namespace holdfast::origin
