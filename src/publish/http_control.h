// SPDX-License-Identifier: Apache-2.0
// The HTTP control endpoint: POST /publish/ and its neighbours (contract §4, publishing §1).
#pragma once

#include <string_view>
#include <utility>

#include <holdfast/exchange.h>

#include "base/counters.h"
#include "channel/hub.h"
#include "front/credentials.h"

namespace holdfast::publish {

/// One for each core's control listener. Keep-alive, pipelining and chunked bodies are the session's; body_max_bytes
/// bounds what is collected here. With credentials, every request needs one but GET /healthz, and is answered with 401
/// before anything of its body is kept.
class ControlEndpoint final : public RequestAcceptor {
 public:
  ControlEndpoint(channel::Hub& hub, base::Counters& counters) : hub_(hub), counters_(counters) {}

  /// For requests that come from now on; null: none are asked for.
  void set_credentials(front::CredentialsRef credentials) { credentials_ = std::move(credentials); }

  void on_request(Exchange& exchange, const RequestView& request, std::string_view body, End end) override;

 private:
  channel::Hub& hub_;
  base::Counters& counters_;
  front::CredentialsRef credentials_;
};

/// Which form a success answer takes (publishing §1.2), by the Accept values of a request.
enum class AnswerForm { text, json, not_acceptable };
AnswerForm choose_form(Fields fields);

}  // namespace holdfast::publish
