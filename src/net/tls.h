// SPDX-License-Identifier: Apache-2.0
// TLS on one descriptor. What is written together leaves in as few records and system calls as there can be.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "net/tls_context.h"

using SSL = struct ssl_st;
using SSL_SESSION = struct ssl_session_st;

namespace holdfast::net {

struct SslSessionFree {
  void operator()(SSL_SESSION* session) const;
};
using SslSessionPtr = std::unique_ptr<SSL_SESSION, SslSessionFree>;

/// One connection's side of TLS. Reads from the descriptor itself; what is to be sent is collected in the core's
/// buffer and handed out, so that several records make one system call. One core. About 14 kB, nearly all of it the
/// library's.
class Tls {
 public:
  static std::unique_ptr<Tls> accept(std::shared_ptr<const TlsServerContext> context, int fd);

  struct Peer {
    std::string server_name;  ///< SNI, and what the certificate must be for
    bool is_address = false;  ///< an IP address: no SNI
  };
  /// Null when the name is none that a certificate could be checked for.
  static std::unique_ptr<Tls> connect(std::shared_ptr<const TlsClientContext> context, int fd, const Peer& peer,
                                      SSL_SESSION* resume);
  ~Tls();
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  enum class Handshake { done, wants_more, failed };
  /// After each call output() may hold bytes to be sent, also when it failed (an alert).
  Handshake handshake();
  /// It failed for a reason that is not TLS's.
  Handshake fail_handshake(const char* why);

  /// Decrypts up to `size` bytes; results as Socket::read. A short read means that the kernel has no more, or that
  /// the end stands behind it.
  std::ptrdiff_t read(char* out, std::size_t size);
  /// Nothing more can be read: the next read says why.
  bool at_end() const { return at_end_; }
  /// Whether the peer has ended the connection because of who we are. In TLS 1.3 that comes after our own handshake is
  /// done, where otherwise an answer would.
  bool peer_rejected_us() const { return rejected_; }

  /// Encrypts all of it into output(). False: the connection is unusable.
  bool write(std::string_view plain);
  /// Says goodbye (close_notify) into output().
  void close_notify();

  /// Ciphertext to be sent. Valid until the next call to any Tls of this thread.
  std::string_view output() const;
  void clear_output();

  /// Why the handshake failed, or the peer rejected us, in one line.
  const std::string& error() const { return error_; }
  enum class Fault : unsigned char { protocol, certificate, alert, closed };
  /// In one word: we refused the certificate; the peer sent an alert, or closed; anything else.
  Fault fault() const { return fault_; }
  /// To resume with, once the peer has offered one; null before.
  SslSessionPtr session() const;
  bool resumed() const;

 private:
  explicit Tls(int fd) : fd_(fd) {}
  bool init(SSL_CTX* context);
  bool expect(const Peer& peer, bool verifies);
  std::ptrdiff_t read_outcome();
  void note_error(const char* what);

  friend struct TlsBio;
  SSL* ssl_ = nullptr;
  int fd_;
  int read_error_ = 0;  // errno of the descriptor
  bool end_of_file_ = false;
  bool failed_ = false;
  bool at_end_ = false;
  bool rejected_ = false;
  Fault fault_ = Fault::protocol;
  std::shared_ptr<const void> keep_alive_;  // the context, until the handshake has chosen a certificate
  std::string error_;
};

}  // namespace holdfast::net
