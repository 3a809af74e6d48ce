// SPDX-License-Identifier: Apache-2.0
// Response heads of an origin: the same result however the bytes arrive, and framing that is never ambiguous.
#include <string>

#include "fuzz/fuzz.h"
#include "wire/field_value.h"
#include "wire/http1_response.h"

namespace holdfast::wire {
namespace {

using State = ResponseParser::State;

std::string describe(const ResponseView& response) {
  std::string text(response.reason);
  for (const auto& field : response.fields) text.append(field.name).append(": ").append(field.value) += '\n';
  for (std::uint64_t number :
       {std::uint64_t(response.status), std::uint64_t(response.minor_version), std::uint64_t(response.body_kind),
        response.body_size, std::uint64_t(response.chunked), std::uint64_t(response.has_length), response.length,
        std::uint64_t(response.keep_alive)}) {
    text.append(std::to_string(number)) += ' ';
  }
  return text;
}

void check_response(const ResponseView& response, ResponseParser::Method method) {
  HF_ASSERT(response.status >= 100 && response.status <= 599);
  HF_ASSERT(valid_reason(response.reason));
  for (const auto& field : response.fields) HF_ASSERT(valid_field_name(field.name) && valid_field_value(field.value));
  bool no_body = method == ResponseParser::Method::head || response.status < 200 || response.status == 204 ||
                 response.status == 304;
  HF_ASSERT(!no_body || response.body_kind == BodyKind::none);
  HF_ASSERT(!response.chunked || (response.body_kind == BodyKind::streaming && !response.has_length));
  HF_ASSERT((response.body_kind == BodyKind::sized) == (response.body_size > 0));
  // A body that ends with the connection cannot leave it open.
  HF_ASSERT(response.body_kind != BodyKind::streaming || response.chunked || !response.keep_alive);
}

void check(std::string_view input, std::size_t max_bytes, ResponseParser::Method method) {
  ResponseParser whole;
  HeadScanner scanner;
  auto state = whole.parse(input, scanner, max_bytes, method);

  ResponseParser parts;
  HeadScanner parts_scanner;
  auto parts_state = State::incomplete;
  std::size_t arrived = 0;
  for (auto part : fuzz::cut(input)) {
    arrived += part.size();
    fuzz::ExactCopy so_far(input.substr(0, arrived));
    parts_state = parts.parse(so_far.view(), parts_scanner, max_bytes, method);
    if (parts_state == State::complete) {
      HF_ASSERT(state == State::complete && parts.head_size() == whole.head_size());
      HF_ASSERT(describe(parts.response()) == describe(whole.response()));
    }
    if (parts_state != State::incomplete) break;
  }
  HF_ASSERT(input.empty() || parts_state == state);
  if (state == State::refused) HF_ASSERT(*whole.error());
  if (state == State::complete) {
    HF_ASSERT(whole.head_size() <= input.size() && whole.head_size() <= max_bytes);
    check_response(whole.response(), method);
  }
}

}  // namespace
}  // namespace holdfast::wire

HF_FUZZ_TARGET(input) {
  using holdfast::wire::ResponseParser;
  holdfast::wire::check(input, 65536, ResponseParser::Method::other);
  holdfast::wire::check(input, 65536, ResponseParser::Method::head);
  holdfast::wire::check(input, 100, ResponseParser::Method::other);
}
