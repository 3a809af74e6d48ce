// SPDX-License-Identifier: Apache-2.0
// Where `holdfast publish` publishes to, and as whom: GRIP_URL and --spec, taken apart (`clients` §1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <holdfast/result.h>

namespace holdfast::app {

/// Credentials beside those of the address. Of the command line at most one is given, and wins over the address.
struct PublishCredentials {
  std::string user;        ///< "name:password", of the command line
  std::string bearer;      ///< a token, of the command line
  std::string own_bearer;  ///< a token of the daemon on this machine, for where there is nothing else
};

/// The control port of a GRIP proxy, or a ZeroMQ socket that takes items.
struct PublishTarget {
  enum class Kind : std::uint8_t { http, zmq };

  Kind kind = Kind::http;
  std::string address;  ///< for messages, without secrets; of ZeroMQ also what is connected to

  // HTTP only:
  std::string host;           ///< a name or an IP address, IPv6 without brackets
  std::string port;           ///< digits
  std::string authority;      ///< the Host field
  std::string target;         ///< of the request: path and query
  std::string authorization;  ///< the field's value; empty: none
};

/// Understood are tcp:// and ipc:// (ZeroMQ), and http://[USER:PASSWORD@]HOST[:PORT][/PATH][?QUERY], to which /publish/
/// is added. Of the query, `iss` and `key` become a bearer JWT that is valid for ten minutes from `now_unix` (seconds
/// since 1970), `key` alone is a bearer token, `verify-iss` and `verify-key` are for backends, and the rest is kept. A
/// `+` stands for itself, since base64 has it.
///
/// Credentials are refused where they would leave this machine in clear text. No error quotes a secret.
Result<PublishTarget> parse_publish_target(std::string_view address, const PublishCredentials& credentials,
                                           std::int64_t now_unix);

}  // namespace holdfast::app
