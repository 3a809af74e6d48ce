// SPDX-License-Identifier: Apache-2.0
// Sends what `holdfast publish` has made, and waits until it has arrived.
#pragma once

#include <string>

#include <holdfast/result.h>

#include "app/publish_target.h"

namespace holdfast::app {

/// Posts a publish request. Only status 200 says that it was published; with any other, the error is the status and the
/// server's own text. Blocks for 15 s at most in connecting, and as long in the exchange.
Result<void> post_publish(const PublishTarget& target, std::string body);

/// Pushes one frame. An error when nobody has taken it after 5 s. It has left this process on success; whether it is
/// accepted, ZeroMQ does not tell.
Result<void> push_publish(const PublishTarget& target, const std::string& frame);

}  // namespace holdfast::app
