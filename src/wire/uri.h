// SPDX-License-Identifier: Apache-2.0
// Parts of request targets (RFC 3986): path, query parameters, percent-encoding.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::wire {

/// The target up to its query.
std::string_view target_path(std::string_view target);

/// The query without its question mark; empty when there is none.
std::string_view target_query(std::string_view target);

/// %HH decoded; a percent sign that starts no valid escape stays.
std::string percent_decode(std::string_view text);

/// name=value pairs of a query, decoded, '+' as space, in order.
std::vector<std::pair<std::string, std::string>> query_parameters(std::string_view query);

}  // namespace holdfast::wire
