// SPDX-License-Identifier: Apache-2.0
#include "grip/instruct_document.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "base/json.h"
#include "base/text.h"
#include "grip/instruct_value.h"
#include "grip/keep_alive.h"
#include "wire/field_id.h"
#include "wire/field_value.h"

namespace holdfast::grip {
namespace {

using base::Json;

/// Where no member of this name is: null.
const Json* member(const Json& object, std::string_view name) {
  auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

/// JSON-4: numbers lose their fraction, numeric strings and booleans count. Nothing for the rest and for what does
/// not fit.
std::optional<std::int64_t> to_integer(const Json& value) {
  constexpr double kLimit = 9e15;  // doubles are exact up to here
  switch (value.type()) {
    case Json::value_t::boolean: return value.get<bool>() ? 1 : 0;
    case Json::value_t::number_integer: return value.get<std::int64_t>();
    case Json::value_t::number_unsigned: {
      auto number = value.get<std::uint64_t>();
      return number <= INT64_MAX ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
    }
    case Json::value_t::number_float: {
      double number = value.get<double>();
      return std::abs(number) <= kLimit ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
    }
    case Json::value_t::string: {
      auto text = base::trim(value.get_ref<const std::string&>());
      std::int64_t number = 0;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
    }
    default: return std::nullopt;
  }
}

/// Reads a document into an Instruct. Its functions return false after the first error, which error() then holds;
/// `path` says where in the document a value stands.
class DocumentReader {
 public:
  explicit DocumentReader(Instruct& out) : out_(out) {}

  bool read(const Json& document);
  Error& error() { return error_; }

 private:
  bool read_hold(const Json& hold);
  bool read_mode(const Json& hold);
  bool read_channels(const Json& hold);
  bool read_channel(const Json& value, const std::string& path);
  bool read_filters(const Json& value, const std::string& path, ChannelSpec& channel);
  bool read_keep_alive(const Json& value);
  bool read_meta(const Json& value);
  bool read_response(const Json& value);
  bool read_status(const Json* response);
  bool read_headers(const Json& value);
  bool add_header(const Json& name, const Json& value, const std::string& path);

  bool read_text(const Json& object, const std::string& path, const char* name, std::optional<std::string>& text);
  bool read_bytes(const Json& object, const std::string& path, const char* name, std::optional<std::string>& bytes);
  bool read_seconds(const Json& value, const char* path, int& seconds);

  bool fail(std::string what) {
    error_ = unusable(std::move(what));
    return false;
  }

  Instruct& out_;
  Error error_;
};

/// An optional string; null counts as absent (JSON-3).
bool DocumentReader::read_text(const Json& object, const std::string& path, const char* name,
                               std::optional<std::string>& text) {
  const Json* value = member(object, name);
  if (!value || value->is_null()) return true;
  if (!value->is_string()) return fail(fmt::format("{}.{} is not a string", path, name));
  text = value->get_ref<const std::string&>();
  return true;
}

/// An optional string, or base64 in the member with "-bin" behind its name, which wins (JSON-5).
bool DocumentReader::read_bytes(const Json& object, const std::string& path, const char* name,
                                std::optional<std::string>& bytes) {
  if (!read_text(object, path, fmt::format("{}-bin", name).c_str(), bytes)) return false;
  if (!bytes) return read_text(object, path, name, bytes);
  bytes = base::decode_base64(*bytes);
  return true;
}

bool DocumentReader::read_seconds(const Json& value, const char* path, int& seconds) {
  auto number = to_integer(value);
  if (!number || *number < 0 || *number > kMaxSeconds) {
    return fail(fmt::format("{} is not a whole number of seconds from 0 to {}", path, kMaxSeconds));
  }
  seconds = static_cast<int>(*number);
  return true;
}

bool DocumentReader::read(const Json& document) {
  if (!document.is_object()) return fail("the grip-instruct document is not a JSON object");
  const Json* hold = member(document, "hold");
  if (hold && !read_hold(*hold)) return false;
  out_.response.emplace();
  const Json* response = member(document, "response");
  return (!response || read_response(*response)) && read_status(response);
}

bool DocumentReader::read_hold(const Json& hold) {
  if (!hold.is_object()) return fail("hold is not an object");
  if (!read_mode(hold) || !read_channels(hold)) return false;
  const Json* timeout = member(hold, "timeout");
  if (timeout && !read_seconds(*timeout, "hold.timeout", out_.timeout_s)) return false;
  const Json* keep_alive = member(hold, "keep-alive");
  if (keep_alive && !read_keep_alive(*keep_alive)) return false;
  const Json* meta = member(hold, "meta");
  return !meta || read_meta(*meta);
}

bool DocumentReader::read_mode(const Json& hold) {
  std::optional<std::string> mode;
  if (!read_text(hold, "hold", "mode", mode)) return false;
  if (!mode) {
    if (out_.hold == HoldMode::none) out_.hold = HoldMode::response;
  } else if (*mode == "response") {
    out_.hold = HoldMode::response;
  } else if (*mode == "stream") {
    out_.hold = HoldMode::stream;
  } else {
    return fail(fmt::format("hold.mode: \"{}\" is neither response nor stream", base::printable(*mode)));
  }
  return true;
}

bool DocumentReader::read_channels(const Json& hold) {
  const Json* channels = member(hold, "channels");
  if (!channels) return fail("hold.channels is missing");
  if (!channels->is_array()) return fail("hold.channels is not a list");
  for (std::size_t i = 0; i < channels->size(); ++i) {
    if (!read_channel((*channels)[i], fmt::format("hold.channels[{}]", i))) return false;
  }
  return true;
}

bool DocumentReader::read_channel(const Json& value, const std::string& path) {
  if (!value.is_object()) return fail(fmt::format("{} is not an object", path));
  const Json* name = member(value, "name");
  if (!name) return fail(fmt::format("{}.name is missing", path));
  if (!name->is_string()) return fail(fmt::format("{}.name is not a string", path));
  ChannelSpec channel;
  channel.name = name->get_ref<const std::string&>();
  if (channel.name.empty()) return fail(fmt::format("{}.name is empty", path));
  if (!read_text(value, path, "prev-id", channel.prev_id)) return false;
  if (channel.prev_id && channel.prev_id->empty()) channel.prev_id.reset();  // as in Grip-Channel
  const Json* filters = member(value, "filters");
  if (filters && !read_filters(*filters, path + ".filters", channel)) return false;
  out_.channels.push_back(std::move(channel));
  return true;
}

bool DocumentReader::read_filters(const Json& value, const std::string& path, ChannelSpec& channel) {
  if (!value.is_array()) return fail(fmt::format("{} is not a list", path));
  if (value.size() > kMaxFilters) {
    return fail(fmt::format("{} has {} elements, {} are allowed", path, value.size(), kMaxFilters));
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!value[i].is_string()) return fail(fmt::format("{}[{}] is not a string", path, i));
    channel.filters.push_back(value[i].get_ref<const std::string&>());
  }
  return true;
}

bool DocumentReader::read_keep_alive(const Json& value) {
  static const std::string path = "hold.keep-alive";
  if (!value.is_object()) return fail(path + " is not an object");
  KeepAlive keep_alive;
  keep_alive.mode = KeepAlive::Mode::interval;  // JSON-9
  std::optional<std::string> mode;
  if (!read_text(value, path, "mode", mode)) return false;
  if (mode) {
    auto parsed = parse_keep_alive_mode("hold.keep-alive.mode", *mode);
    if (!parsed) return fail(parsed.error().what);
    keep_alive.mode = *parsed;
  }
  std::optional<std::string> content;
  if (!read_bytes(value, path, "content", content)) return false;
  if (!content) return fail(path + " has neither content nor content-bin");
  if (content->empty()) return fail(path + ".content is empty");
  keep_alive.content = std::move(*content);
  const Json* timeout = member(value, "timeout");
  if (timeout && !read_seconds(*timeout, "hold.keep-alive.timeout", keep_alive.timeout_s)) return false;
  keep_alive.timeout_s = std::max(keep_alive.timeout_s, 1);
  out_.keep_alive = std::move(keep_alive);
  return true;
}

bool DocumentReader::read_meta(const Json& value) {
  if (!value.is_object()) return fail("hold.meta is not an object");
  for (const auto& [name, text] : value.items()) {
    if (name.empty()) return fail("hold.meta has a member with an empty name");
    if (text.is_null()) continue;
    if (!text.is_string()) return fail(fmt::format("hold.meta[\"{}\"] is not a string", base::printable(name)));
    out_.meta.insert_or_assign(name, text.get_ref<const std::string&>());
  }
  return true;
}

bool DocumentReader::read_response(const Json& value) {
  if (!value.is_object()) return fail("response is not an object");
  const Json* headers = member(value, "headers");
  if (headers && !read_headers(*headers)) return false;
  std::optional<std::string> body;
  if (!read_bytes(value, "response", "body", body)) return false;
  if (body) out_.response->body = std::move(*body);
  return true;
}

/// Called for every document: Grip-Status counts also where there is no `response` (JSON-7, JSON-8).
bool DocumentReader::read_status(const Json* response) {
  std::int64_t code = out_.status ? out_.status->code : 200;
  std::optional<std::string> reason;
  const Json* own_code = response ? member(*response, "code") : nullptr;
  if (own_code) {
    auto number = to_integer(*own_code);
    if (!number) return fail("response.code is not a status code from 200 to 599");
    code = *number;
  }
  if (response && !read_text(*response, "response", "reason", reason)) return false;
  if (reason && !wire::valid_reason(*reason)) return fail("response.reason has a control character");
  if (!reason && !own_code && out_.status) reason = out_.status->reason;
  auto status = make_status_line("response.code", code, reason.value_or(""));
  if (!status) return fail(status.error().what);
  out_.response->status = std::move(*status);
  if (out_.status) out_.status = out_.response->status;
  return true;
}

bool DocumentReader::read_headers(const Json& value) {
  if (value.is_object()) {
    for (const auto& [name, text] : value.items()) {
      if (!add_header(name, text, fmt::format("response.headers[\"{}\"]", base::printable(name)))) return false;
    }
    return true;
  }
  if (!value.is_array()) return fail("response.headers is neither a list nor an object");
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto& pair = value[i];
    auto path = fmt::format("response.headers[{}]", i);
    if (!pair.is_array() || pair.size() != 2) return fail(path + " is not a pair of name and value");
    if (!add_header(pair[0], pair[1], path)) return false;
  }
  return true;
}

bool DocumentReader::add_header(const Json& name, const Json& value, const std::string& path) {
  if (!name.is_string()) return fail(path + ": the name is not a string");
  if (!value.is_string()) return fail(path + ": the value is not a string");
  Header header{name.get_ref<const std::string&>(), std::string(base::trim(value.get_ref<const std::string&>()))};
  if (!wire::valid_field_name(header.name)) {
    return fail(fmt::format("{}: \"{}\" is not a legal header name", path, base::printable(header.name)));
  }
  if (!wire::valid_field_value(header.value)) {
    return fail(fmt::format("{}: the value has a control character", path));
  }
  auto id = wire::field_id(header.name);
  if (id == wire::FieldId::grip || id == wire::FieldId::content_length || wire::is_hop_by_hop(id)) return true;
  out_.response->headers.push_back(std::move(header));
  return true;
}

}  // namespace

bool is_instruct_type(std::string_view content_type) {
  return base::iequals(base::trim(content_type.substr(0, content_type.find(';'))), "application/grip-instruct");
}

Result<Instruct> parse_instruct_document(std::string_view body, Instruct from_headers) {
  auto document = base::parse_json(body);
  if (!document) return unusable("the grip-instruct document is not valid JSON in UTF-8");
  DocumentReader reader(from_headers);
  if (!reader.read(*document)) return std::move(reader.error());
  return from_headers;
}

}  // namespace holdfast::grip
