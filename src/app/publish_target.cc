// SPDX-License-Identifier: Apache-2.0
#include "app/publish_target.h"

#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "app/config_form.h"
#include "base/jwt.h"
#include "base/text.h"
#include "wire/field_value.h"
#include "wire/uri.h"

namespace holdfast::app {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr std::int64_t kTokenValidity_s = 600;

/// The parameters of a GRIP_URL, and what is left of its query.
struct GripQuery {
  std::optional<std::string> issuer;
  std::optional<std::string> key;
  std::string rest;
};

GripQuery parse_query(std::string_view query) {
  GripQuery out;
  for (auto part : base::split(query, '&')) {
    if (part.empty()) continue;
    auto name = part.substr(0, part.find('='));
    // Not the decoding of forms: the `+` of an unescaped base64 key must not become a space.
    auto value = wire::percent_decode(part.substr(std::min(name.size() + 1, part.size())));
    if (name == "iss") {
      out.issuer = value;
    } else if (name == "key") {
      out.key = value;
    } else if (name != "verify-iss" && name != "verify-key") {
      if (!out.rest.empty()) out.rest += '&';
      out.rest += part;
    }
  }
  return out;
}

bool is_host(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  return !text.empty() && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

/// HOST, HOST:PORT or either with an IPv6 address in brackets.
Result<void> parse_authority(std::string_view authority, PublishTarget& out) {
  out.authority = authority;
  std::string_view port = "80";
  std::string_view host = authority;
  bool bracketed = authority.starts_with('[');
  auto end = bracketed ? authority.find(']') : std::string_view::npos;
  if (bracketed && end == std::string_view::npos) return Error{"the address has a '[' without its ']'"};
  auto colon = authority.find(':', bracketed ? end : 0);
  if (colon != std::string_view::npos) {
    port = authority.substr(colon + 1);
    host = authority.substr(0, colon);
  }
  if (bracketed) {
    if (host.size() != end + 1) return Error{"the address has something between its ']' and the port"};
    host = host.substr(1, end - 1);
    if (host.empty() || host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) {
      return Error{"the address has no IPv6 address between its brackets"};
    }
  } else if (!is_host(host)) {
    return Error{"the address has no host that could be looked up; an example is http://localhost:5561"};
  }
  auto number = base::parse_decimal(port);
  if (!number || *number < 1 || *number > 65535) return Error{"the port of the address is not one of 1 to 65535"};
  out.host = host;
  out.port = port;
  return {};
}

std::string basic(std::string_view user) {
  return "Basic " + base::encode_base64(user);
}

/// What goes into the Authorization field, empty for nothing.
Result<std::string> authorization_of(const PublishCredentials& credentials, std::string_view userinfo,
                                     const GripQuery& query, bool local, std::int64_t now_unix) {
  if (!credentials.bearer.empty()) return "Bearer " + credentials.bearer;
  if (!credentials.user.empty()) {
    if (credentials.user.find(':') == std::string::npos) return Error{"--user takes NAME:PASSWORD"};
    return basic(credentials.user);
  }
  if (query.issuer) {
    if (!query.key) return Error{"the address has iss=, but no key= to sign with"};
    auto key = base::SigningKey::parse(*query.key, ".");
    if (!key) return Error{"key= of the address: " + key.error().what};
    auto token = key->sign(*query.issuer, now_unix + kTokenValidity_s);
    if (!token) return Error{"iss= of the address: " + token.error().what};
    return "Bearer " + *token;
  }
  if (query.key && !query.key->empty()) return "Bearer " + *query.key;
  if (!userinfo.empty()) return basic(wire::percent_decode(userinfo));
  if (local && !credentials.own_bearer.empty()) return "Bearer " + credentials.own_bearer;
  return std::string();
}

Result<PublishTarget> parse_http(std::string_view rest, const PublishCredentials& credentials, std::int64_t now_unix) {
  auto query = parse_query(wire::target_query(rest));
  rest = wire::target_path(rest);
  auto authority = rest.substr(0, rest.find('/'));
  auto path = rest.substr(authority.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  auto at = authority.rfind('@');
  auto userinfo = at == std::string_view::npos ? std::string_view() : authority.substr(0, at);
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);

  PublishTarget out;
  if (auto parsed = parse_authority(authority, out); !parsed) return parsed.error();
  out.target = std::string(path) + "/publish/";
  if (!query.rest.empty()) out.target += "?" + query.rest;
  out.address = fmt::format("{}{}{}", kHttp, authority, path);
  bool is_v6 = out.host.find(':') != std::string::npos;
  bool local = is_local_address(fmt::format("http://{}:{}", is_v6 ? "[" + out.host + "]" : out.host, out.port));
  auto authorization = authorization_of(credentials, userinfo, query, local, now_unix);
  if (!authorization) return authorization.error();
  out.authorization = std::move(*authorization);
  if (!wire::valid_field_value(out.authorization)) return Error{"the credentials have control characters in them"};
  // What goes to loopback is seen by nobody who could not read it from us.
  if (!out.authorization.empty() && !local) {
    return Error{
        fmt::format("credentials would go to {} over plain http, for everybody on the way to read; https:// is "
                    "not yet supported, so publish from the machine itself, or without credentials",
                    out.address)};
  }
  return out;
}

}  // namespace

Result<PublishTarget> parse_publish_target(std::string_view address, const PublishCredentials& credentials,
                                           std::int64_t now_unix) {
  auto legal = [](char c) { return c > 0x20 && c < 0x7f && c != '#'; };
  if (!std::all_of(address.begin(), address.end(), legal)) {
    return Error{"the address has characters that must be written as %HH: spaces, '#', control or non-ASCII ones"};
  }
  if (base::istarts_with(address, kHttp)) return parse_http(address.substr(kHttp.size()), credentials, now_unix);
  if (base::istarts_with(address, kHttps)) {
    return Error{"https:// is not yet supported: use http:// on the machine itself, or a tunnel to it"};
  }
  if (!address.starts_with("tcp://") && !address.starts_with("ipc://")) {
    return Error{"the address must begin with http://, tcp:// or ipc://, as http://localhost:5561 does"};
  }
  if (!credentials.user.empty() || !credentials.bearer.empty()) {
    return Error{"ZeroMQ takes no credentials: leave --user and --bearer out"};
  }
  return PublishTarget{.kind = PublishTarget::Kind::zmq, .address = std::string(address)};
}

}  // namespace holdfast::app
