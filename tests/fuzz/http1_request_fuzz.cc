// SPDX-License-Identifier: Apache-2.0
// Request heads: the same result however the bytes arrive, and nothing in it that could be read in two ways.
#include <algorithm>
#include <string>

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "wire/field_value.h"
#include "wire/http1_request.h"
#include "wire/http1_write.h"

namespace holdfast::wire {
namespace {

using State = RequestParser::State;

/// Everything about a result that its reader may rely on.
std::string describe(const RequestParser& parser) {
  const auto& request = parser.request();
  std::string text;
  for (auto part : {request.method, request.target, request.host}) text.append(part) += '\n';
  for (const auto& field : request.fields) text.append(field.name).append(": ").append(field.value) += '\n';
  for (std::uint64_t number :
       {std::uint64_t(request.minor_version), std::uint64_t(request.wants_upgrade), std::uint64_t(request.body_kind),
        request.body_size, std::uint64_t(parser.keep_alive()), std::uint64_t(parser.expects_continue())}) {
    text.append(std::to_string(number)) += ' ';
  }
  return text;
}

void check_request(const RequestView& request) {
  HF_ASSERT(valid_field_name(request.method));
  HF_ASSERT(request.target.starts_with('/') || (request.target == "*" && request.method == "OPTIONS"));
  HF_ASSERT(!fuzz::has_control(request.target) && request.target.find_first_of(" #") == std::string_view::npos);
  HF_ASSERT(valid_authority(request.host));
  bool has_length = false;
  bool has_coding = false;
  for (const auto& field : request.fields) {
    HF_ASSERT(valid_field_name(field.name) && valid_field_value(field.value));
    HF_ASSERT(base::trim(field.value) == field.value);
    has_length |= base::iequals(field.name, "Content-Length");
    has_coding |= base::iequals(field.name, "Transfer-Encoding");
  }
  HF_ASSERT(!(request.body_kind == BodyKind::sized && request.body_size == 0));
  HF_ASSERT((request.body_kind == BodyKind::streaming) == has_coding && !(has_coding && has_length));
  HF_ASSERT(request.body_kind != BodyKind::sized || has_length);
}

/// What is written from the parsed form reads the same: a proxy must not change what a request means.
void check_rewritten(const RequestParser& parser, RequestLimits limits) {
  const auto& request = parser.request();
  if (request.minor_version == 0) return;  // requests are passed on as HTTP/1.1, where Host is not optional
  std::string head;
  append_request_line(head, request.method, request.target);
  for (const auto& field : request.fields) append_field(head, field.name, field.value);
  append_end_of_head(head);
  // A space behind each colon may make it longer than what came in.
  limits.header_max_bytes = std::max(limits.header_max_bytes, head.size());
  RequestParser again;
  HeadScanner scanner;
  HF_ASSERT(again.parse(head, scanner, limits) == State::complete);
  HF_ASSERT(again.request().target == request.target && again.request().fields.size() == request.fields.size());
  HF_ASSERT(again.request().body_kind == request.body_kind && again.request().body_size == request.body_size);
  HF_ASSERT(again.keep_alive() == parser.keep_alive());
}

void check(std::string_view input, const RequestLimits& limits) {
  RequestParser whole;
  HeadScanner scanner;
  auto state = whole.parse(input, scanner, limits);

  RequestParser parts;
  HeadScanner parts_scanner;
  auto parts_state = State::incomplete;
  std::size_t arrived = 0;
  for (auto part : fuzz::cut(input)) {
    arrived += part.size();
    fuzz::ExactCopy so_far(input.substr(0, arrived));
    parts_state = parts.parse(so_far.view(), parts_scanner, limits);
    if (parts_state == State::complete) {
      HF_ASSERT(state == State::complete && parts.head_size() == whole.head_size());
      HF_ASSERT(describe(parts) == describe(whole));
    }
    if (parts_state != State::incomplete) break;
  }
  HF_ASSERT(input.empty() || parts_state == state);
  if (state == State::refused) {
    HF_ASSERT(whole.error().status >= 400 && whole.error().status <= 599 && *whole.error().what);
  }
  if (state == State::complete) {
    HF_ASSERT(whole.head_size() <= input.size() && whole.head_size() <= limits.header_max_bytes);
    HF_ASSERT(whole.request().fields.size() <= limits.header_max_count);
    check_request(whole.request());
    check_rewritten(whole, limits);
  }
}

}  // namespace
}  // namespace holdfast::wire

HF_FUZZ_TARGET(input) {
  holdfast::wire::check(input, {});
  holdfast::wire::check(input, {.header_max_bytes = 200, .header_max_count = 5, .target_max_bytes = 50});
}
