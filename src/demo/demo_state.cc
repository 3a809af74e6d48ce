// SPDX-License-Identifier: Apache-2.0
#include "demo/demo_state.h"

#include <utility>

#include <fmt/core.h>

#include "base/json.h"
#include "base/utf8.h"

namespace holdfast::demo {

void DemoState::increment() {
  ++counter_;
  ++version_;
}

Result<void> DemoState::add_message(std::string_view body) {
  auto text = body.substr(0, body.find_last_not_of("\r\n") + 1);
  if (text.empty()) return Error{"the message is empty: send a text as the body", 400};
  if (text.size() > kMaxMessageBytes) {
    return Error{fmt::format("the message has {} bytes, {} are allowed", text.size(), kMaxMessageBytes), 413};
  }
  if (!base::valid_utf8(text)) return Error{"the message is not UTF-8 text", 400};
  messages_.push_back({++version_, std::string(text)});
  if (messages_.size() > kMaxMessages) messages_.pop_front();
  return {};
}

std::string DemoState::to_json() const {
  auto messages = base::Json::array();
  for (const auto& message : messages_) messages.push_back({{"text", message.text}, {"version", message.version}});
  return base::Json{{"counter", counter_}, {"messages", std::move(messages)}, {"version", version_}}.dump();
}

std::string DemoState::to_event() const {
  // JSON has no line ends of its own, so that one data line holds it.
  return fmt::format("id: {}\nevent: state\ndata: {}\n\n", version_, to_json());
}

PublishItem DemoState::to_item() const {
  PublishItem item;
  item.channel = kChannel;
  item.stream = StreamFormat{.content = to_event()};
  item.response =
      ResponseFormat{.reason = "OK", .headers = {{"Content-Type", "application/json"}}, .body = to_json() + "\n"};
  return item;
}

}  // namespace holdfast::demo
