// SPDX-License-Identifier: Apache-2.0
#include "proxy/error_answer.h"

#include <array>
#include <string>

#include "base/jitter.h"
#include "wire/status.h"

namespace holdfast::proxy {

namespace {

void answer(Exchange& exchange, int status, Fields fields, std::string_view line) {
  const std::array<Slice, 2> body{Slice(line), Slice(std::string_view("\n"))};
  exchange.respond({.status = status,
                    .reason = wire::reason_phrase(status),
                    .fields = fields,
                    .body_kind = BodyKind::sized,
                    .body_size = line.size() + 1},
                   body, End::yes);
}

constexpr Field kType{"Content-Type", "text/plain"};

}  // namespace

void answer_error(Exchange& exchange, int status, std::string_view line) {
  bool origin_failed = status == 502 || status == 504;
  exchange.set_close_reason(origin_failed ? CloseReason::origin_failed : CloseReason::refused);
  answer(exchange, status, {&kType, 1}, line);
}

void answer_overloaded(Exchange& exchange, std::uint32_t retry_after_max_s, std::string_view line) {
  auto seconds = std::to_string(base::retry_after_s(retry_after_max_s));
  const std::array<Field, 2> fields{kType, Field{"Retry-After", seconds}};
  exchange.set_close_reason(CloseReason::refused);
  answer(exchange, 503, fields, line);
}

}  // namespace holdfast::proxy
