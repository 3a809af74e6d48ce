// SPDX-License-Identifier: Apache-2.0
// Accepting clients: one listening socket for each core and TCP address, so that the kernel spreads connections; one
// for all cores on a unix socket, where there is no such thing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <holdfast/result.h>

#include "net/address.h"
#include "net/core.h"
#include "net/peer_patience.h"

namespace holdfast::net {

/// Fails when something else listens on the address. SO_REUSEPORT alone would let a second daemon of the same user in,
/// and it would silently take half of the clients; so the port is bound once without it first.
Result<void> claim_address(const Endpoint& endpoint);

/// A unix socket that is listened on; the file goes with it, unless it has become another one. A file left behind by
/// somebody who is gone is replaced, one that somebody listens on is an error.
class UnixSocket {
 public:
  struct Access {
    std::uint32_t mode = 0660;
    std::string user;  ///< empty: ours
    std::string group;
  };
  static Result<UnixSocket> bind(const std::string& path, const Access& access);
  UnixSocket(UnixSocket&& other) noexcept;
  UnixSocket& operator=(UnixSocket&&) = delete;
  ~UnixSocket();
  int fd() const { return fd_; }

 private:
  UnixSocket(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  Result<void> grant(const Access& access) const;
  bool is_ours() const;

  int fd_;
  std::string path_;
  std::uint64_t device_ = 0;  // of the file; 0 with no inode: there is none yet
  std::uint64_t inode_ = 0;
};

/// One listening socket of one core.
class Listener final : public Pollable, private Timer, private Soon {
 public:
  using OnAccept = std::function<void(int fd, const Endpoint& peer)>;

  Listener(Core& core, OnAccept on_accept) : core_(core), on_accept_(std::move(on_accept)) {}
  ~Listener();

  /// Any thread, before the core runs.
  Result<void> open(const Endpoint& endpoint);
  /// The same for a socket that all cores share. It may go before this: the socket is closed by the last of them.
  Result<void> share(const UnixSocket& socket);

  /// Called when descriptors have run out; true: one has been freed, and accepting goes on.
  void set_make_room(std::function<bool()> make_room) { make_room_ = std::move(make_room); }
  /// Where none could be, clients wait in the kernel's queue. With this they are told instead: each is accepted with a
  /// descriptor that is kept back for it, handed to `refuse`, which must close it, and gone.
  void refuse_when_short(OnAccept refuse);

  /// How long vanished clients are waited for. For those that are accepted from now on.
  void set_patience(const PeerPatience& patience) {
    if (fd_ >= 0) set_peer_patience(fd_, patience);
  }

  /// Accepts what already waits, then closes: a connection that the kernel has completed is not lost.
  void close();

 private:
  void on_events(std::uint32_t) override { accept_some(); }
  void on_deadline() override { accept_some(); }
  void on_soon() override { accept_some(); }
  void accept_some();
  bool accept_one();
  int accept(Endpoint& peer) const;
  bool on_accept_failure(int error);

  Core& core_;
  OnAccept on_accept_;
  std::function<bool()> make_room_;
  OnAccept refuse_;
  int fd_ = -1;
  int spare_fd_ = -1;  // closed to make room for one that is refused
};

}  // namespace holdfast::net
