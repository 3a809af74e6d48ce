// SPDX-License-Identifier: Apache-2.0
// The `test` target: an origin to try a routes file and a client with (`routes-and-config` §1.6).
#pragma once

#include "origin/builtin.h"

namespace holdfast::origin {

/// "/" greets, "/response" holds a long-poll and "/stream" a stream, on the channels of the `channel` query parameters
/// (default: "test"). Stateless.
class TestOrigin final : public BuiltinOrigin {
 public:
  BuiltinResponse respond(const BuiltinRequest& request) override;
};

}  // namespace holdfast::origin
