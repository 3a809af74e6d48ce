// SPDX-License-Identifier: Apache-2.0
// HTTP status codes: the standard reason phrases, and which codes may end an exchange.
#pragma once

#include <string_view>

namespace holdfast::wire {

/// The description that the IANA registry gives a code, in the words of RFC 9110; "Unknown" for codes that are not
/// registered. Never empty; a constant.
std::string_view reason_phrase(int code);

/// Whether a code from outside may be shown to a client as the final status: 200 to 599. Interim codes would leave
/// the client waiting, and RFC 9110 §15 has no others.
constexpr bool valid_final_status(int code) {
  return code >= 200 && code <= 599;
}

}  // namespace holdfast::wire
