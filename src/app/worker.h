// SPDX-License-Identifier: Apache-2.0
// One core with everything that lives on it, wired together.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include <holdfast/result.h>

#include "app/access_log.h"
#include "app/config.h"
#include "app/routes_source.h"
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
  std::optional<base::SigningKey> sig_key;
  origin::BuiltinOrigin* demo_origin = nullptr;
};

class Worker {
 public:
  Worker(unsigned index, const Config& config, Shared& shared);
  ~Worker();

  /// Before start().
  Result<void> listen(const std::vector<net::Endpoint>& clients, const std::vector<net::Endpoint>& control);
  void start();

  /// Any thread: the core builds its own table from the routes, which must not change any more. Before start() at once,
  /// afterwards soon; `done` is let go of when it has.
  void set_routes(std::shared_ptr<const LoadedRoutes> routes, std::shared_ptr<void> done = nullptr);

  /// Any thread. No new clients; idle ones are closed, holds end.
  void begin_shutdown();
  /// Any thread: how many sessions are left, where begin_shutdown() has been heard; else "many".
  std::size_t sessions_left() const { return sessions_left_.load(std::memory_order_relaxed); }
  /// Any thread. Ends the loop; then join.
  void stop_and_join();

  net::Core& core() { return core_; }
  channel::ChannelTable& table() { return table_; }

 private:
  void take_routes(const LoadedRoutes& routes);
  void end_clients();

  /// Tells the main thread how far a shutdown has come.
  class Watch;

  net::Core core_;
  origin::TestOrigin test_origin_;
  channel::ChannelTable table_;
  hold::HoldContext holds_;
  origin::Origins origins_;
  proxy::ProxyContext proxy_;
  proxy::Dispatcher dispatcher_;
  publish::ControlEndpoint control_endpoint_;
  std::unique_ptr<AccessLog> access_log_;
  /// Destroyed behind the fronts, in front of what their sessions' remains refer to.
  struct LastRites {
    net::Core& core;
    ~LastRites() { core.bury(); }
  } last_rites_{core_};
  front::Front clients_;
  front::Front control_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::atomic<std::size_t> sessions_left_{SIZE_MAX};
  std::unique_ptr<Watch> watch_;
  std::thread thread_;
};

}  // namespace holdfast::app
