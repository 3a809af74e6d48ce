// SPDX-License-Identifier: Apache-2.0
#include "grip/instruct_value.h"

#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "wire/field_value.h"
#include "wire/status.h"

namespace holdfast::grip {

Error unusable(std::string what) {
  return {std::move(what), 502};
}

Result<int> parse_seconds(std::string_view where, std::string_view text) {
  bool digits_alone = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits_alone) {
    return unusable(fmt::format("{}: \"{}\" is not a whole number of seconds from 0", where, base::printable(text)));
  }
  auto seconds = base::parse_decimal(text);
  if (!seconds || *seconds > static_cast<std::uint64_t>(kMaxSeconds)) {
    return unusable(fmt::format("{}: \"{}\" is more than {} seconds", where, base::printable(text), kMaxSeconds));
  }
  return static_cast<int>(*seconds);
}

Result<StatusLine> make_status_line(std::string_view where, std::int64_t code, std::string_view reason) {
  if (code < 0 || code > 999 || !wire::valid_final_status(static_cast<int>(code))) {
    return unusable(fmt::format("{}: {} is not a status code from 200 to 599", where, code));
  }
  if (!wire::valid_reason(reason)) {
    return unusable(fmt::format("{}: the reason \"{}\" has a control character", where, base::printable(reason)));
  }
  StatusLine status{static_cast<int>(code), std::string(base::trim(reason))};
  if (status.reason.empty()) status.reason = wire::reason_phrase(status.code);
  return status;
}

}  // namespace holdfast::grip
