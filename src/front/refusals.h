// SPDX-License-Identifier: Apache-2.0
// Clients that are turned away as they come: each gets a complete answer, and costs next to nothing.
#pragma once

#include <cstddef>
#include <string_view>

#include <boost/intrusive/list.hpp>

#include "net/core.h"

namespace holdfast::front {

class RefusedClient;
using RefusedHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// One core's. A close with input unread is a reset, which may destroy the answer before the client has read it; so a
/// refused client is listened to for a moment, as long as there are few of them.
class Refusals {
 public:
  explicit Refusals(net::Core& core);
  ~Refusals();

  enum class Linger : bool { no, yes };
  /// Takes an accepted descriptor, sends the answer and closes.
  void send_away(int fd, std::string_view answer, Linger linger);

 private:
  friend class RefusedClient;
  /// They have descriptors, of which there are too few already.
  static constexpr std::size_t kMostLingering = 16;

  net::Core& core_;
  std::size_t count_ = 0;
  boost::intrusive::list<RefusedClient, boost::intrusive::base_hook<RefusedHook>,
                         boost::intrusive::constant_time_size<false>>
      lingering_;
};

}  // namespace holdfast::front
