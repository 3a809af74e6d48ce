// SPDX-License-Identifier: Apache-2.0
// What the front tells the access log, once for each exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/exchange.h>

#include "base/cause.h"
#include "base/clock.h"

namespace holdfast::front {

/// The views are valid for the call only.
struct AccessRecord {
  std::uint64_t connection = 0;
  const PeerAddress* peer = nullptr;
  AccessNote note;
  int status = 0;                ///< 0: nothing was answered
  std::uint64_t body_bytes = 0;  ///< sent, framing of pushed messages included
  base::Millis duration_ms = 0;
  CloseReason reason = CloseReason::finished;
};

class AccessSink {
 public:
  virtual void record(const AccessRecord& record) = 0;

 protected:
  ~AccessSink() = default;
};

const char* to_text(CloseReason reason);

/// Of a request that the front refuses with this status.
base::Cause refusal_cause(int status);

/// "<instance>:<number>": the form in which a connection's number is shown. The instance is drawn at start, so that ids
/// of different runs and machines do not meet.
std::string connection_text(std::uint64_t connection);
/// The number that such a text shows; nothing when it is none of this run.
std::optional<std::uint64_t> parse_connection(std::string_view text);

}  // namespace holdfast::front
