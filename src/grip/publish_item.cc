// SPDX-License-Identifier: Apache-2.0
#include "grip/publish_item.h"

#include <optional>
#include <utility>

#include <fmt/core.h>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "grip/item_object.h"
#include "grip/publish_format.h"
#include "wire/tnet.h"

namespace holdfast::grip {
namespace {

using base::Json;

constexpr std::string_view kItemLabel = "publish item object";

Problem read_channel(const ItemObject& object, const std::string* channel_override, PublishItem& item) {
  std::optional<std::string> channel;
  if (channel_override) {
    if (!base::valid_utf8(*channel_override)) return refused("the topic is not UTF-8");
    channel = *channel_override;
  } else if (auto problem = object.read_text("channel", channel)) {
    return problem;
  }
  if (!channel) return object.missing("'channel'");
  if (channel->size() > kMaxChannelBytes) {
    return object.invalid_value("channel",
                                fmt::format("it has {} bytes, {} are allowed", channel->size(), kMaxChannelBytes));
  }
  item.channel = std::move(*channel);
  return {};
}

/// An empty id cannot tell one message from another, so it counts as none.
Problem read_id(const ItemObject& object, const char* name, std::optional<std::string>& id) {
  if (auto problem = object.read_text(name, id)) return problem;
  if (id && id->empty()) id.reset();
  return {};
}

Problem read_meta(const ItemObject& object, ItemEncoding encoding, PublishItem& item) {
  const Json* meta = object.find("meta");
  if (!meta) return {};
  if (!meta->is_object()) return object.wrong_type("meta", "an object of strings");
  for (const auto& [name, value] : meta->items()) {
    auto member_error = [&name = name](std::string_view what) {
      return refused(fmt::format("'meta' contains '{}' with {}", base::printable(name), what));
    };
    if (!value.is_string()) return member_error("wrong type: a string is needed");
    const auto& text = value.get_ref<const std::string&>();
    if (encoding == ItemEncoding::tnet && !(base::valid_utf8(name) && base::valid_utf8(text))) {
      return member_error("invalid value: it is not UTF-8");
    }
    item.meta.emplace_back(name, text);
  }
  return {};
}

/// `size` only weighs the item for accounting, which we do by what is really sent; it is checked all the same.
Problem check_size(const ItemObject& object) {
  std::optional<std::int64_t> size;
  if (auto problem = object.read_integer("size", size)) return problem;
  if (size && *size < 0) return object.invalid_value("size", "it is less than 0");
  return {};
}

Problem read_no_seq(const ItemObject& object, PublishItem& item) {
  const Json* no_seq = object.find("no-seq");
  if (!no_seq) return {};
  if (!no_seq->is_boolean()) return object.wrong_type("no-seq", "true or false");
  item.no_seq = no_seq->get<bool>();
  return {};
}

Problem read_nested_formats(const Json& formats, ItemEncoding encoding, PublishItem& item) {
  bool any = false;
  std::string unknown;
  for (const auto& [name, value] : formats.items()) {
    if (value.is_null()) continue;
    const Format* format = find_format(name);
    if (!format) {
      unknown = name;
      continue;
    }
    if (auto problem = read_format(*format, value, encoding, item)) return problem;
    any = true;
  }
  if (any) return {};
  if (unknown.empty()) return refused("no formats specified");
  std::string names;
  for (const auto& format : known_formats()) names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
  return refused(fmt::format("unknown format '{}': known are {}", base::printable(unknown), names));
}

Problem read_formats(const ItemObject& object, ItemEncoding encoding, PublishItem& item) {
  if (const Json* formats = object.find("formats")) {
    if (!formats->is_object()) return object.wrong_type("formats", "an object");
    return read_nested_formats(*formats, encoding, item);
  }
  bool any = false;
  for (const auto& format : known_formats()) {
    const Json* value = object.find(format.name);
    if (!value) continue;
    if (auto problem = read_format(format, *value, encoding, item)) return problem;
    any = true;
  }
  if (!any) return refused("no formats specified");
  return {};
}

Problem read_item(const Json& json, ItemEncoding encoding, const std::string* channel_override, PublishItem& item) {
  if (!json.is_object()) return refused(fmt::format("{} is not an object", kItemLabel));
  ItemObject object(json, kItemLabel, encoding);
  if (auto problem = read_channel(object, channel_override, item)) return problem;
  if (auto problem = read_id(object, "id", item.id)) return problem;
  if (auto problem = read_id(object, "prev-id", item.prev_id)) return problem;
  if (auto problem = read_meta(object, encoding, item)) return problem;
  if (auto problem = check_size(object)) return problem;
  if (auto problem = read_no_seq(object, item)) return problem;
  if (object.find("purge")) return refused("'purge' is not yet supported");
  return read_formats(object, encoding, item);
}

}  // namespace

Result<std::vector<PublishItem>> parse_publish_request(std::string_view json_body) {
  auto request = base::parse_json(json_body);
  if (!request || !request->is_structured()) return refused("Body is not valid JSON");
  return parse_publish_items(*request, ItemEncoding::json);
}

Result<std::vector<PublishItem>> parse_publish_items(const Json& request, ItemEncoding encoding) {
  if (!request.is_object()) return refused("Invalid format: an object with 'items' is needed");
  auto items = request.find("items");
  if (items == request.end()) return refused("Invalid format: object does not contain 'items'");
  if (!items->is_array()) {
    return refused("Invalid format: object contains 'items' with wrong type: a list is needed");
  }
  if (items->size() > kMaxPublishItems) {
    return refused(fmt::format("Invalid format: 'items' has {} elements, {} are allowed: send several requests",
                               items->size(), kMaxPublishItems));
  }
  std::vector<PublishItem> parsed(items->size());
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    if (auto problem = read_item((*items)[i], encoding, nullptr, parsed[i])) {
      return refused(fmt::format("Invalid format: item {}: {}", i, problem->what));
    }
  }
  return parsed;
}

Result<PublishItem> parse_publish_item(const Json& object, ItemEncoding encoding, const std::string* channel_override) {
  PublishItem item;
  if (auto problem = read_item(object, encoding, channel_override, item)) return std::move(*problem);
  return item;
}

Result<PublishItem> parse_publish_frame(std::string_view frame, const std::string* channel_override) {
  if (frame.empty()) return refused("the frame is empty: a publish item is needed");
  if (frame.front() == 'J') {
    auto object = base::parse_json(frame.substr(1));
    if (!object) return refused("the frame is not valid JSON behind its 'J'");
    return parse_publish_item(*object, ItemEncoding::json, channel_override);
  }
  if (frame.front() == 'T') frame.remove_prefix(1);
  auto object = wire::parse_tnet(frame);
  if (!object) return refused(std::move(object.error().what));
  return parse_publish_item(*object, ItemEncoding::tnet, channel_override);
}

}  // namespace holdfast::grip
