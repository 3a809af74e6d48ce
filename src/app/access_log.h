// SPDX-License-Identifier: Apache-2.0
// The access log: one line for each exchange, gathered for each core and written in batches.
#pragma once

#include <cstdint>
#include <string>

#include "base/log.h"
#include "front/access.h"
#include "net/core.h"

namespace holdfast::app {

/// One core's. Never blocks it: while the output takes nothing, lines wait up to a limit and are then dropped and
/// counted.
class AccessLog final : public front::AccessSink, private net::Timer {
 public:
  AccessLog(net::Core& core, base::LogOutput& output, base::LogFormat format)
      : core_(core), output_(output), format_(format) {}
  ~AccessLog() override { flush(); }

  void record(const front::AccessRecord& record) override;
  void flush();

 private:
  static constexpr std::size_t kBatchBytes = 32768;
  static constexpr std::size_t kMostBytes = 1048576;
  static constexpr base::Millis kFlushMs = 200;

  void on_deadline() override { flush(); }
  void append_text(const front::AccessRecord& record);
  void append_json(const front::AccessRecord& record);

  net::Core& core_;
  base::LogOutput& output_;
  const base::LogFormat format_;
  std::string lines_;
};

}  // namespace holdfast::app
