// SPDX-License-Identifier: Apache-2.0
#include "front/access.h"

#include <random>

#include <fmt/core.h>

namespace holdfast::front {

const char* to_text(CloseReason reason) {
  switch (reason) {
    case CloseReason::finished: return "finished";
    case CloseReason::client_gone: return "client-gone";
    case CloseReason::origin_failed: return "origin-failed";
    case CloseReason::published: return "published";
    case CloseReason::slow_client: return "slow-client";
    case CloseReason::timeout: return "timeout";
    case CloseReason::refused: return "refused";
    case CloseReason::shutdown: return "shutdown";
  }
  return "unknown";
}

base::Cause refusal_cause(int status) {
  switch (status) {
    case 408: return base::Cause::request_timeout;
    case 413:
    case 414:
    case 431:
    case 503: return base::Cause::limit;
    case 501:
    case 505: return base::Cause::unsupported;
    default: return base::Cause::request;
  }
}

std::string connection_text(std::uint64_t connection) {
  static const std::uint32_t instance = std::random_device{}();
  return fmt::format("{:08x}:{:x}", instance, connection);
}

}  // namespace holdfast::front
