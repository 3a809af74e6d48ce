// SPDX-License-Identifier: Apache-2.0
#include "app/config_form.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

#include <arpa/inet.h>
#include <fmt/core.h>

#include "base/text.h"

namespace holdfast::app {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kTcp = "tcp://";
constexpr std::string_view kIpc = "ipc://";
/// sun_path of sockaddr_un, without its final NUL.
constexpr std::size_t kSocketPathMax = 107;

/// A NUL is refused here because inet_pton would stop reading at it.
bool is_address(int family, std::string_view text, void* address) {
  std::string copy(text);
  return copy.find('\0') == std::string::npos && inet_pton(family, copy.c_str(), address) == 1;
}

bool is_ipv4(std::string_view text) {
  in_addr address{};
  return is_address(AF_INET, text, &address);
}

bool is_ipv6(std::string_view text) {
  in6_addr address{};
  return is_address(AF_INET6, text, &address);
}

bool is_tchar(char c) {  // RFC 9110 §5.6.2
  bool letter_or_digit = (base::lower(c) >= 'a' && base::lower(c) <= 'z') || (c >= '0' && c <= '9');
  return letter_or_digit || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_tchar);
}

/// A DNS name, or anything that only a resolver could tell from one.
bool is_host_name(std::string_view text) {
  auto in_name = [](char c) {
    return (base::lower(c) >= 'a' && base::lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), in_name);
}

Result<std::uint16_t> parse_port(std::string_view text) {
  auto port = base::parse_decimal(text);
  if (!port || *port < 1 || *port > 65535)
    return Error{"the port must be a number from 1 to 65535, with nothing after"};
  return static_cast<std::uint16_t>(*port);
}

/// HOST:PORT; an IPv6 address must stand in brackets. The host is empty when there is none.
Result<HostPort> split_host_port(std::string_view text) {
  HostPort result;
  if (text.starts_with('[')) {
    auto end = text.find(']');
    if (end == std::string_view::npos) return Error{"the bracket of the IPv6 address is not closed"};
    result.host = text.substr(1, end - 1);
    if (!is_ipv6(result.host)) return Error{"what stands in brackets is not an IPv6 address"};
    text.remove_prefix(end + 1);
    if (!text.starts_with(':')) return Error{"the port is missing"};
  } else {
    auto colon = text.find(':');
    if (colon == std::string_view::npos) return Error{"the port is missing"};
    if (is_ipv6(text) || text.find(':', colon + 1) != std::string_view::npos) {
      return Error{"an IPv6 address must stand in brackets, as in [::1]:7999"};
    }
    result.host = text.substr(0, colon);
    text.remove_prefix(colon);
  }
  auto port = parse_port(text.substr(1));
  if (!port) return port.error();
  result.port = *port;
  return result;
}

Result<HostPort> parse_web_address(std::string_view text, std::string_view scheme) {
  auto address = split_host_port(text.substr(scheme.size()));
  if (!address) return address.error();
  if (!is_ipv4(address->host) && !is_ipv6(address->host) && address->host != "localhost") {
    return Error{"the host must be an IP address or localhost, no other name"};
  }
  return address;
}

Result<void> without_value(const Result<HostPort>& address) {
  if (!address) return address.error();
  return {};
}

Result<void> check_socket_path(std::string_view path) {
  if (path.empty()) return Error{"the path is missing"};
  if (path.size() > kSocketPathMax) {
    return Error{fmt::format("the path has {} bytes; the system allows {}", path.size(), kSocketPathMax)};
  }
  return {};
}

Result<void> check_http_address(std::string_view text) {
  return without_value(parse_http_address(text));
}

Result<void> check_listen_address(std::string_view text) {
  auto address = parse_listen_address(text);
  if (!address) return address.error();
  return {};
}

std::optional<std::uint32_t> parse_mode(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  std::uint32_t mode = 0;
  for (char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  }
  return mode <= 0777 ? std::optional(mode) : std::nullopt;
}

/// What follows unix:
Result<ListenAddress> parse_unix_address(std::string_view text) {
  ListenAddress address;
  auto question = text.find('?');
  address.path = text.substr(0, question);
  if (auto good = check_socket_path(address.path); !good) return good.error();
  if (address.path.find('\0') != std::string::npos) return Error{"the path may not hold a NUL"};
  auto query = question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
  while (!query.empty()) {
    auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    auto equals = part.find('=');
    auto name = part.substr(0, equals);
    auto value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    if (name == "mode") {
      auto mode = parse_mode(value);
      if (!mode) return Error{"mode must be permissions in octal, as in mode=660"};
      address.mode = *mode;
    } else if (name == "user" && !value.empty()) {
      address.user = value;
    } else if (name == "group" && !value.empty()) {
      address.group = value;
    } else {
      return Error{"what may follow the path is ?mode=660&user=NAME&group=NAME"};
    }
  }
  return address;
}

enum class End { bind, peer };

Result<void> check_zmq_address(std::string_view text, End end) {
  if (text.starts_with(kIpc)) return check_socket_path(text.substr(kIpc.size()));
  if (!text.starts_with(kTcp)) return Error{"it must begin with tcp:// or ipc://"};
  auto address = split_host_port(text.substr(kTcp.size()));
  if (!address) return address.error();
  if (is_ipv4(address->host) || is_ipv6(address->host)) return {};
  if (end == End::bind) {
    if (address->host == "*") return {};
    return Error{"the host must be an IP address, or * for all of them; ZeroMQ binds to no name"};
  }
  if (!is_host_name(address->host)) return Error{"the host must be an IP address or a name"};
  return {};
}

