// SPDX-License-Identifier: Apache-2.0
#include "proxy/error_answer.h"

#include <array>
#include <string>

#include "wire/status.h"

namespace holdfast::proxy {

void answer_error(Exchange& exchange, std::string_view proxy, const ErrorAnswer& answer) {
  auto proxy_status = wire::encode_proxy_status(proxy, answer.error, answer.details);
  auto retry_after = std::to_string(answer.retry_after_s);
  const std::array<Field, 3> fields{Field{"Content-Type", "text/plain"}, Field{"Proxy-Status", proxy_status},
                                    Field{"Retry-After", retry_after}};
  const std::array<Slice, 2> body{Slice(answer.line), Slice(std::string_view("\n"))};
  bool origin_failed = answer.status == 502 || answer.status == 504;
  exchange.set_close_reason(origin_failed ? CloseReason::origin_failed : CloseReason::refused);
  exchange.respond({.status = answer.status,
                    .reason = wire::reason_phrase(answer.status),
                    .fields = {fields.data(), answer.retry_after_s > 0 ? 3u : 2u},
                    .body_kind = BodyKind::sized,
                    .body_size = answer.line.size() + 1},
                   body, End::yes);
}

}  // namespace holdfast::proxy
