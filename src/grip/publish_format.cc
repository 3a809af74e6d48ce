// SPDX-License-Identifier: Apache-2.0
#include "grip/publish_format.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "grip/instruct_value.h"
#include "wire/field_id.h"
#include "wire/field_value.h"

namespace holdfast::grip {
namespace {

using base::Json;

struct ActionName {
  std::string_view name;
  Action action;
};
constexpr ActionName kResponseActions[] = {{"send", Action::send}, {"hint", Action::hint}};
constexpr ActionName kStreamActions[] = {{"send", Action::send}, {"hint", Action::hint}, {"close", Action::close}};
constexpr ActionName kWsActions[] = {{"send", Action::send}, {"close", Action::close}, {"refresh", Action::refresh}};

Problem read_action(const ItemObject& format, std::span<const ActionName> known, Action& action) {
  std::optional<std::string> text;
  if (auto problem = format.read_text("action", text)) return problem;
  if (!text) return {};
  std::string usable;
  for (const auto& candidate : known) {
    bool supported = candidate.action != Action::hint;
    if (*text == candidate.name) {
      if (!supported) return format.error(fmt::format("action '{}' is not yet supported", *text));
      action = candidate.action;
      return {};
    }
    if (supported) usable += fmt::format("{}{}", usable.empty() ? "" : ", ", candidate.name);
  }
  return refused(fmt::format("{} contains 'action' with unknown value '{}': known are {}", format.label(),
                             base::printable(*text), usable));
}

Problem check_content_filters(const ItemObject& format) {
  const Json* filters = format.find("content-filters");
  if (!filters) return {};
  auto is_string = [](const Json& filter) { return filter.is_string(); };
  if (!filters->is_array() || !std::all_of(filters->begin(), filters->end(), is_string)) {
    return format.wrong_type("content-filters", "a list of strings");
  }
  if (!filters->empty()) return format.error("content-filters are not yet supported");
  return {};
}

/// Keeps what may reach a client: Grip-* fields are for the proxy, and framing is the session's own.
void keep_header(Header header, ResponseFormat& out) {
  auto id = wire::field_id(header.name);
  if (base::iequals(header.name, "Grip-Expose-Headers")) {
    if (!out.expose) out.expose.emplace();  // an empty list exposes nothing
    for (auto name : wire::split_list(header.value)) out.expose->emplace_back(name);
    return;
  }
  if (id == wire::FieldId::grip || id == wire::FieldId::content_length || wire::is_hop_by_hop(id)) return;
  out.headers.push_back(std::move(header));
}

/// `where` says which of the headers it is.
Problem read_header(const ItemObject& format, const std::string& where, const std::string& name, const Json& value,
                    ResponseFormat& out) {
  if (!value.is_string()) {
    return format.error(fmt::format("headers contains {} with wrong type: the value is not a string", where));
  }
  Header header{name, std::string(base::trim(value.get_ref<const std::string&>()))};
  if (!wire::valid_field_name(header.name)) {
    return format.error(
        fmt::format("headers contains {} with an illegal name: only letters, digits and "
                    "!#$%&'*+-.^_`|~ may stand in it",
                    where));
  }
  if (!wire::valid_field_value(header.value)) {
    return format.error(fmt::format(
        "headers contains {} with an illegal value: CR, LF and other control characters are not allowed", where));
  }
  keep_header(std::move(header), out);
  return {};
}

Problem read_header_pair(const ItemObject& format, const std::string& where, const Json& pair, ResponseFormat& out) {
  if (!pair.is_array()) {
    return format.error(fmt::format("headers contains {} with wrong type: a list of name and value is needed", where));
  }
  if (pair.size() != 2) {
    return format.error(
        fmt::format("headers contains {}, a list with wrong number of elements: name and value are needed", where));
  }
  if (!pair[0].is_string()) {
    return format.error(fmt::format("headers contains {} with wrong type: the name is not a string", where));
  }
  return read_header(format, where, pair[0].get_ref<const std::string&>(), pair[1], out);
}

Problem read_headers(const ItemObject& format, ResponseFormat& out) {
  const Json* headers = format.find("headers");
  if (!headers) return {};
  if (headers->is_object()) {
    for (const auto& [name, value] : headers->items()) {
      if (auto problem = read_header(format, fmt::format("'{}'", base::printable(name)), name, value, out)) {
        return problem;
      }
    }
    return {};
  }
  if (!headers->is_array()) return format.wrong_type("headers", "an object or a list of pairs");
  for (std::size_t i = 0; i < headers->size(); ++i) {
    if (auto problem = read_header_pair(format, fmt::format("element {}", i), (*headers)[i], out)) return problem;
  }
  return {};
}

Problem read_status(const ItemObject& format, ResponseFormat& out) {
  std::optional<std::int64_t> code;
  if (auto problem = format.read_integer("code", code)) return problem;
  std::optional<std::string> reason;
  if (auto problem = format.read_text("reason", reason)) return problem;
  auto status = make_status_line(format.label(), code.value_or(200), reason.value_or(""));
  if (!status) return refused(std::move(status.error().what));
  out.code = status->code;
  out.reason = std::move(status->reason);
  return {};
}

Problem read_body(const ItemObject& format, ResponseFormat& out) {
  std::optional<Content> body;
  if (auto problem = format.read_content("body", "body-bin", body)) return problem;
  if (body) {
    out.body = std::move(body->bytes);
    return {};
  }
  const Json* patch = format.find("body-patch");
  if (!patch) return format.missing("'body', 'body-bin', or 'body-patch'");
  if (!patch->is_array()) return format.wrong_type("body-patch", "a list");
  return format.error("'body-patch' is not yet supported");
}

Problem read_response(const ItemObject& format, PublishItem& item) {
  auto& out = item.response.emplace();
  if (auto problem = read_action(format, kResponseActions, out.action)) return problem;
  if (auto problem = read_status(format, out)) return problem;
  if (auto problem = read_headers(format, out)) return problem;
  if (auto problem = check_content_filters(format)) return problem;
  return read_body(format, out);
}

Problem read_stream(const ItemObject& format, PublishItem& item) {
  auto& out = item.stream.emplace();
  if (auto problem = read_action(format, kStreamActions, out.action)) return problem;
  if (out.action != Action::send) return {};
  if (auto problem = check_content_filters(format)) return problem;
  std::optional<Content> content;
  if (auto problem = format.read_content("content", "content-bin", content)) return problem;
  if (!content) return format.missing("'content' or 'content-bin'");
  out.content = std::move(content->bytes);
  return {};
}

Problem read_ws_type(const ItemObject& format, std::optional<WsType>& type) {
  std::optional<std::string> text;
  if (auto problem = format.read_text("type", text)) return problem;
  if (!text) return {};
  if (*text == "text") {
    type = WsType::text;
  } else if (*text == "binary") {
    type = WsType::binary;
  } else if (*text == "ping") {
    type = WsType::ping;
  } else if (*text == "pong") {
    type = WsType::pong;
  } else {
    return refused(fmt::format("{} contains 'type' with unknown value '{}': known are text, binary, ping, pong",
                               format.label(), base::printable(*text)));
  }
  return {};
}

Problem read_ws_content(const ItemObject& format, WsFormat& out) {
  std::optional<WsType> type;
  if (auto problem = read_ws_type(format, type)) return problem;
  if (auto problem = check_content_filters(format)) return problem;
  std::optional<Content> content;
  if (auto problem = format.read_content("content", "content-bin", content)) return problem;
  bool is_control = type == WsType::ping || type == WsType::pong;
  if (!content && !is_control) return format.missing("'content' or 'content-bin'");
  if (!content) content.emplace();
  out.type = type.value_or(content->is_binary ? WsType::binary : WsType::text);
  if (is_control && content->bytes.size() > kMaxControlPayloadBytes) {
    return format.error(fmt::format("the content of a ping or pong has {} bytes, {} are allowed", content->bytes.size(),
                                    kMaxControlPayloadBytes));
  }
  // RFC 6455 §5.6; a client would have to fail the connection.
  if (out.type == WsType::text && !base::valid_utf8(content->bytes)) {
    return format.error("the content of type text is not UTF-8: use type binary");
  }
  out.content = std::move(content->bytes);
  return {};
}

/// RFC 6455 §7.4: codes that a close frame may carry.
bool valid_close_code(std::int64_t code) {
  return code >= 1000 && code <= 4999 && code != 1005 && code != 1006 && code != 1015;
}

Problem read_ws_close(const ItemObject& format, WsFormat& out) {
  std::optional<std::int64_t> code;
  if (auto problem = format.read_integer("code", code)) return problem;
  if (code && *code != 0) {  // 0 is what libraries write for "no code"
    if (!valid_close_code(*code)) {
      return format.invalid_value("code",
                                  fmt::format("{} is not a code of 1000 to 4999 without 1005, 1006 and 1015", *code));
    }
    out.code = static_cast<int>(*code);
  }
  std::optional<std::string> reason;
  if (auto problem = format.read_text("reason", reason)) return problem;
  if (!reason) return {};
  if (reason->size() > kMaxCloseReasonBytes) {
    return format.invalid_value("reason",
                                fmt::format("it has {} bytes, {} are allowed", reason->size(), kMaxCloseReasonBytes));
  }
  out.reason = std::move(*reason);
  return {};
}

Problem read_ws(const ItemObject& format, PublishItem& item) {
  auto& out = item.ws.emplace();
  if (auto problem = read_action(format, kWsActions, out.action)) return problem;
  switch (out.action) {
    case Action::send: return read_ws_content(format, out);
    case Action::close: return read_ws_close(format, out);
    default: return {};
  }
}

constexpr Format kFormats[] = {
    {"http-response", read_response},
    {"http-stream", read_stream},
    {"ws-message", read_ws},
};

}  // namespace

std::span<const Format> known_formats() {
  return kFormats;
}

const Format* find_format(std::string_view name) {
  auto found =
      std::find_if(std::begin(kFormats), std::end(kFormats), [name](const Format& f) { return name == f.name; });
  return found == std::end(kFormats) ? nullptr : found;
}

Problem read_format(const Format& format, const Json& value, ItemEncoding encoding, PublishItem& item) {
  auto label = fmt::format("'{}'", format.name);
  if (!value.is_object()) return refused(label + " is not an object");
  return format.read(ItemObject(value, label, encoding), item);
}

}  // namespace holdfast::grip
