// SPDX-License-Identifier: Apache-2.0
// Lists and elements with parameters in header fields.
#include <string>

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "wire/field_value.h"
#include "wire/proxy_status.h"

namespace holdfast::wire {
namespace {

bool within(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// A quoted string (RFC 9110 §5.6.4) of any text.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

void check_list(std::string_view input) {
  std::string joined;
  auto elements = split_list(input);
  for (auto element : elements) {
    HF_ASSERT(!element.empty() && within(element, input) && base::trim(element) == element);
    joined.append(joined.empty() ? "" : ", ").append(element);
    if (!element.empty()) HF_ASSERT(list_has_token(input, element));
  }
  HF_ASSERT(split_list(joined) == elements);
}

void check_params(const Params& params, std::string_view input) {
  for (const auto& param : params) {
    HF_ASSERT(within(param.name, input) && base::trim(param.name) == param.name);
    HF_ASSERT(find_param(params, param.name) != nullptr);
  }
}

void check_element(std::string_view input) {
  if (auto params = parse_params(input)) check_params(*params, input);
  if (auto element = parse_element(input)) {
    HF_ASSERT(within(element->first, input) && base::trim(element->first) == element->first);
    HF_ASSERT(element->first.find(';') == std::string_view::npos);
    check_params(element->params, input);
  }
  // Any text can be carried in quotes.
  auto carried = "first; a=" + quoted(input) + " ; b=2";
  auto element = parse_element(carried);
  HF_ASSERT(element && element->first == "first" && element->params.size() == 2);
  HF_ASSERT(element->find("A")->value == input && element->find("b")->value == "2");
  HF_ASSERT(split_list(carried + ", next").size() == 2);
}

}  // namespace
}  // namespace holdfast::wire

HF_FUZZ_TARGET(input) {
  holdfast::wire::check_list(input);
  holdfast::wire::check_element(input);
  // Whatever a proxy is called, and whatever went wrong, it makes a legal field.
  HF_ASSERT(holdfast::wire::valid_field_value(
      holdfast::wire::encode_proxy_status(input, holdfast::wire::ProxyError::dns_error, input)));
  if (holdfast::wire::valid_field_name(input)) HF_ASSERT(holdfast::wire::valid_field_value(input));
}
