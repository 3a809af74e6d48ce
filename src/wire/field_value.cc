// SPDX-License-Identifier: Apache-2.0
#include "wire/field_value.h"

#include <algorithm>

#include "base/text.h"
#include "wire/http1_fields.h"

namespace holdfast::wire {
namespace {

/// HTAB, SP, VCHAR or obs-text.
bool is_text_char(char c) {
  auto u = static_cast<unsigned char>(c);
  return (u >= 0x20 && u != 0x7f) || c == '\t';
}

/// Where the comma stands that ends the first element; `list.size()` when none does.
std::size_t find_list_comma(std::string_view list) {
  bool quoted = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    char c = list[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\' && quoted) {
      ++i;
    } else if (c == ',' && !quoted) {
      return i;
    }
  }
  return list.size();
}

/// Reads a quoted string, whose opening quote is the first character, off the front of `rest`; false when it is never
/// closed.
bool take_quoted(std::string_view& rest, std::string& value) {
  for (std::size_t i = 1; i < rest.size(); ++i) {
    char c = rest[i];
    if (c == '"') {
      rest.remove_prefix(i + 1);
      return true;
    }
    if (c == '\\' && ++i == rest.size()) return false;
    value += rest[i];
  }
  return false;
}

/// Reads a parameter's value and the `;` behind it off the front of `rest`; false when it is malformed.
bool take_param_value(std::string_view& rest, std::string& value) {
  rest = base::trim(rest);
  bool quoted = rest.starts_with('"');
  if (quoted && !take_quoted(rest, value)) return false;
  auto semicolon = rest.find(';');
  auto plain = base::trim(rest.substr(0, semicolon));
  rest.remove_prefix(semicolon == std::string_view::npos ? rest.size() : semicolon + 1);
  if (quoted) return plain.empty();
  value = plain;
  return true;
}

}  // namespace

std::string_view take_list_element(std::string_view& rest) {
  auto end = find_list_comma(rest);
  auto element = base::trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return element;
}

std::vector<std::string_view> split_list(std::string_view list) {
  std::vector<std::string_view> elements;
  while (!list.empty()) {
    auto element = take_list_element(list);
    if (!element.empty()) elements.push_back(element);
  }
  return elements;
}

bool list_has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    auto element = take_list_element(list);
    if (!element.empty() && base::iequals(element, token)) return true;
  }
  return false;
}

const Param* find_param(const Params& params, std::string_view name) {
  auto found =
      std::find_if(params.begin(), params.end(), [name](const Param& p) { return base::iequals(p.name, name); });
  return found == params.end() ? nullptr : &*found;
}

std::optional<Params> parse_params(std::string_view text) {
  Params params;
  while (!text.empty()) {
    auto end = text.find_first_of("=;");
    Param param{base::trim(text.substr(0, end)), {}};
    bool has_value = end != std::string_view::npos && text[end] == '=';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (has_value && !take_param_value(text, param.value)) return std::nullopt;
    if (has_value || !param.name.empty()) params.push_back(std::move(param));
  }
  return params;
}

std::optional<Element> parse_element(std::string_view text) {
  auto semicolon = text.find(';');
  Element element{base::trim(text.substr(0, semicolon)), {}};
  if (semicolon == std::string_view::npos) return element;
  auto params = parse_params(text.substr(semicolon + 1));
  if (!params) return std::nullopt;
  element.params = std::move(*params);
  return element;
}

bool valid_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_token_char);
}

bool valid_field_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), is_text_char);
}

bool valid_reason(std::string_view reason) {
  return valid_field_value(reason);
}

}  // namespace holdfast::wire
