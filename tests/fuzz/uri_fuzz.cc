// SPDX-License-Identifier: Apache-2.0
// Request targets: path, query parameters, percent-encoding; and the authority in Host and absolute-form targets.
#include <string>

#include "fuzz/fuzz.h"
#include "wire/http1_request.h"
#include "wire/uri.h"

namespace holdfast::wire {
namespace {

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

void check_target(std::string_view input) {
  auto path = target_path(input);
  HF_ASSERT(path.find('?') == std::string_view::npos);
  if (path.size() != input.size()) HF_ASSERT(path.size() + 1 + target_query(input).size() == input.size());
  HF_ASSERT(percent_decode(input).size() <= input.size());
  HF_ASSERT(percent_decode(percent_encode(input)) == input);

  auto pair = percent_encode(input) + "=" + percent_encode(input);
  auto parameters = query_parameters(pair + "&&x=1+2&" + pair);
  HF_ASSERT(parameters.size() == 3 && parameters[1].second == "1 2");
  HF_ASSERT(parameters[0].first == input && parameters[2].second == input);
  std::size_t bytes = 0;
  for (const auto& [name, value] : query_parameters(input)) bytes += name.size() + value.size();
  HF_ASSERT(bytes <= input.size());
}

/// Whatever is a valid authority may stand in Host, and in a target, and means the same in both.
void check_authority(std::string_view input) {
  bool valid = valid_authority(input);
  if (valid) HF_ASSERT(!fuzz::has_control(input) && input.find_first_of(" /?#@\\\"<>") == std::string_view::npos);
  if (input.size() > 10000) return;
  for (bool in_target : {false, true}) {
    std::string head = in_target ? "GET http://" + std::string(input) + "/ HTTP/1.1\r\nHost: x\r\n\r\n"
                                 : "GET / HTTP/1.1\r\nHost: " + std::string(input) + "\r\n\r\n";
    RequestParser parser;
    HeadScanner scanner;
    bool accepted = parser.parse(head, scanner, {}) == RequestParser::State::complete && parser.request().host == input;
    HF_ASSERT(accepted == valid);
  }
}

}  // namespace
}  // namespace holdfast::wire

HF_FUZZ_TARGET(input) {
  holdfast::wire::check_target(input);
  holdfast::wire::check_authority(input);
}
