// SPDX-License-Identifier: Apache-2.0
// The origin of `holdfast demo`: a page, and the few endpoints that it lives on.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "demo/demo_state.h"
#include "origin/builtin.h"

namespace holdfast::channel {
class Hub;
}

namespace holdfast::demo {

/// GET / is the page and GET /state the state as JSON. GET /stream holds a stream that begins with the state. GET
/// /poll?after=N answers with the state at once when its version is another than N, and else holds. POST /increment and
/// POST /message change the state, publish it to everybody who is held, and answer with it.
///
/// All cores share the state behind a mutex: this is the demo's, not the data path's.
class DemoOrigin final : public origin::BuiltinOrigin {
 public:
  /// The address of the control port, for the examples on the page; empty when it is off.
  explicit DemoOrigin(std::string_view control_url);

  /// Before the first request.
  void set_hub(channel::Hub& hub) { hub_ = &hub; }

  /// Any thread.
  origin::BuiltinResponse respond(const origin::BuiltinRequest& request) override;

 private:
  origin::BuiltinResponse get(std::string_view path, std::string_view query);
  origin::BuiltinResponse post(std::string_view path, std::string_view body);
  origin::BuiltinResponse poll(std::string_view query);
  void publish();

  const std::string page_;
  channel::Hub* hub_ = nullptr;
  std::mutex mutex_;  // guards state_, and the order in which its versions are published
  DemoState state_;
};

}  // namespace holdfast::demo
