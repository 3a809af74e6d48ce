// SPDX-License-Identifier: Apache-2.0
// The forms that texts in the configuration must have: addresses, networks, header rules. Nothing here looks a name up
// or touches the network.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <holdfast/result.h>

namespace holdfast::app {

/// A form of text: `check` says what is wrong with one, without quoting it.
struct Form {
  std::string_view what;  ///< with its article: "a network"
  std::string_view example;
  Result<void> (*check)(std::string_view text);
};

extern const Form kListenAddress;   ///< of clients: http://, https:// or unix:
extern const Form kHttpAddress;     ///< of control and admin: http:// only
extern const Form kZmqBindAddress;  ///< tcp:// with an IP address or *, or ipc://
extern const Form kZmqPeerAddress;  ///< to connect to: tcp:// with an IP address or a name, or ipc://
extern const Form kNetwork;         ///< an IP address, with /N or without
extern const Form kForwardedRule;   ///< grip-http XFF-1: append, truncate:N
extern const Form kCdnId;           ///< RFC 8586 §2: a token or a host, with a port or without
extern const Form kFieldName;       ///< RFC 9110 §5.1
extern const Form kScriptUrl;       ///< what a page can load a script from
extern const Form kBrokerUrl;       ///< with a scheme of a broker that is known
extern const Form kToken;           ///< a credential that a header field can carry
extern const Form kWord;            ///< without spaces

struct HostPort {
  std::string host;  ///< IPv4, IPv6 without brackets, or "localhost"
  std::uint16_t port = 0;

  bool operator==(const HostPort&) const = default;
};

/// http://HOST:PORT, where HOST is an IPv4 address, an IPv6 address in brackets or `localhost`, and PORT 1–65535;
/// nothing may follow.
Result<HostPort> parse_http_address(std::string_view text);

/// Where clients are listened for.
struct ListenAddress {
  HostPort tcp;      ///< when `path` is empty
  bool tls = false;  ///< https://
  std::string path;  ///< of a unix socket
  std::uint32_t mode = 0660;
  std::string user;   ///< that the socket is given to; empty: ours
  std::string group;  ///< likewise

  bool operator==(const ListenAddress&) const = default;
};

/// http://HOST:PORT, https://HOST:PORT or unix:/PATH?mode=660&user=NAME&group=NAME, where each part of the query may be
/// left out.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// Whether only this machine can reach an address of one of the forms above: 127.0.0.0/8, ::1, localhost, ipc:// and
/// unix:.
bool is_local_address(std::string_view address);

}  // namespace holdfast::app
