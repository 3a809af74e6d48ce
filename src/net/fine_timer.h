// SPDX-License-Identifier: Apache-2.0
// A timer of millisecond precision, for the few places where the wheel's tenth of a second is too coarse.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"

namespace holdfast::net {

class Core;

/// One core. Destroying it cancels.
class FineTimer {
 public:
  FineTimer(Core& core, std::function<void()> on_time);
  ~FineTimer();

  /// Calls on_time once, `after` ms from now; an earlier start() that has not come yet is replaced.
  void start(base::Millis after);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::net
