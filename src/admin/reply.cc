// SPDX-License-Identifier: Apache-2.0
#include "admin/reply.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "wire/uri.h"

namespace holdfast::admin {

Answer json_answer(int status, const base::Json& body) {
  // Names come from clients and origins, and need not be UTF-8.
  return {status, body.dump(-1, ' ', false, base::Json::error_handler_t::replace) + "\n", "application/json"};
}

Answer error_answer(int status, std::string_view what) {
  return json_answer(status, {{"error", what}});
}

Result<std::vector<std::pair<std::string, std::string>>> Request::query(
    const std::vector<std::string_view>& known) const {
  auto parameters = wire::query_parameters(wire::target_query(target));
  for (const auto& [parameter, value] : parameters) {
    if (std::find(known.begin(), known.end(), parameter) != known.end()) continue;
    return Error{fmt::format("unknown parameter '{}'; known are {}", base::printable(parameter, 64),
                             known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")))};
  }
  return parameters;
}

Result<std::size_t> parse_limit(std::string_view text) {
  auto number = base::parse_decimal(text);
  if (!number || *number < 1 || *number > kMostLimit) {
    return Error{fmt::format("limit must be a number from 1 to {}", kMostLimit)};
  }
  return static_cast<std::size_t>(*number);
}

}  // namespace holdfast::admin
