// SPDX-License-Identifier: Apache-2.0
// The other end of a TLS connection, played by the library itself: sees single records, and may misbehave.
#pragma once

#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace holdfast::test {

struct ContextFree {
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<SSL_CTX, ContextFree>;

inline ContextPtr client_context(int version = 0) {
  ContextPtr made(::SSL_CTX_new(::TLS_client_method()));
  ::SSL_CTX_set_security_level(made.get(), 0);  // also for versions of TLS that nobody should use
  if (version) {
    ::SSL_CTX_set_min_proto_version(made.get(), version);
    ::SSL_CTX_set_max_proto_version(made.get(), version);
  }
  return made;
}

/// Takes over the descriptor.
class TlsPeer {
 public:
  enum class Role { client, server };

  TlsPeer(int fd, SSL_CTX* context, Role role) : fd_(fd), ssl_(::SSL_new(context)) {
    ::SSL_set_bio(ssl_, ::BIO_new(::BIO_s_mem()), ::BIO_new(::BIO_s_mem()));
    ::signal(SIGPIPE, SIG_IGN);
    role == Role::client ? ::SSL_set_connect_state(ssl_) : ::SSL_set_accept_state(ssl_);
  }
  ~TlsPeer() {
    ::SSL_free(ssl_);
    close();
  }
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  SSL* ssl() { return ssl_; }
  int fd() const { return fd_; }
  void set_server_name(const std::string& name) { ::SSL_set_tlsext_host_name(ssl_, name.c_str()); }

  /// Does what can be done of the handshake. True when it is complete.
  bool handshake() {
    receive();
    ::ERR_clear_error();
    bool done = ::SSL_do_handshake(ssl_) == 1;
    if (!done) note_error();
    transmit();
    return done;
  }

  void write(std::string_view text) {
    ASSERT_EQ(::SSL_write(ssl_, text.data(), static_cast<int>(text.size())), static_cast<int>(text.size()));
    transmit();
  }

  /// What has arrived, decrypted.
  std::string read() {
    receive();
    std::string all;
    char part[65536];
    for (;;) {
      ::ERR_clear_error();
      auto n = ::SSL_read(ssl_, part, sizeof part);
      if (n <= 0) {
        note_error(n);
        break;
      }
      all.append(part, static_cast<std::size_t>(n));
    }
    transmit();
    return all;
  }

  /// What the library wants to send, sent.
  void transmit() {
    auto bytes = take_output();
    send_raw(bytes);
  }
  std::string take_output() {
    std::string bytes(::BIO_ctrl_pending(::SSL_get_wbio(ssl_)), '\0');
    if (!bytes.empty()) ::BIO_read(::SSL_get_wbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  void send_raw(std::string_view bytes) const {
    // Not send(), which tests listen to.
    if (fd_ < 0 || bytes.empty()) return;
    // The other end may have closed: what is on its way then is lost, as on a network.
    auto n = ::write(fd_, bytes.data(), bytes.size());
    ASSERT_TRUE(n == static_cast<ssize_t>(bytes.size()) || errno == EPIPE || errno == ECONNRESET) << n;
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  /// SSL_ERROR_… of the last call that did not succeed, and what the library says of it.
  int last_error() const { return last_error_; }
  const std::string& reason() const { return reason_; }
  /// Sizes of the records that have arrived since forget_records().
  const std::vector<std::size_t>& records() const { return records_; }
  void forget_records() {
    receive();
    records_.clear();
  }

 private:
  void receive() {
    char part[65536];
    ssize_t n = 0;
    while (fd_ >= 0 && (n = ::recv(fd_, part, sizeof part, MSG_DONTWAIT)) > 0) {
      ::BIO_write(::SSL_get_rbio(ssl_), part, static_cast<int>(n));
      unread_.append(part, static_cast<std::size_t>(n));
    }
    if (n == 0) ::BIO_set_mem_eof_return(::SSL_get_rbio(ssl_), 0);
    while (unread_.size() >= 5) {
      auto byte = [this](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(unread_[i])); };
      auto size = 5 + (byte(3) << 8 | byte(4));
      if (unread_.size() < size) break;
      records_.push_back(size);
      unread_.erase(0, size);
    }
  }
  void note_error(int result = -1) {
    last_error_ = ::SSL_get_error(ssl_, result);
    const char* reason = ::ERR_reason_error_string(::ERR_peek_error());
    reason_ = reason ? reason : "";
    ::ERR_clear_error();
  }

  int fd_;
  SSL* ssl_;
  int last_error_ = 0;
  std::string reason_;
  std::string unread_;
  std::vector<std::size_t> records_;
};

}  // namespace holdfast::test
