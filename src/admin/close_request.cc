// SPDX-License-Identifier: Apache-2.0
#include "admin/close_request.h"

#include <fmt/core.h>

#include "base/json.h"
#include "base/text.h"
#include "grip/encode.h"
#include "grip/publish_item.h"

namespace holdfast::admin {
namespace {

constexpr std::string_view kForm = R"({"meta":{"user":"42"},"formats":{"http-stream":{"content":"bye\n"}}})";

}  // namespace

Result<CloseRequest> parse_close_request(std::string_view json_body) {
  auto body = base::parse_json(json_body);
  if (!body || !body->is_object()) return Error{fmt::format("the body must be a JSON object, as in {}", kForm)};
  for (const auto& [name, value] : body->items()) {
    if (name == "meta" || name == "formats") continue;
    return Error{fmt::format("unknown member '{}'; known are meta and formats", base::printable(name, 64))};
  }
  CloseRequest request;
  auto meta = body->find("meta");
  if (meta == body->end() || !meta->is_object() || meta->empty()) {
    return Error{fmt::format("'meta' must be an object that names at least one value, as in {}", kForm)};
  }
  for (const auto& [name, value] : meta->items()) {
    if (!value.is_string()) return Error{fmt::format("'meta': '{}' must be a string", base::printable(name, 64))};
    request.meta.emplace(name, value.get<std::string>());
  }
  auto formats = body->find("formats");
  if (formats == body->end() || formats->is_null()) return request;
  auto nowhere = std::string("-");  // an item needs a channel, but this one goes through none
  auto item = grip::parse_publish_item({{"formats", *formats}}, grip::ItemEncoding::json, &nowhere);
  if (!item) return Error{fmt::format("'formats': {}", item.error().what)};
  request.farewell = grip::encode_message(std::move(*item));
  return request;
}

}  // namespace holdfast::admin
