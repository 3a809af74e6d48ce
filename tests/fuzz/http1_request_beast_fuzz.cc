// SPDX-License-Identifier: Apache-2.0
// Request heads, read by us and by Boost.Beast: what we accept, Beast accepts too, and reads in the same way. (The
// reverse does not hold and need not: we are the stricter one.)
#include <limits>
#include <string>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "wire/field_value.h"
#include "wire/http1_request.h"

namespace holdfast::wire {
namespace {

namespace http = boost::beast::http;

/// Where we are right and Beast differs: RFC 9110 §2.5 takes a higher minor version of HTTP/1 as 1.1.
bool is_later_minor(std::string_view head) {
  auto version_end = head.find("\r\n");
  return head[version_end - 1] != '0' && head[version_end - 1] != '1';
}

/// Beast refuses a whole message for a connection option that is no token. We pass it over: the field is never passed
/// on, and no other recipient sees it.
bool has_odd_connection_option(Fields fields) {
  return std::any_of(fields.begin(), fields.end(), [](const Field& field) {
    if (!base::iequals(field.name, "Connection") && !base::iequals(field.name, "Proxy-Connection")) return false;
    auto options = base::split(field.value, ',');
    return !std::all_of(options.begin(), options.end(), valid_field_name);
  });
}

void check(std::string_view input) {
  RequestParser parser;
  HeadScanner scanner;
  RequestLimits limits{.header_max_bytes = 65536, .header_max_count = 1000, .target_max_bytes = 65536};
  if (parser.parse(input, scanner, limits) != RequestParser::State::complete) return;
  const auto& ours = parser.request();
  auto head = input.substr(0, parser.head_size());
  if (is_later_minor(head) || has_odd_connection_option(ours.fields)) return;

  http::request_parser<http::empty_body> beast;
  beast.header_limit(std::numeric_limits<std::uint32_t>::max());
  beast.body_limit(std::numeric_limits<std::uint64_t>::max());
  boost::beast::error_code error;
  auto consumed = beast.put(boost::asio::buffer(head.data(), head.size()), error);
  HF_ASSERT(!error && consumed == head.size() && beast.is_header_done());

  const auto& theirs = beast.get();
  HF_ASSERT(std::string_view(theirs.method_string()) == ours.method);
  // An absolute-form target has been taken apart by us.
  std::string_view target = theirs.target();
  HF_ASSERT(target == ours.target || target.ends_with(ours.target) ||
            (ours.target.starts_with('/') && target.ends_with(ours.target.substr(1))));
  HF_ASSERT(theirs.version() == static_cast<unsigned>(10 + ours.minor_version));
  HF_ASSERT(beast.keep_alive() == parser.keep_alive());
  HF_ASSERT(beast.chunked() == (ours.body_kind == BodyKind::streaming));
  HF_ASSERT(ours.body_kind != BodyKind::sized || (beast.content_length() && *beast.content_length() == ours.body_size));
  // Beast keeps fields of one name together.
  for (const auto& field : ours.fields) {
    auto range = theirs.equal_range(boost::beast::string_view(field.name.data(), field.name.size()));
    HF_ASSERT(std::any_of(range.first, range.second,
                          [&](const auto& f) { return std::string_view(f.value()) == field.value; }));
  }
  HF_ASSERT(static_cast<std::size_t>(std::distance(theirs.begin(), theirs.end())) == ours.fields.size());
}

}  // namespace
}  // namespace holdfast::wire

HF_FUZZ_TARGET(input) {
  holdfast::wire::check(input);
}
