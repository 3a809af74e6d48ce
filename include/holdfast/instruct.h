// SPDX-License-Identifier: Apache-2.0
// What an origin asks the proxy to do with a client: the parsed Grip-* headers or grip-instruct document.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/headers.h>

namespace holdfast {

enum class HoldMode : std::uint8_t { none, response, stream };

/// One element of `Grip-Channel`, or one member of `hold.channels`. The name has no route prefix yet.
struct ChannelSpec {
  std::string name;
  std::optional<std::string> prev_id;
  std::vector<std::string> filters;  ///< at most 5
};

/// Bytes that are written to a held stream when nothing else was (idle) or whatever else was (interval).
struct KeepAlive {
  enum class Mode : std::uint8_t { idle, interval };
  Mode mode = Mode::idle;
  std::string content;
  int timeout_s = 55;
};

/// The status that the client is shown.
struct StatusLine {
  int code = 200;      ///< 200–599
  std::string reason;  ///< never empty
};

/// `Grip-Link`, one relation.
struct Link {
  std::string uri;
  int timeout_s = 120;
};

/// The `response` member of a grip-instruct document: everything that the client sees.
struct InstructResponse {
  StatusLine status{200, "OK"};
  HeaderList headers;
  std::string body;
};

/// The sum of a response's instructions. Rules: `grip-http` §9.
struct Instruct {
  HoldMode hold = HoldMode::none;
  std::vector<ChannelSpec> channels;
  int timeout_s = 55;  ///< of a response hold, as the origin gave it
  std::optional<KeepAlive> keep_alive;
  std::map<std::string, std::string> meta;
  std::optional<StatusLine> status;
  std::optional<std::vector<std::string>> expose_headers;
  std::optional<Link> next;
  std::optional<Link> gone;
  std::optional<InstructResponse> response;  ///< documents only
};

}  // namespace holdfast
