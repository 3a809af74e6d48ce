// SPDX-License-Identifier: Apache-2.0
// One core with everything that lives on it, wired together.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <holdfast/result.h>

#include "admin/endpoint.h"
#include "app/access_log.h"
#include "app/listeners.h"
#include "app/settings.h"
#include "channel/hub.h"
#include "channel/table.h"
#include "front/front.h"
#include "hold/hold.h"
#include "net/core.h"
#include "net/listener.h"
#include "origin/origin.h"
#include "origin/test_origin.h"
#include "proxy/dispatcher.h"
#include "publish/http_control.h"

namespace holdfast::app {

/// What the workers share. Outlives them.
struct Shared {
  channel::Hub& hub;
  channel::RateBudget* rate = nullptr;
  front::ClientCount& clients;
  front::ClientCount& control_clients;
  front::ClientCount& admin_clients;
  const admin::Context& admin;
  base::Load& load;
  origin::BuiltinOrigin* demo_origin = nullptr;
  /// Called by a core that has run out of descriptors: the others may have some that they do not need.
  std::function<void(unsigned core)> ask_for_descriptors = {};
};

class Worker {
 public:
  Worker(unsigned index, SettingsRef settings, Shared& shared);
  ~Worker();

  /// Before start().
  Result<void> listen(const Listeners& listeners);
  void start();

  /// Any thread. Before start() at once, afterwards soon; `done` is let go of when it has happened.
  void set_settings(SettingsRef settings, std::shared_ptr<void> done = nullptr);

  /// Any thread. Another core needs a descriptor: an idle connection to an origin is closed.
  void give_descriptor();
  /// Any thread. Memory is short: the slowest clients are closed, until so much is out of their queues.
  void shed(std::uint64_t bytes);

  /// Any thread. No new clients; idle ones are closed at once, holds end one after the other in that time. Publishing
  /// goes on.
  void begin_drain(base::Millis over_ms);
  /// Any thread. How many clients are left, where begin_drain() has been heard; else "many".
  std::size_t clients_left() const { return clients_left_.load(std::memory_order_relaxed); }
  /// Any thread, when no clients are left or time is up: publishers' requests are answered, and no more taken.
  void end_control();
  std::size_t publishers_left() const { return publishers_left_.load(std::memory_order_relaxed); }
  /// Any thread. Ends the loop; then join.
  void stop_and_join();

  net::Core& core() { return core_; }
  channel::ChannelTable& table() { return table_; }
  /// For others than this core only to be passed on.
  admin::CoreParts admin_parts() { return {&core_, &table_, &clients_}; }

 private:
  void take(const Settings& settings);
  front::Front& front_of(Listeners::What what);
  std::vector<std::unique_ptr<net::Listener>>& listeners_of(Listeners::What what);
  void ask_for_descriptors();

  class Drain;

  net::Core core_;
  const bool rated_;
  origin::TestOrigin test_origin_;
  channel::ChannelTable table_;
  std::optional<channel::HubTicker> hub_ticker_;  // one core's
  hold::HoldContext holds_;
  origin::Origins origins_;
  proxy::ProxyContext proxy_;
  proxy::Dispatcher dispatcher_;
  publish::ControlEndpoint control_endpoint_;
  admin::AdminEndpoint admin_endpoint_;
  AccessLog access_log_;
  /// Destroyed behind the fronts, in front of what their sessions' remains refer to.
  struct LastRites {
    net::Core& core;
    ~LastRites() { core.bury(); }
  } last_rites_{core_};
  front::Front clients_;
  front::Front control_;
  front::Front admin_;
  std::vector<std::unique_ptr<net::Listener>> client_listeners_;
  std::vector<std::unique_ptr<net::Listener>> control_listeners_;
  std::vector<std::unique_ptr<net::Listener>> admin_listeners_;  // to the very end: health is asked for while we drain
  net::PeerPatience patience_;
  const std::function<void(unsigned)>& ask_others_;
  base::Millis next_ask_ = 0;
  std::atomic<std::size_t> clients_left_{SIZE_MAX};
  std::atomic<std::size_t> publishers_left_{SIZE_MAX};
  std::unique_ptr<Drain> drain_;
  std::thread thread_;
};

}  // namespace holdfast::app
