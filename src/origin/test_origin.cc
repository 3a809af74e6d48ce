// SPDX-License-Identifier: Apache-2.0
#include "origin/test_origin.h"

#include "wire/field_value.h"
#include "wire/uri.h"

namespace holdfast::origin {
namespace {

constexpr std::size_t kMaxBodyBytes = 100000;

BuiltinResponse text(int status, std::string body) {
  return {status, {{"Content-Type", "text/plain"}}, std::move(body)};
}

/// Names that a Grip-Channel header cannot say are left out.
bool fits_header(const std::string& channel) {
  return !channel.empty() && channel.find_first_of(",;\"") == std::string::npos && wire::valid_field_value(channel);
}

BuiltinResponse hold(const char* mode, std::string_view target, std::string body) {
  auto response = text(200, std::move(body));
  response.headers.push_back({"Grip-Hold", mode});
  bool any = false;
  for (auto& [name, value] : wire::query_parameters(wire::target_query(target))) {
    if (name != "channel" || !fits_header(value)) continue;
    response.headers.push_back({"Grip-Channel", value});
    any = true;
  }
  if (!any) response.headers.push_back({"Grip-Channel", "test"});
  return response;
}

}  // namespace

BuiltinResponse TestOrigin::respond(const BuiltinRequest& request) {
  if (request.body.size() > kMaxBodyBytes) return text(400, "request too large\n");
  auto path = wire::target_path(request.target);
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/") return text(200, "Hello from the Holdfast test target\n");
  if (path == "/response") return hold("response", request.target, "nothing for now\n");
  if (path == "/stream") return hold("stream", request.target, "[stream opened]\n");
  return text(404, "no such test resource\n");
}

}  // namespace holdfast::origin
