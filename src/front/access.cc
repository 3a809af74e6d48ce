// SPDX-License-Identifier: Apache-2.0
#include "front/access.h"

#include <charconv>
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
    case CloseReason::dismissed: return "dismissed";
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

std::optional<std::uint64_t> parse_connection(std::string_view text) {
  auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto digits = text.substr(colon + 1);
  std::uint64_t connection = 0;
  auto result = std::from_chars(digits.data(), digits.data() + digits.size(), connection, 16);
  // One connection has one name: what would be shown otherwise is not it.
  if (result.ec != std::errc() || connection_text(connection) != text) return std::nullopt;
  return connection;
}

}  // namespace holdfast::front
