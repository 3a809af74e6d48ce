// SPDX-License-Identifier: Apache-2.0
// The running daemon: workers, hub, listeners, signals. The only file that knows every room.
#pragma once

#include "app/settings.h"
#include "origin/builtin.h"

namespace holdfast::channel {
class Hub;
}

namespace holdfast::app {

/// What `holdfast demo` brings along: an origin of its own, which publishes by way of the daemon's hub.
class DemoParts {
 public:
  virtual ~DemoParts() = default;
  virtual origin::BuiltinOrigin& origin() = 0;
  virtual void set_hub(channel::Hub& hub) = 0;
  /// Called once everything listens.
  virtual void on_ready() = 0;
};

/// Runs until it is told to stop, in the calling thread (which becomes the one for signals and reloads) and one thread
/// for each worker. Returns the exit status: 0 after a stop that was asked for, 1 when it could not start.
///
/// SIGTERM and SIGINT end in order, a second one at once. SIGHUP reads everything again; a changed file of routes or
/// certificates is read by itself. What cannot be used leaves everything as it was.
int run_daemon(SettingsSource& settings, DemoParts* demo);

}  // namespace holdfast::app
