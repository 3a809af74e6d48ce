// SPDX-License-Identifier: Apache-2.0
// What a publisher sent, parsed and checked, before it is encoded for any transport (GRIP "item").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/headers.h>

namespace holdfast {

/// What a format asks for. Which actions a format knows: http-response send and hint; http-stream send, hint and
/// close; ws-message send, close and refresh.
enum class Action : std::uint8_t { send, hint, close, refresh };

/// `http-stream`: bytes appended to held streams, or their end.
struct StreamFormat {
  Action action = Action::send;
  std::string content;
};

/// `http-response`: the answer of held long-polls.
struct ResponseFormat {
  Action action = Action::send;
  int code = 200;      ///< 200–599
  std::string reason;  ///< never empty; the standard phrase unless the publisher gave one
  HeaderList headers;  ///< legal names and values; no Grip-* among them
  std::string body;
  /// Names of `Grip-Expose-Headers` in the published headers: only these reach the client. Absent: all do.
  std::optional<std::vector<std::string>> expose;
};

enum class WsType : std::uint8_t { text, binary, ping, pong };

/// `ws-message`: a frame for WebSockets, or their close.
struct WsFormat {
  Action action = Action::send;
  WsType type = WsType::text;
  std::string content;
  std::optional<int> code;  ///< of a close
  std::string reason;       ///< of a close
};

/// One item. `channel` is the full name, route prefix included.
struct PublishItem {
  std::string channel;
  std::optional<std::string> id;
  std::optional<std::string> prev_id;
  std::vector<std::pair<std::string, std::string>> meta;
  bool no_seq = false;
  std::optional<StreamFormat> stream;
  std::optional<ResponseFormat> response;
  std::optional<WsFormat> ws;
};

}  // namespace holdfast
