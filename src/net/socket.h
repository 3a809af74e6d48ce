// SPDX-License-Identifier: Apache-2.0
// One stream socket: direct writes, a queue only where the peer is slower than we are. Nobody else writes to sockets.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <holdfast/exchange.h>

#include "net/peer_patience.h"
#include "net/poller.h"
#include "net/tls.h"

namespace holdfast::net {

/// Belongs to one core. 40 bytes while nothing waits; a queue is allocated when the kernel takes no more, and freed
/// when it has drained. With TLS the same calls read and write plaintext.
class Socket {
 public:
  /// What read() can say beside a number of bytes.
  static constexpr std::ptrdiff_t kEndOfFile = 0;
  static constexpr std::ptrdiff_t kWouldBlock = -1;
  static constexpr std::ptrdiff_t kFailed = -2;

  Socket() = default;
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// Takes a non-blocking descriptor and registers it. False (and closed) when the kernel refuses.
  bool open(int fd, Poller& poller, Pollable& owner);
  bool is_open() const { return fd_ >= 0; }

  /// Everything from here on is inside of TLS. Then handshake(), whenever something has happened, until it is done.
  void start_tls(std::unique_ptr<Tls> tls) { tls_ = std::move(tls); }
  Tls::Handshake handshake();
  const Tls* tls() const { return tls_.get(); }
  int fd() const { return fd_; }

  /// Reads once.
  std::ptrdiff_t read(char* out, std::size_t size);
  /// Whether that read, which wanted `size` bytes and returned `result`, has taken all that there is for now: an event
  /// will tell of more.
  bool emptied_by(std::ptrdiff_t result, std::size_t size) const;

  /// Writes what the kernel takes and queues the rest: owned slices by reference, borrowed ones by copy.
  Written write(std::span<const Slice> slices);

  /// Writes what is queued; after EPOLLOUT.
  Written flush();

  std::size_t queued_bytes() const { return queue_ ? queue_->bytes : 0; }

  /// After EPOLLERR: takes note of what has ended the connection.
  void note_error();
  /// Whether the peer has ended it by no longer answering, as far as calls or note_error() have told.
  bool vanished() const { return is_vanished(error_); }

  /// Whether the peer has sent bytes, an end or an error that have not been read.
  bool has_input();

  void shutdown_write();
  /// Closes. What the kernel still has to send is sent; what is queued here is dropped.
  void close();
  /// Closes so that the peer sees a reset, not an end.
  void reset();

 private:
  struct Part {
    BytesRef owner;
    const char* data;
    std::size_t size;
    bool sealed = false;  // ciphertext: goes out as it is
  };
  struct Queue {
    std::vector<Part> parts;
    std::size_t first = 0;
    std::size_t bytes = 0;
  };

  std::ptrdiff_t send(const Slice* slices, std::size_t count);
  std::ptrdiff_t send_sealed(const Slice* slices, std::size_t count);
  std::ptrdiff_t transmit(const Slice* slices, std::size_t count);
  void say_goodbye();
  bool send_tls_output();
  void enqueue(std::span<const Slice> slices, std::size_t skip);
  void consume(std::size_t bytes);
  void put_sealed_first(std::string_view rest);
  std::size_t front_batch(Slice* slices, std::size_t& bytes) const;

  int fd_ = -1;
  int error_ = 0;  // of the call that failed; from then on nothing is written
  std::unique_ptr<Tls> tls_;
  std::unique_ptr<Queue> queue_;
};

}  // namespace holdfast::net
