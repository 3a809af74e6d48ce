// SPDX-License-Identifier: Apache-2.0
// The body of POST /connections/close.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <holdfast/message.h>
#include <holdfast/result.h>

namespace holdfast::admin {

struct CloseRequest {
  std::map<std::string, std::string> meta;  ///< never empty
  MessageRef farewell;                      ///< null: there are no formats
};

/// Errors are for a 400.
Result<CloseRequest> parse_close_request(std::string_view json_body);

}  // namespace holdfast::admin
