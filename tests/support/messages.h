// SPDX-License-Identifier: Apache-2.0
// Published messages, as the publishers' side makes them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/message.h>
#include <holdfast/publish_item.h>

#include "grip/encode.h"

namespace holdfast::test {

/// `id` is empty: none.
inline NewMessageRef stream_message(std::string channel, std::string content, std::string id = "") {
  PublishItem item;
  item.channel = std::move(channel);
  if (!id.empty()) item.id = std::move(id);
  item.stream = StreamFormat{Action::send, std::move(content)};
  return grip::encode_message(std::move(item));
}

inline NewMessageRef close_message(std::string channel) {
  PublishItem item;
  item.channel = std::move(channel);
  item.stream = StreamFormat{Action::close, ""};
  return grip::encode_message(std::move(item));
}

inline NewMessageRef response_message(std::string channel, std::string body) {
  PublishItem item;
  item.channel = std::move(channel);
  item.response = ResponseFormat{.reason = "OK", .body = std::move(body)};
  return grip::encode_message(std::move(item));
}

}  // namespace holdfast::test
