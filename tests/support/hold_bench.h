// SPDX-License-Identifier: Apache-2.0
// A core with a hub and a table, and what holds on it share.
#pragma once

#include <string>
#include <utility>

#include "channel/hub.h"
#include "channel/table.h"
#include "hold/hold.h"
#include "support/core_turns.h"
#include "support/messages.h"

namespace holdfast::test {

struct HoldBench {
  explicit HoldBench(const hold::HoldOptions& options = {}) : holds(core, table, options) {
    hub.add_core(core, table);
    stop_clock(core);
  }

  void publish(NewMessageRef message) {
    hub.publish({std::move(message)});
    settle(core);
  }
  std::uint64_t count(base::Counter counter) { return core.counters().get(counter); }

  channel::Hub hub{channel::HubOptions{}};
  net::Core core{0};
  channel::ChannelTable table{core, hub, channel::TableOptions{0}, nullptr};
  hold::HoldContext holds;
};

inline hold::HeldRequest held_request() {
  return {"GET", "/held?x=1", "a.test:80", "route-1"};
}

}  // namespace holdfast::test
