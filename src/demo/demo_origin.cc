// SPDX-License-Identifier: Apache-2.0
#include "demo/demo_origin.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/text.h"
#include "channel/hub.h"
#include "demo/page.h"
#include "grip/encode.h"
#include "wire/uri.h"

namespace holdfast::demo {
namespace {

using origin::BuiltinResponse;

/// The page needs nothing from elsewhere, and nothing from elsewhere may get into it.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Resource {
  std::string_view path;
  std::string_view method;
};
constexpr std::array<Resource, 6> kResources{{{"/", "GET"},
                                              {"/state", "GET"},
                                              {"/stream", "GET"},
                                              {"/poll", "GET"},
                                              {"/increment", "POST"},
                                              {"/message", "POST"}}};

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string make_page(std::string_view control_url) {
  std::string out(page());
  auto url = escape_html(control_url);
  for (std::size_t at = 0; (at = out.find(kControlMark, at)) != std::string::npos; at += url.size()) {
    out.replace(at, kControlMark.size(), url);
  }
  return out;
}

/// What is never the same twice must not be cached, by nobody.
BuiltinResponse fresh(int status, const char* type, std::string body) {
  return {status, {{"Content-Type", type}, {"Cache-Control", "no-store"}}, std::move(body)};
}

BuiltinResponse text(int status, const std::string& line) {
  return fresh(status, "text/plain", line + "\n");
}

BuiltinResponse json(const DemoState& state) {
  return fresh(200, "application/json", state.to_json() + "\n");
}

BuiltinResponse hold(BuiltinResponse response, const char* mode) {
  response.headers.push_back({"Grip-Hold", mode});
  response.headers.push_back({"Grip-Channel", kChannel});
  return response;
}

}  // namespace

DemoOrigin::DemoOrigin(std::string_view control_url) : page_(make_page(control_url)) {}

BuiltinResponse DemoOrigin::respond(const origin::BuiltinRequest& request) {
  auto path = wire::target_path(request.target);
  const auto* known = std::find_if(kResources.begin(), kResources.end(), [&](const auto& r) { return r.path == path; });
  if (known == kResources.end()) return text(404, "the demo has no such page");
  // An answer to HEAD is that to GET; the proxy leaves its body out.
  auto method = request.method == "HEAD" ? std::string_view("GET") : request.method;
  if (method != known->method) {
    auto response = text(405, "this takes " + std::string(known->method) + " only");
    response.headers.push_back({"Allow", std::string(known->method)});
    return response;
  }
  return method == "GET" ? get(path, wire::target_query(request.target)) : post(path, request.body);
}

BuiltinResponse DemoOrigin::get(std::string_view path, std::string_view query) {
  if (path == "/") {
    auto response = fresh(200, "text/html; charset=utf-8", page_);
    response.headers.push_back({"Content-Security-Policy", kPagePolicy});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    return response;
  }
  std::lock_guard lock(mutex_);
  if (path == "/poll") return poll(query);
  if (path == "/state") return json(state_);
  // A change from here on waits behind this answer, and may be in it already: versions tell.
  auto response = hold(fresh(200, "text/event-stream", "retry: 1000\n" + state_.to_event()), "stream");
  response.headers.push_back({"Grip-Keep-Alive", ":\\n\\n; format=cstring; timeout=20"});
  return response;
}

/// A version that is ahead of ours is of an earlier run of the demo: its owner is told at once, too.
BuiltinResponse DemoOrigin::poll(std::string_view query) {
  std::optional<std::uint64_t> after;
  for (const auto& [name, value] : wire::query_parameters(query)) {
    if (name != "after") continue;
    after = base::parse_decimal(value);
    if (!after) return text(400, "after takes the version that you have, a whole number");
  }
  if (after != state_.version()) return json(state_);
  auto response = hold(json(state_), "response");
  response.headers.push_back({"Grip-Timeout", "25"});
  return response;
}

BuiltinResponse DemoOrigin::post(std::string_view path, std::string_view body) {
  std::lock_guard lock(mutex_);
  if (path == "/increment") {
    state_.increment();
  } else if (auto added = state_.add_message(body); !added) {
    return text(added.error().status, added.error().what);
  }
  publish();
  return json(state_);
}

void DemoOrigin::publish() {
  HF_ASSERT(hub_);
  std::vector<NewMessageRef> messages;
  messages.push_back(grip::encode_message(state_.to_item()));
  hub_->publish(std::move(messages));
}

}  // namespace holdfast::demo
