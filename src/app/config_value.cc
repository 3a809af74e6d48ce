// SPDX-License-Identifier: Apache-2.0
#include "app/config_value.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"

namespace holdfast::app {
namespace {

using Texts = std::vector<std::string>;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>  // clang does not deduce for aggregates before its version 17
Overloaded(Handlers...)->Overloaded<Handlers...>;

std::string encode_text(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string range_text(const Range& range) {
  if (range.max == std::numeric_limits<std::int64_t>::max()) return fmt::format("{} or more", range.min);
  return fmt::format("{} to {}", range.min, range.max);
}

/// A value to show: the default where it says something, else one of the form that is asked for.
ConfigValue example_value(const KeySpec& spec) {
  const auto* form = std::get_if<Form>(&spec.constraint);
  std::string text(form ? form->example : "text");
  return std::visit(Overloaded{
                        [&](const std::string& value) -> ConfigValue { return value.empty() ? text : value; },
                        [&](const Texts& value) -> ConfigValue { return value.empty() ? Texts{text} : value; },
                        [](const std::vector<JwtKey>&) -> ConfigValue {
                          return std::vector<JwtKey>{{"realm", "base64:…"}};
                        },
                        [](const auto& value) -> ConfigValue { return value; },
                    },
                    spec.default_value());
}

std::string quote(const KeySpec& spec, std::string_view text) {
  return spec.secrecy == Secrecy::secret ? "the value" : fmt::format("'{}'", base::printable(text));
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

Result<void> check_text(const KeySpec& spec, const std::string& text) {
  if (has_control_character(text)) {
    return Error{quote(spec, text) + " holds a control character, perhaps a line break at its end; remove it"};
  }
  if (text.empty() && std::holds_alternative<NotEmpty>(spec.constraint)) {
    return Error{fmt::format("it is empty; write it as in {} = {}", spec.key, encode_toml(example_value(spec)))};
  }
  if (const auto* one_of = std::get_if<OneOf>(&spec.constraint)) {
    const auto& choices = one_of->choices;
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) return {};
    auto meant = base::nearest(base::to_lower(text), choices);
    auto hint = meant.empty() ? std::string() : fmt::format("; did you mean '{}'?", meant);
    return Error{fmt::format("{} is not one of {}{}", quote(spec, text), fmt::join(choices, ", "), hint)};
  }
  if (const auto* form = std::get_if<Form>(&spec.constraint)) {
    auto checked = form->check(text);
    if (checked) return {};
    return Error{fmt::format("{} is not {}: {}; write it as in {} = {}", quote(spec, text), form->what,
                             checked.error().what, spec.key, encode_toml(example_value(spec)))};
  }
  return {};
}

Result<void> check(const KeySpec& spec, const ConfigValue& value) {
  return std::visit(Overloaded{
                        [](bool) -> Result<void> { return {}; },
                        [&](std::int64_t number) -> Result<void> {
                          const auto* range = std::get_if<Range>(&spec.constraint);
                          if (!range || (number >= range->min && number <= range->max)) return {};
                          return Error{fmt::format("{} is out of range; give {}", number, range_text(*range))};
                        },
                        [&](const std::string& text) -> Result<void> {
                          // An empty address turns off what the key is about.
                          if (text.empty() && std::holds_alternative<Form>(spec.constraint)) return {};
                          return check_text(spec, text);
                        },
                        [&](const Texts& texts) -> Result<void> {
                          for (const auto& text : texts) {
                            if (auto checked = check_text(spec, text); !checked) return checked;
                          }
                          return {};
                        },
                        [&](const std::vector<JwtKey>& keys) -> Result<void> {
                          for (const auto& [iss, key] : keys) {
                            if (iss.empty() || key.empty()) return Error{"an entry has an empty iss or key"};
                            if (auto checked = check_text(spec, iss + key); !checked) return checked;
                          }
                          return {};
                        },
                    },
                    value);
}

std::string_view type_name(const ConfigValue& value) {
  static constexpr std::string_view kNames[] = {"true or false", "a whole number", "a text in quotes",
                                                "a list of texts", "a list of tables"};
  return kNames[value.index()];
}

std::optional<bool> parse_bool(std::string_view text) {
  for (auto yes : {"true", "yes", "1"}) {
    if (base::iequals(text, yes)) return true;
  }
  for (auto no : {"false", "no", "0"}) {
    if (base::iequals(text, no)) return false;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<ConfigValue> parse_config_value(const KeySpec& spec, std::string_view text) {
  auto wanted = spec.default_value();
  if (std::holds_alternative<bool>(wanted)) {
    auto value = parse_bool(base::trim(text));
    if (!value) return Error{fmt::format("{} is neither true nor false (yes, no, 1 and 0 do too)", quote(spec, text))};
    return ConfigValue(*value);
  }
  if (std::holds_alternative<std::int64_t>(wanted)) {
    auto value = parse_integer(base::trim(text));
    if (!value)
      return Error{fmt::format("{} is not a whole number; give one like {}", quote(spec, text), encode_toml(wanted))};
    return ConfigValue(*value);
  }
  if (std::holds_alternative<std::string>(wanted)) return ConfigValue(std::string(text));
  if (std::holds_alternative<Texts>(wanted)) {
    Texts texts;
    if (base::trim(text).empty()) return ConfigValue(std::move(texts));
    for (auto part : base::split(text, ',')) texts.emplace_back(part);
    return ConfigValue(std::move(texts));
  }
  return Error{fmt::format("can be set in the file only, as in {} = {}", spec.key, encode_toml(example_value(spec)))};
}

Result<ConfigValue> check_config_value(const KeySpec& spec, ConfigValue value) {
  // An empty credential is a mistake, perhaps a variable that was not set: dropped, it would leave the door open.
  if (auto* texts = std::get_if<Texts>(&value); texts && spec.secrecy == Secrecy::open) std::erase(*texts, "");
  if (auto checked = check(spec, value); !checked) return checked.error();
  return value;
}

Result<void> check_supported(const KeySpec& spec, const ConfigValue& value) {
  if (!spec.not_yet) return {};
  if (value == spec.default_value()) return {};
  const auto& [what, mend] = *spec.not_yet;
  auto what_to_do = mend.empty() ? "set it to " + encode_toml(spec.default_value()) : std::string(mend);
  return Error{fmt::format("{} not yet supported; {}", what, what_to_do)};
}

std::string expectation(const KeySpec& spec) {
  auto example = example_value(spec);
  return fmt::format("expected {}, as in {} = {}", type_name(example), spec.key, encode_toml(example));
}

std::string allowed_values(const KeySpec& spec) {
  if (const auto* range = std::get_if<Range>(&spec.constraint)) return range_text(*range);
  if (const auto* one_of = std::get_if<OneOf>(&spec.constraint))
    return fmt::format("`{}`", fmt::join(one_of->choices, "`, `"));
  return {};
}

std::string encode_toml(const ConfigValue& value) {
  return std::visit(Overloaded{
                        [](bool flag) -> std::string { return flag ? "true" : "false"; },
                        [](std::int64_t number) { return std::to_string(number); },
                        [](const std::string& text) { return encode_text(text); },
                        [](const Texts& texts) {
                          std::string out;
                          for (const auto& text : texts) out += (out.empty() ? "" : ", ") + encode_text(text);
                          return "[" + out + "]";
                        },
                        [](const std::vector<JwtKey>& keys) {
                          std::string out;
                          for (const auto& [iss, key] : keys) {
                            out += fmt::format("{}{{ iss = {}, key = {} }}", out.empty() ? "" : ", ", encode_text(iss),
                                               encode_text(key));
                          }
                          return "[" + out + "]";
                        },
                    },
                    value);
}

}  // namespace holdfast::app
