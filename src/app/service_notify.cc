// SPDX-License-Identifier: Apache-2.0
#include "app/service_notify.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

namespace holdfast::app {
namespace {

/// A manager that does not read makes us wait so long, not for ever.
constexpr timeval kSendTimeout{5, 0};

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  if (text.empty() || text.size() > 18) return std::nullopt;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string encode_ready(std::string_view status) {
  return fmt::format("READY=1\nSTATUS={}", first_line(status));
}

std::string encode_reloading(std::int64_t now_us) {
  return fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Reloading", now_us);
}

std::string encode_stopping(std::string_view status, base::Millis within_ms) {
  return fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}\nSTATUS={}", within_ms * 1000, first_line(status));
}

Result<std::string> parse_notify_address(std::string_view text) {
  if (text.size() < 2 || (text[0] != '/' && text[0] != '@')) {
    return Error{fmt::format("NOTIFY_SOCKET \"{}\" is neither a path nor @NAME", base::printable(text))};
  }
  // A path is ended by a NUL; the name of an abstract socket begins with one and ends where its length says.
  if (text.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{fmt::format("NOTIFY_SOCKET \"{}\" is too long", base::printable(text))};
  }
  std::string path(text);
  if (path[0] == '@') path[0] = '\0';
  return path;
}

base::Millis parse_watchdog(const char* usec, const char* pid, std::int64_t own_pid) {
  if (!usec || (pid && parse_number(pid) != own_pid)) return 0;
  return parse_number(usec).value_or(0) / 1000;
}

ServiceNotify::ServiceNotify() {
  watchdog_ms_ = parse_watchdog(std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID"), ::getpid());
  if (const char* address = std::getenv("NOTIFY_SOCKET"); address && *address) open(address);
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
}

ServiceNotify::~ServiceNotify() {
  if (socket_ >= 0) ::close(socket_);
}

void ServiceNotify::open(const char* address) {
  auto path = parse_notify_address(address);
  if (!path) return base::log_warn("service manager: {}; it is told nothing", path.error().what);
  sockaddr_un peer{};
  peer.sun_family = AF_UNIX;
  std::memcpy(peer.sun_path, path->data(), path->size());
  auto size = offsetof(sockaddr_un, sun_path) + path->size() + (path->front() == '\0' ? 0 : 1);
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&peer), static_cast<socklen_t>(size)) == 0) return;
  base::log_warn("service manager: NOTIFY_SOCKET \"{}\": {}; it is told nothing", base::printable(address),
                 std::generic_category().message(errno));
  ::close(socket_);
  socket_ = -1;
}

void ServiceNotify::reloading() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  send(encode_reloading(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void ServiceNotify::send(std::string_view text) {
  if (socket_ < 0) return;
  if (::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) >= 0) return;
  static base::LogLimiter limiter;
  base::log_limited(limiter, "service manager: {}: {}", first_line(text), std::generic_category().message(errno));
}

}  // namespace holdfast::app
