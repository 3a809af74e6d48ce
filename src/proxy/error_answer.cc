// SPDX-License-Identifier: Apache-2.0
#include "proxy/error_answer.h"

#include <array>

#include "wire/status.h"

namespace holdfast::proxy {

void answer_error(Exchange& exchange, int status, std::string_view line) {
  static constexpr Field kType{"Content-Type", "text/plain"};
  const std::array<Slice, 2> body{Slice(line), Slice(std::string_view("\n"))};
  bool origin_failed = status == 502 || status == 504;
  exchange.set_close_reason(origin_failed ? CloseReason::origin_failed : CloseReason::refused);
  exchange.respond({.status = status,
                    .reason = wire::reason_phrase(status),
                    .fields = {&kType, 1},
                    .body_kind = BodyKind::sized,
                    .body_size = line.size() + 1},
                   body, End::yes);
}

}  // namespace holdfast::proxy
