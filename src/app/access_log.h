// SPDX-License-Identifier: Apache-2.0
// The access log: one line for each exchange, gathered for each core and written in batches.
#pragma once

#include <cstdint>
#include <string>

#include "front/access.h"
#include "net/core.h"

namespace holdfast::app {

/// One core's. Never blocks it: while whoever reads our output does not, lines wait up to a limit and are then dropped
/// and counted.
class AccessLog final : public front::AccessSink, private net::Timer {
 public:
  explicit AccessLog(net::Core& core) : core_(core) {}
  ~AccessLog() override { flush(); }

  void record(const front::AccessRecord& record) override;
  void flush();

 private:
  static constexpr std::size_t kBatchBytes = 32768;
  static constexpr std::size_t kMostBytes = 1048576;
  static constexpr base::Millis kFlushMs = 200;

  void on_deadline() override { flush(); }

  net::Core& core_;
  std::string lines_;
  std::int64_t stamp_second_ = 0;
  std::string stamp_;
};

}  // namespace holdfast::app
