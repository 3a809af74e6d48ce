// SPDX-License-Identifier: Apache-2.0
#include "app/health_command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "net/address.h"
#include "wire/http1_response.h"

namespace holdfast::app {
namespace {

constexpr int kTimeoutS = 5;
constexpr std::size_t kMostBytes = 65536;

/// Closes with its scope.
struct Descriptor {
  explicit Descriptor(int descriptor) : fd(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  const int fd;
};

std::string text_of(const HostPort& target) {
  bool v6 = target.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", target.host, v6 ? "]" : "", target.port);
}

/// Everything that the other side sends before it closes.
Result<std::string> ask(const HostPort& target) {
  auto failed = [&](const char* what) {
    return Error{fmt::format("{} {}: {}; is Holdfast running, and is that its admin.listen?", what, text_of(target),
                             errno == EAGAIN || errno == EINPROGRESS ? "no answer in time" : std::strerror(errno))};
  };
  auto endpoint = net::parse_literal(target.host, target.port);
  if (!endpoint) return Error{fmt::format("admin.listen: '{}' is no address", text_of(target))};
  Descriptor socket(::socket(endpoint->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.fd < 0) return failed("no socket for");
  timeval patience{kTimeoutS, 0};  // connecting included
  ::setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket.fd, endpoint->address(), endpoint->size) != 0) return failed("cannot connect to");
  auto request = fmt::format("GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", text_of(target));
  if (::send(socket.fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return failed("cannot ask");
  }
  std::string answer;
  char part[4096];
  for (;;) {
    auto n = ::recv(socket.fd, part, sizeof part, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("cannot hear");
    if (n == 0 || answer.size() > kMostBytes) return answer;
    answer.append(part, static_cast<std::size_t>(n));
  }
}

/// {"ready":false,"reasons":["draining"]}
std::string reasons_of(int status, std::string_view body) {
  auto json = base::parse_json(body);
  std::string reasons;
  if (json && json->is_object() && json->contains("reasons") && (*json)["reasons"].is_array()) {
    for (const auto& reason : (*json)["reasons"]) {
      if (!reason.is_string()) continue;
      reasons += (reasons.empty() ? "" : ", ") + base::printable(reason.get<std::string>());
    }
  }
  return reasons.empty() ? fmt::format("it answered {}", status) : reasons;
}

}  // namespace

Result<HostPort> health_target(const Config& config) {
  if (config.admin.listen.empty()) {
    return Error{"admin.listen is off, so there is nobody to ask; give it an address, as http://127.0.0.1:5564"};
  }
  auto target = parse_http_address(config.admin.listen);
  if (!target) return Error{"admin.listen: " + target.error().what};
  if (target->host == "0.0.0.0" || target->host == "localhost") target->host = "127.0.0.1";
  if (target->host == "::") target->host = "::1";
  return target;
}

Result<void> read_health_answer(std::string_view answer) {
  wire::ResponseParser parser;
  wire::HeadScanner scanner;
  if (parser.parse(answer, scanner, kMostBytes, wire::ResponseParser::Method::other) !=
      wire::ResponseParser::State::complete) {
    return Error{"the answer is none of HTTP; is something else on the address of admin.listen?"};
  }
  if (parser.response().status == 200) return {};
  return Error{fmt::format("not ready: {}", reasons_of(parser.response().status, answer.substr(parser.head_size())))};
}

int run_health(const Config& config) {
  auto check = [&]() -> Result<void> {
    auto target = health_target(config);
    if (!target) return target.error();
    auto answer = ask(*target);
    if (!answer) return answer.error();
    return read_health_answer(*answer);
  };
  auto healthy = check();
  if (healthy) {
    fmt::print("ready\n");
    return 0;
  }
  fmt::print(stderr, "holdfast: {}\n", healthy.error().what);
  return 1;
}

}  // namespace holdfast::app
