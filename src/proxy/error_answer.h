// SPDX-License-Identifier: Apache-2.0
// Errors that the proxy answers itself: plain text of one line (grip-http §7).
#pragma once

#include <cstdint>
#include <string_view>

#include <holdfast/exchange.h>

namespace holdfast::proxy {

/// The whole response, the line's end included. Sets the close reason by the status.
void answer_error(Exchange& exchange, int status, std::string_view line);

/// 503, to be tried again after 1 to `retry_after_max_s` seconds: another number for each, so that they do not come
/// back together.
void answer_overloaded(Exchange& exchange, std::uint32_t retry_after_max_s, std::string_view line);

}  // namespace holdfast::proxy