Result<void> check_zmq_bind(std::string_view text) {
  return check_zmq_address(text, End::bind);
}
Result<void> check_zmq_peer(std::string_view text) {
  return check_zmq_address(text, End::peer);
}

Result<void> check_network(std::string_view text) {
  auto slash = text.find('/');
  auto host = text.substr(0, slash);
  bool v4 = is_ipv4(host);
  if (!v4 && !is_ipv6(host)) return Error{"the part before the slash must be an IP address"};
  if (slash == std::string_view::npos) return {};
  auto bits = base::parse_decimal(text.substr(slash + 1));
  unsigned max = v4 ? 32 : 128;
  if (!bits || *bits > max) return Error{fmt::format("the part after the slash must be a number from 0 to {}", max)};
  return {};
}

Result<void> check_forwarded_rule(std::string_view text) {
  constexpr std::string_view kTruncate = "truncate:";
  if (text == "append") return {};
  if (!text.starts_with(kTruncate)) return Error{"the rules are append and truncate:N"};
  auto count = base::parse_decimal(text.substr(kTruncate.size()));
  if (!count || *count > 1000) return Error{"truncate needs the number of addresses to keep, 0 to 1000"};
  return {};
}

Result<void> check_cdn_id(std::string_view text) {
  auto colon = text.find(':');
  if (!is_token(text.substr(0, colon))) return Error{"it may hold letters, digits and !#$%&'*+-.^_`|~ only"};
  if (colon == std::string_view::npos) return {};
  auto port = parse_port(text.substr(colon + 1));
  if (!port) return port.error();
  return {};
}

Result<void> check_field_name(std::string_view text) {
  if (!is_token(text)) return Error{"it may hold letters, digits and !#$%&'*+-.^_`|~ only"};
  return {};
}

Result<void> check_token(std::string_view text) {
  if (text.empty()) return Error{"it is empty, and would let everybody in"};
  bool fits = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!fits || text.front() == ' ' || text.back() == ' ') {
    return Error{"it may hold printable ASCII characters only, and no space at its ends"};
  }
  return {};
}

Result<void> check_word(std::string_view text) {
  if (text.find(' ') != std::string_view::npos) return Error{"it may not hold spaces"};
  return {};
}

/// One of the prefixes, something behind it, and no space anywhere.
Result<void> check_prefix(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  for (auto prefix : prefixes) {
    if (text.starts_with(prefix) && text.size() > prefix.size()) return check_word(text);
  }
  std::string names;
  for (auto prefix : prefixes) names += (names.empty() ? "" : ", ") + std::string(prefix);
  return Error{"it must begin with one of " + names};
}

Result<void> check_script_url(std::string_view text) {
  return check_prefix(text, {"https://", "http://", "/"});
}
Result<void> check_broker_url(std::string_view text) {
  return check_prefix(text, {"redis://", "rediss://", "nats://", "zmq+tcp://"});
}

}  // namespace

constinit const Form kListenAddress{"an address to listen on", "http://0.0.0.0:7999", check_listen_address};
constinit const Form kHttpAddress{"an HTTP address", "http://127.0.0.1:5561", check_http_address};
constinit const Form kZmqBindAddress{"a ZeroMQ address to bind", "tcp://127.0.0.1:5560", check_zmq_bind};
constinit const Form kZmqPeerAddress{"a ZeroMQ address to connect to", "tcp://hub:5565", check_zmq_peer};
constinit const Form kNetwork{"a network", "10.0.0.0/8", check_network};
constinit const Form kForwardedRule{"an X-Forwarded-For rule", "append", check_forwarded_rule};
constinit const Form kCdnId{"a CDN-Loop identifier", "edge.example", check_cdn_id};
constinit const Form kFieldName{"a header name", "X-Request-Id", check_field_name};
constinit const Form kScriptUrl{"the URL of a script", "https://cdn.example/sockjs.min.js", check_script_url};
constinit const Form kBrokerUrl{"the URL of a broker", "redis://127.0.0.1:6379", check_broker_url};
constinit const Form kToken{"a token", "a-secret-of-16-bytes-or-more", check_token};
constinit const Form kWord{"one word", "holdfast.", check_word};

Result<HostPort> parse_http_address(std::string_view text) {
  if (!text.starts_with(kHttp)) return Error{"it must begin with http://"};
  return parse_web_address(text, kHttp);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  if (text.starts_with(kUnix)) return parse_unix_address(text.substr(kUnix.size()));
  ListenAddress address;
  address.tls = text.starts_with(kHttps);
  if (!address.tls && !text.starts_with(kHttp)) return Error{"it must begin with http://, https:// or unix:"};
  auto tcp = parse_web_address(text, address.tls ? kHttps : kHttp);
  if (!tcp) return tcp.error();
  address.tcp = *tcp;
  return address;
}

bool is_local_address(std::string_view address) {
  if (address.starts_with(kIpc) || address.starts_with(kUnix)) return true;
  auto scheme = address.find("://");
  if (scheme == std::string_view::npos) return false;
  auto host_port = split_host_port(address.substr(scheme + 3));
  if (!host_port) return false;
  const auto& host = host_port->host;
  if (host == "localhost") return true;
  in6_addr v6{};
  if (is_address(AF_INET6, host, &v6)) return IN6_IS_ADDR_LOOPBACK(&v6);
  return is_ipv4(host) && host.starts_with("127.");
}

}  // namespace holdfast::app
