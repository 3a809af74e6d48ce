// SPDX-License-Identifier: Apache-2.0
// Accepting clients: one listening socket for each core and address, so that the kernel spreads connections.
#pragma once

#include <functional>

#include <holdfast/result.h>

#include "net/address.h"
#include "net/core.h"

namespace holdfast::net {

/// Fails when something else listens on the address. SO_REUSEPORT alone would let a second daemon of the same user in,
/// and it would silently take half of the clients; so the port is bound once without it first.
Result<void> claim_address(const Endpoint& endpoint);

/// One listening socket of one core.
class Listener final : public Pollable, private Timer, private Soon {
 public:
  using OnAccept = std::function<void(int fd, const Endpoint& peer)>;

  Listener(Core& core, OnAccept on_accept) : core_(core), on_accept_(std::move(on_accept)) {}
  ~Listener();

  /// Any thread, before the core runs.
  Result<void> open(const Endpoint& endpoint);

  /// Accepts what already waits, then closes: a connection that the kernel has completed is not lost.
  void close();

 private:
  void on_events(std::uint32_t) override { accept_some(); }
  void on_deadline() override { accept_some(); }
  void on_soon() override { accept_some(); }
  void accept_some();
  bool accept_one();

  Core& core_;
  OnAccept on_accept_;
  int fd_ = -1;
};

}  // namespace holdfast::net
