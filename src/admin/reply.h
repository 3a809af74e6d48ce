// SPDX-License-Identifier: Apache-2.0
// Requests of the admin listener, and the way back for their answers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/headers.h>
#include <holdfast/result.h>

#include "admin/context.h"
#include "base/json_fwd.h"

namespace holdfast::admin {

struct Answer {
  int status = 200;
  std::string body{};
  std::string type = "text/plain; charset=utf-8";
  HeaderList headers{};
};
Answer json_answer(int status, const base::Json& body);
/// {"error":"…"}
Answer error_answer(int status, std::string_view what);

/// Where the answer of one request goes. Made and used on the request's core; other threads only carry it.
class Reply {
 public:
  Reply(net::Core& core, std::function<void(const Answer&)> send) : core_(core), send_(std::move(send)) {}

  net::Core& core() const { return core_; }
  /// The first answer counts, as long as somebody waits for it.
  void send(const Answer& answer) {
    if (auto send = std::exchange(send_, nullptr)) send(answer);
  }
  void cancel() { send_ = nullptr; }

 private:
  net::Core& core_;
  std::function<void(const Answer&)> send_;
};
using ReplyRef = std::shared_ptr<Reply>;

/// One request, in full.
struct Request {
  const Context& context;
  std::shared_ptr<const Settings> settings;
  std::string method;
  std::string target;
  std::string host;
  std::string accept;
  std::string name;  ///< behind the resource's path, decoded: a channel, or a connection
  std::string body;

  /// The query as name and value, in order; an error when a name is not among the known ones.
  Result<std::vector<std::pair<std::string, std::string>>> query(const std::vector<std::string_view>& known) const;
};

/// A page of a list: how much, and behind what.
inline constexpr std::size_t kDefaultLimit = 100;
inline constexpr std::size_t kMostLimit = 1000;
Result<std::size_t> parse_limit(std::string_view text);

}  // namespace holdfast::admin
