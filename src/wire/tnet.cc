// SPDX-License-Identifier: Apache-2.0
#include "wire/tnet.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "base/json.h"
#include "base/text.h"

namespace holdfast::wire {
namespace {

using base::Json;

/// Json converts to and from so much that Result cannot tell by itself whether it is given a value or an error.
Result<Json> good(Json value) {
  return std::move(value);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// One element taken apart. Offsets count from the start of the whole input, for errors.
struct Element {
  std::size_t start = 0;
  std::size_t payload_start = 0;
  std::size_t payload_end = 0;  ///< where the type stands
  char type = 0;

  std::size_t end() const { return payload_end + 1; }
};

class TnetParser {
 public:
  explicit TnetParser(std::string_view input) : input_(input) {}

  Result<Json> parse() const {
    auto element = take(0, input_.size());
    if (!element) return element.error();
    if (element->end() != input_.size()) {
      return error(element->end(), fmt::format("{} bytes follow the value", input_.size() - element->end()));
    }
    return value(*element, 0);
  }

 private:
  static Error error(std::size_t at, const std::string& what) {
    return {fmt::format("tnetstring: at byte {}: {}", at, what)};
  }

  std::string_view payload(const Element& element) const {
    return input_.substr(element.payload_start, element.payload_end - element.payload_start);
  }

  /// Takes the element apart that begins at `start` and must end by `limit`.
  Result<Element> take(std::size_t start, std::size_t limit) const;
  Result<Json> value(const Element& element, int depth) const;
  Result<Json> integer(const Element& element) const;
  Result<Json> floating(const Element& element) const;
  Result<Json> list(const Element& element, int depth) const;
  Result<Json> map(const Element& element, int depth) const;

  std::string_view input_;
};

Result<Element> TnetParser::take(std::size_t start, std::size_t limit) const {
  std::size_t length = 0;
  std::size_t at = start;
  for (; at < limit && is_digit(input_[at]); ++at) {
    if (at - start == kTnetMaxLengthDigits) {
      return error(start, fmt::format("the length has more than {} digits", kTnetMaxLengthDigits));
    }
    length = length * 10 + static_cast<std::size_t>(input_[at] - '0');
  }
  if (at == start && at == limit) return error(start, "nothing is left where a length is needed");
  if (at == start) {
    return error(start, fmt::format("\"{}\" where a length is needed", base::printable(input_.substr(at, 1))));
  }
  if (input_[start] == '0' && at - start > 1) return error(start, "the length has a leading zero");
  if (at == limit || input_[at] != ':') return error(start, "no ':' behind the length");

  Element element{start, at + 1, at + 1 + length, 0};
  if (element.payload_end >= limit) {
    return error(start, fmt::format("the length is {} bytes, with the type behind them, but {} are left", length,
                                    limit - element.payload_start));
  }
  element.type = input_[element.payload_end];
  return element;
}

Result<Json> TnetParser::value(const Element& element, int depth) const {
  auto bytes = payload(element);
  switch (element.type) {
    case ',': return good(std::string(bytes));
    case '#': return integer(element);
    case '^': return floating(element);
    case '!':
      if (bytes == "true") return good(true);
      if (bytes == "false") return good(false);
      return error(element.start, "a boolean is neither true nor false");
    case '~':
      if (bytes.empty()) return good(nullptr);
      return error(element.start, "a null has a payload");
    case ']':
    case '}':
      if (depth == kTnetMaxDepth) {
        return error(element.start, fmt::format("lists and maps are nested more than {} deep", kTnetMaxDepth));
      }
      return element.type == ']' ? list(element, depth + 1) : map(element, depth + 1);
    default:
      return error(element.start,
                   fmt::format("unknown type \"{}\"", base::printable(input_.substr(element.payload_end, 1))));
  }
}

Result<Json> TnetParser::integer(const Element& element) const {
  auto text = payload(element);
  const char* end = text.data() + text.size();
  std::int64_t number = 0;
  auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec == std::errc() && parsed.ptr == end) return good(number);
  std::uint64_t large = 0;
  parsed = std::from_chars(text.data(), end, large);
  if (parsed.ec == std::errc() && parsed.ptr == end) return good(large);
  return error(element.start, "an integer is not decimal digits, or is out of range");
}

Result<Json> TnetParser::floating(const Element& element) const {
  auto text = payload(element);
  const char* end = text.data() + text.size();
  double number = 0;
  auto parsed = std::from_chars(text.data(), end, number);
  // from_chars reads "inf" and "nan" too, which JSON cannot say.
  if (parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(number)) return good(number);
  return error(element.start, "a float is not a decimal number, or is out of range");
}

Result<Json> TnetParser::list(const Element& element, int depth) const {
  Json::array_t values;
  for (std::size_t at = element.payload_start; at < element.payload_end;) {
    auto next = take(at, element.payload_end);
    if (!next) return next.error();
    auto parsed = value(*next, depth);
    if (!parsed) return parsed;
    values.push_back(std::move(*parsed));
    at = next->end();
  }
  return good(std::move(values));
}

Result<Json> TnetParser::map(const Element& element, int depth) const {
  Json::object_t members;
  for (std::size_t at = element.payload_start; at < element.payload_end;) {
    auto key = take(at, element.payload_end);
    if (!key) return key.error();
    if (key->type != ',') return error(key->start, "the key of a map is not a byte string");
    if (key->end() == element.payload_end) return error(key->start, "the key of a map has no value behind it");
    auto next = take(key->end(), element.payload_end);
    if (!next) return next.error();
    auto parsed = value(*next, depth);
    if (!parsed) return parsed;
    members.insert_or_assign(std::string(payload(*key)), std::move(*parsed));
    at = next->end();
  }
  return good(std::move(members));
}

void append_element(std::string& out, std::string_view payload, char type) {
  out += fmt::format("{}:", payload.size());
  out += payload;
  out += type;
}

void append_value(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::string: append_element(out, value.get_ref<const std::string&>(), ','); break;
    case Json::value_t::boolean: append_element(out, value.get<bool>() ? "true" : "false", '!'); break;
    case Json::value_t::number_integer: append_element(out, fmt::format("{}", value.get<std::int64_t>()), '#'); break;
    case Json::value_t::number_unsigned: append_element(out, fmt::format("{}", value.get<std::uint64_t>()), '#'); break;
    case Json::value_t::number_float: {
      auto number = value.get<double>();
      if (std::isfinite(number)) {
        append_element(out, fmt::format("{}", number), '^');
      } else {
        append_element(out, "", '~');
      }
      break;
    }
    case Json::value_t::array: {
      std::string payload;
      for (const auto& element : value) append_value(payload, element);
      append_element(out, payload, ']');
      break;
    }
    case Json::value_t::object: {
      std::string payload;
      for (const auto& [key, member] : value.items()) {
        append_element(payload, key, ',');
        append_value(payload, member);
      }
      append_element(out, payload, '}');
      break;
    }
    case Json::value_t::binary: {
      const auto& bytes = value.get_binary();
      append_element(out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, ',');
      break;
    }
    case Json::value_t::null:
    case Json::value_t::discarded: append_element(out, "", '~'); break;
  }
}

}  // namespace

Result<base::Json> parse_tnet(std::string_view bytes) {
  return TnetParser(bytes).parse();
}

std::string encode_tnet(const base::Json& value) {
  std::string out;
  append_value(out, value);
  return out;
}

}  // namespace holdfast::wire
