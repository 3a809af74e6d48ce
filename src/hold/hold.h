// SPDX-License-Identifier: Apache-2.0
// What every hold on a core shares, and what every hold keeps of its request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <holdfast/bytes.h>
#include <holdfast/exchange.h>
#include <holdfast/instruct.h>

#include "channel/table.h"
#include "net/core.h"

namespace holdfast::hold {

enum class SlowClient : std::uint8_t { close, drop };

struct HoldOptions {
  std::size_t send_buffer_max_bytes = 1048576;
  SlowClient slow_client = SlowClient::close;
  std::size_t subscriptions_max = 100;
};

/// What is kept of a held request, for log lines and for operators: its line, and the session's meta. One allocation.
class HeldRequest {
 public:
  using Meta = std::map<std::string, std::string>;

  HeldRequest(std::string_view method, std::string_view target, std::string_view host, std::string_view route_id,
              const Meta& meta = {});
  void describe(AccessNote& note) const;
  void describe(HoldNote& note) const;
  std::string_view target() const;
  std::string_view route_id() const;

 private:
  /// What the block begins with; the texts follow. Nobody needs more of a method or of a route's id.
  struct Sizes {
    std::uint32_t target;
    std::uint32_t host;
    std::uint32_t meta;
    std::uint16_t method;
    std::uint16_t route;
  };
  Sizes sizes() const;
  std::string_view text(std::size_t offset, std::size_t size) const;

  std::unique_ptr<char[]> block_;
};

/// The channels that a hold is subscribed to, for operators.
void describe_channels(const channel::Subscriber& subscriber, HoldNote& note);

/// What the holds of one core work with.
struct HoldContext {
  HoldContext(net::Core& own_core, channel::ChannelTable& own_table, const HoldOptions& given)
      : core(own_core), table(own_table), options(given) {}

  /// One block for each keep-alive content in use, framed as a chunk, shared by everybody who sends it.
  BytesRef keep_alive_block(const std::string& content);

  net::Core& core;
  channel::ChannelTable& table;
  HoldOptions options;

 private:
  std::unordered_map<std::string, BytesRef> keep_alive_blocks_;
};

/// Who asks for channels, for the log.
struct Asker {
  const Exchange& exchange;
  std::string_view route_id;
  std::string_view target;
};

/// The full names that an instruct subscribes to: the route's prefix before each, doubles removed, at most
/// `subscriptions_max` of them (the rest is cut, counted and logged), then the channels that the target adds.
std::vector<std::string> channel_names(HoldContext& context, const Instruct& instruct, std::string_view prefix,
                                       const std::vector<std::string>& implicit, const Asker& asker);

}  // namespace holdfast::hold
