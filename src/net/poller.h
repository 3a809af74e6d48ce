// SPDX-License-Identifier: Apache-2.0
// A core's own edge-triggered descriptor set. Clients and origins live in it from first to last: registered once,
// woken only by news, so a parked connection costs nothing but its object (docs/decisions/0003).
#pragma once

#include <cstdint>

namespace holdfast::net {

/// What the set calls when something happens on a descriptor. One thread.
class Pollable {
 public:
  /// `events`: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP and EPOLLERR. Edge-triggered: what is not read or written now is
  /// not reported again before it changes.
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  ~Pollable() = default;
};

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// False with errno when the kernel refuses. The pollable must live until the end of the turn in which its
  /// descriptor was closed: events of the same batch may still name it.
  bool add(int fd, Pollable& pollable);
  /// For a listening descriptor that several cores share: the kernel wakes one of them for each client.
  bool add_shared_listener(int fd, Pollable& pollable);

  /// Calls on_events for what has happened, without waiting. Returns how many events there were.
  int poll();

  /// Becomes readable when poll() has something to do.
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace holdfast::net
