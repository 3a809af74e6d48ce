// SPDX-License-Identifier: Apache-2.0
#include "grip/item_object.h"

#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

namespace holdfast::grip {
namespace {

using base::Json;

std::optional<std::int64_t> integer_in(std::string_view text) {
  text = base::trim(text);
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> to_integer(const Json& value) {
  constexpr double kExact = 9e15;  // up to here doubles hold every whole number
  switch (value.type()) {
    case Json::value_t::boolean: return value.get<bool>() ? 1 : 0;
    case Json::value_t::number_integer: return value.get<std::int64_t>();
    case Json::value_t::number_unsigned: {
      auto number = value.get<std::uint64_t>();
      if (number > INT64_MAX) return std::nullopt;
      return static_cast<std::int64_t>(number);
    }
    case Json::value_t::number_float: {
      auto number = std::trunc(value.get<double>());
      if (!(std::abs(number) <= kExact)) return std::nullopt;
      return static_cast<std::int64_t>(number);
    }
    case Json::value_t::string: return integer_in(value.get_ref<const std::string&>());
    default: return std::nullopt;
  }
}

}  // namespace

Error refused(std::string what) {
  return {std::move(what), 400};
}

const Json* ItemObject::find(const char* name) const {
  auto found = json_.find(name);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

Problem ItemObject::read_text(const char* name, std::optional<std::string>& value) const {
  const Json* member = find(name);
  if (!member) return {};
  if (!member->is_string()) return wrong_type(name, "a string");
  const auto& text = member->get_ref<const std::string&>();
  // The JSON parser has looked already; a tnetstring may hold any bytes.
  if (encoding_ == ItemEncoding::tnet && !base::valid_utf8(text)) return invalid_value(name, "it is not UTF-8");
  value = text;
  return {};
}

Problem ItemObject::read_integer(const char* name, std::optional<std::int64_t>& value) const {
  const Json* member = find(name);
  if (!member) return {};
  value = to_integer(*member);
  if (!value) return wrong_type(name, "a whole number");
  return {};
}

Problem ItemObject::read_content(const char* name, const char* bin_name, std::optional<Content>& value) const {
  const char* used = find(bin_name) ? bin_name : name;
  const Json* member = find(used);
  if (!member) return {};
  if (!member->is_string()) return wrong_type(used, "a string");
  const auto& text = member->get_ref<const std::string&>();
  if (text.size() > kMaxContentBytes) {
    return invalid_value(used, fmt::format("it is longer than {} bytes", kMaxContentBytes));
  }
  bool is_binary = used == bin_name;
  bool is_base64 = is_binary && encoding_ == ItemEncoding::json;
  value = Content{is_base64 ? base::decode_base64(text) : text, is_binary};
  return {};
}

Error ItemObject::wrong_type(std::string_view name, std::string_view needed) const {
  return refused(fmt::format("{} contains '{}' with wrong type: {} is needed", label_, name, needed));
}

Error ItemObject::invalid_value(std::string_view name, std::string_view why) const {
  return refused(fmt::format("{} contains '{}' with invalid value: {}", label_, name, why));
}

Error ItemObject::missing(std::string_view names) const {
  return refused(fmt::format("{} does not contain {}", label_, names));
}

Error ItemObject::error(std::string_view what) const {
  return refused(fmt::format("{}: {}", label_, what));
}

}  // namespace holdfast::grip
