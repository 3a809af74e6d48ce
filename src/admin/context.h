// SPDX-License-Identifier: Apache-2.0
// What the admin listener knows of the daemon, and what it may ask it for.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/headers.h>

#include "base/counters.h"
#include "base/readiness.h"
#include "channel/hub.h"
#include "channel/table.h"
#include "front/front.h"
#include "net/core.h"

namespace holdfast::admin {

/// One core. What is in it is for its own thread; counters and the time of its last turn are for any.
struct CoreParts {
  net::Core* core;
  channel::ChannelTable* table;
  front::Front* clients;
};

struct Listening {
  std::string_view kind;  ///< "client", "control" or "admin"
  const front::ClientCount* clients;
};

/// One for the process; complete before the first core runs, and not changed afterwards.
struct Context {
  channel::Hub& hub;
  base::Readiness& readiness;
  /// Any thread: runs something on the main thread, soon.
  std::function<void(std::function<void()>)> run_on_main{};
  /// Main thread: begins to drain, unless that has begun.
  std::function<void()> begin_drain{};
  std::vector<Listening> listening{};
  std::vector<CoreParts> cores{};
  /// Of other threads, and of the hub.
  std::vector<const base::Counters*> more_counters{};
};

/// A key of the configuration that bounds something.
struct Limit {
  std::string key;  ///< "section.key"
  std::int64_t value = 0;
  std::vector<base::Counter> hits{};  ///< what counts when it is reached
};

struct Certificate {
  std::string name;
  std::int64_t expires = 0;  ///< seconds since 1970
};

/// What a reload may change. Immutable; swapped on each core.
struct Settings {
  /// Whether the fields of a request carry a credential that is good. Empty: none is needed.
  std::function<bool(Fields)> admit{};
  bool metrics_open = false;
  std::vector<Limit> limits{};
  std::vector<Certificate> certificates{};
};

}  // namespace holdfast::admin
