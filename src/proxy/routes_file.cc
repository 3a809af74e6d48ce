// SPDX-License-Identifier: Apache-2.0
#include "proxy/routes_file.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "net/address.h"
#include "proxy/route_properties.h"
#include "proxy/route_sections.h"
#include "proxy/route_table.h"
#include "wire/http1_request.h"

namespace holdfast::proxy {
namespace {

constexpr std::size_t kMaxLineBytes = 65536;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string quoted(std::string_view text) {
  return fmt::format("'{}'", base::printable(text));
}

/// Why a condition's host cannot be used, or an empty string.
std::string check_host(std::string_view host) {
  if (host.find('*') != std::string_view::npos) {
    return fmt::format("the host {}: only a '*' alone stands for any host; give each host a line of its own",
                       quoted(host));
  }
  auto bare = route_host(host);
  if (!wire::valid_authority(host) || bare.empty()) {
    return fmt::format("{} is not a host: write it as clients do in Host, e.g. example.com, or '*' for any",
                       quoted(host));
  }
  auto without_port = host.starts_with('[') ? bare.size() + 2 : host.find(':');
  if (without_port < host.size()) {
    return fmt::format("the host {}: a port is not part of the condition, write {}", quoted(host),
                       quoted(host.substr(0, without_port)));
  }
  return {};
}

bool is_name_char(char c) {
  char l = base::lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

constexpr std::string_view kUnix = "unix:";

/// Fills in host and port, or says why that is not possible.
std::string parse_tcp_target(Target& target) {
  const auto& text = target.text;
  auto bad = [&text](std::string_view mend) { return fmt::format("{} is not a target: {}", quoted(text), mend); };
  if (is_target_property(text)) {
    return bad(fmt::format("put it behind the target with a comma and no space, e.g. localhost:8080,{}", text));
  }
  if (text.find("://") != std::string::npos) return bad("write host:port instead of a URL, e.g. localhost:8080");
  auto colon = text.rfind(':');
  bool bracketed = text.starts_with('[');
  if (colon == std::string::npos || (bracketed && text.ends_with(']'))) {
    return bad("a target is host:port, e.g. localhost:8080");
  }
  auto port = base::parse_decimal(std::string_view(text).substr(colon + 1));
  if (!port || colon == 0) return bad("a target is host:port, e.g. localhost:8080");
  if (*port == 0 || *port > 65535) return bad("the port must be in 1-65535");
  auto host = text.substr(0, colon);
  if (!bracketed && host.find(':') != std::string::npos) {
    return bad("an IPv6 address stands in brackets, e.g. [::1]:8080");
  }
  if (bracketed) {
    host = host.ends_with(']') ? host.substr(1, host.size() - 2) : std::string();
    auto literal = net::parse_literal(host, 0);
    if (!literal || literal->family() != AF_INET6)
      return bad("what stands in brackets is an IPv6 address, e.g. [::1]:8080");
  } else if (!std::all_of(host.begin(), host.end(), is_name_char)) {
    return bad("its host is a name or an IP address, e.g. localhost:8080");
  }
  target.host = host;
  target.port = static_cast<std::uint16_t>(*port);
  return {};
}

/// Parses lines one after the other, and remembers of each what the later ones are compared with.
class RoutesParser {
 public:
  RoutesParser(const std::string& file_name, const RoutesOptions& options) : file_(file_name), options_(options) {}

  void parse_line(std::string_view text) {
    ++line_;
    said_.clear();
    Route route;
    if (parse_route(text, route)) add(std::move(route));
  }

  ParsedRoutes take() { return std::move(parsed_); }

 private:
  /// What makes two lines the same (SEL-4). The id counts only where it is all that a line can be reached by.
  using Condition = std::tuple<std::string, bool, Route::Proto, Route::Transport, std::string, std::string>;

  static std::string check_line(std::string_view text) {
    if (text.size() > kMaxLineBytes) return fmt::format("the line is longer than {} bytes: split it", kMaxLineBytes);
    auto control = std::find_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    });
    if (control == text.end()) return {};
    return fmt::format("a control character (0x{:02x}) at byte {}: remove it", static_cast<unsigned char>(*control),
                       control - text.begin() + 1);
  }

  // These fill in what they are named for. False: that line is none, or bad, which has been reported.

  bool parse_route(std::string_view text, Route& route) {
    if (auto error = check_line(text); !error.empty()) return fail(std::move(error));
    auto sections = parse_sections(text);
    if (!sections) return fail(sections.error().what);
    if (sections->empty()) return false;
    if (sections->size() == 1) {
      return fail(fmt::format("a route is a condition and one or more targets, separated by spaces: {}",
                              text.find('#') == std::string_view::npos
                                  ? "write e.g. '* localhost:8080'"
                                  : "a '#' begins a comment, so put quotes around a value that has one"));
    }
    route.file = file_;
    route.line = line_;
    if (!parse_condition(sections->front(), route)) return false;
    return std::all_of(sections->begin() + 1, sections->end(), [&](const RouteSection& section) {
      return parse_target(section, route.targets.emplace_back());
    });
  }

  bool parse_condition(const RouteSection& section, Route& route) {
    if (section.value == "*") {
      route.any_host = true;
    } else if (!section.value.empty()) {
      if (auto error = check_host(section.value); !error.empty()) return fail(std::move(error));
      route.host = base::to_lower(route_host(section.value));
    }
    return note(apply_properties(route, section.properties));
  }

  bool parse_target(const RouteSection& section, Target& target) {
    target.text = section.value;
    if (!note(apply_properties(target, section.properties))) return false;
    if (target.text == "test") {
      target.kind = Target::Kind::test;
    } else if (target.text == "demo" && options_.allow_demo) {
      target.kind = Target::Kind::demo;
    } else if (target.text.starts_with("zhttp/") || target.text.starts_with("zhttpreq/")) {
      target.kind = Target::Kind::unsupported;
      target.unsupported = "zhttp targets";
      warn("zhttp targets are not supported: requests to it are answered 501");
    } else if (target.text.empty()) {
      return fail("a target begins with its host:port: write e.g. localhost:8080,property");
    } else if (target.text.starts_with(kUnix)) {
      target.host = target.text.substr(kUnix.size());
      if (!net::unix_endpoint(target.host) || target.host.front() != '/') {
        return fail("a unix socket is named by its absolute path of at most 107 bytes, e.g. unix:/run/api.sock");
      }
    } else if (auto error = parse_tcp_target(target); !error.empty()) {
      return fail(std::move(error));
    }
    if (target.client_cert.empty() != target.client_key.empty()) {
      return fail("client_cert and client_key belong together: give both or neither");
    }
    bool tls_options = target.insecure || target.trust_connect_host || !target.client_cert.empty();
    if (!target.tls && tls_options)
      warn("insecure, trust_connect_host, client_cert and client_key have no effect without ssl");
    return true;
  }

  void add(Route route) {
    bool by_id_only = route.host.empty() && !route.any_host;
    Condition condition(route.host, route.any_host, route.proto, route.transport, route.path_beg,
                        by_id_only ? route.id : std::string());
    auto [same, is_new] = conditions_.emplace(std::move(condition), line_);
    if (!is_new) {
      warn(
          fmt::format("line {} has the same condition, so this one is skipped: remove it, or change its host, proto, "
                      "ssl or path_beg",
                      same->second));
      return;
    }
    if (by_id_only && route.id.empty()) {
      warn("no request can reach this line, for it has neither a host nor an id: begin it with a host or '*'");
    }
    if (!route.id.empty()) {
      auto [owner, is_first] = ids_.emplace(route.id, line_);
      if (!is_first) {
        warn(fmt::format("the id {} is that of line {} too, so neither can be selected by it: give each its own",
                         quoted(route.id), owner->second));
      }
    }
    parsed_.routes.push_back(std::move(route));
  }

  /// Passes the notes on; whether the line can be used.
  bool note(PropertyNotes notes) {
    for (auto& warning : notes.warnings) warn(std::move(warning));
    return notes.error.empty() || fail(std::move(notes.error));
  }

  bool fail(std::string what) {
    report(RouteIssue::Severity::error, std::move(what));
    return false;
  }
  void warn(std::string what) { report(RouteIssue::Severity::warning, std::move(what)); }

  /// Says the same about a line once only, however many of its targets it is true of.
  void report(RouteIssue::Severity severity, std::string what) {
    if (!said_.insert(what).second) return;
    parsed_.issues.push_back({severity, file_, line_, std::move(what)});
  }

  const std::string& file_;
  RoutesOptions options_;
  ParsedRoutes parsed_;
  int line_ = 0;
  std::set<std::string> said_;           // about the current line
  std::map<Condition, int> conditions_;  // and the line that has it
  std::map<std::string, int> ids_;
};

}  // namespace

std::string RouteIssue::text() const {
  return fmt::format("{}:{}: {}", file, line, what);
}

bool ParsedRoutes::has_errors() const {
  return std::any_of(issues.begin(), issues.end(),
                     [](const RouteIssue& issue) { return issue.severity == RouteIssue::Severity::error; });
}

ParsedRoutes parse_routes(std::string_view text, const std::string& file_name, const RoutesOptions& options) {
  RoutesParser parser(file_name, options);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    parser.parse_line(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parser.take();
}

}  // namespace holdfast::proxy
