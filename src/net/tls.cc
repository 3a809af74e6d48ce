// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "net/socket.h"

namespace holdfast::net {
namespace {

/// Ciphertext on its way to the socket; every call of a Tls is followed by the socket taking it, so one will do for
/// all.
std::string& output_buffer() {
  thread_local std::string buffer;
  return buffer;
}

/// Alerts with which a peer answers our certificate, or that we have shown none.
bool is_rejection(unsigned long code) {
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return false;
  switch (ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

}  // namespace

/// Connects the library to the descriptor for reading, and to the output buffer for writing.
struct TlsBio {
  static int write(BIO*, const char* data, int size) {
    output_buffer().append(data, static_cast<std::size_t>(size));
    return size;
  }

  static int read(BIO* bio, char* out, int size) {
    auto& tls = *static_cast<Tls*>(::BIO_get_data(bio));
    ::BIO_clear_retry_flags(bio);
    for (;;) {
      auto n = ::recv(tls.fd_, out, static_cast<std::size_t>(size), 0);
      if (n > 0) return static_cast<int>(n);
      if (n == 0) {
        tls.end_of_file_ = true;
        return 0;
      }
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        ::BIO_set_retry_read(bio);
      } else {
        tls.failed_ = true;
        tls.read_error_ = errno;
      }
      return -1;
    }
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      auto* m = ::BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "holdfast");
      ::BIO_meth_set_write(m, write);
      ::BIO_meth_set_read(m, read);
      ::BIO_meth_set_ctrl(m, control);
      return m;
    }();
    return made;
  }
};

void SslSessionFree::operator()(SSL_SESSION* session) const {
  ::SSL_SESSION_free(session);
}

Tls::~Tls() {
  ::SSL_free(ssl_);
}

bool Tls::init(SSL_CTX* context) {
  ssl_ = ::SSL_new(context);
  if (!ssl_) return false;
  auto* bio = ::BIO_new(TlsBio::method());
  HF_ASSERT(bio);
  ::BIO_set_data(bio, this);
  ::BIO_set_init(bio, 1);
  ::SSL_set_bio(ssl_, bio, bio);
  return true;
}

std::unique_ptr<Tls> Tls::accept(std::shared_ptr<const TlsServerContext> context, int fd) {
  std::unique_ptr<Tls> tls(new Tls(fd));
  if (!tls->init(context->initial())) return nullptr;
  ::SSL_set_accept_state(tls->ssl_);
  tls->keep_alive_ = std::move(context);
  return tls;
}

std::unique_ptr<Tls> Tls::connect(std::shared_ptr<const TlsClientContext> context, int fd, const Peer& peer,
                                  SSL_SESSION* resume) {
  std::unique_ptr<Tls> tls(new Tls(fd));
  if (!tls->init(context->get())) return nullptr;
  auto* ssl = tls->ssl_;
  ::SSL_set_connect_state(ssl);
  if (!tls->expect(peer, context->verifies())) return nullptr;
  if (resume) ::SSL_set_session(ssl, resume);
  tls->keep_alive_ = std::move(context);
  return tls;
}

/// Asks for the peer's certificate by its name, and has it checked for that. An empty name would be checked for
/// nothing, and one with a dot in front would do for any subdomain; both may come from a client's Host field.
bool Tls::expect(const Peer& peer, bool verifies) {
  const auto& name = peer.server_name;
  if (name.empty() || name.front() == '.') return false;
  if (peer.is_address) return !verifies || ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl_), name.c_str()) == 1;
  ::SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (::SSL_set_tlsext_host_name(ssl_, name.c_str()) != 1) return false;
  return !verifies || ::SSL_set1_host(ssl_, name.c_str()) == 1;
}

void Tls::note_error(const char* what) {
  error_ = what;
  if (auto verdict = ::SSL_get_verify_result(ssl_); verdict != X509_V_OK) {
    error_ += ": ";
    error_ += ::X509_verify_cert_error_string(verdict);
    fault_ = Fault::certificate;
    ::ERR_clear_error();
  } else if (end_of_file_) {
    error_ += ": the peer closed";
    fault_ = Fault::closed;
    ::ERR_clear_error();
  } else if (read_error_) {
    error_ += ": ";
    error_ += std::strerror(read_error_);
    fault_ = Fault::closed;
  } else {
    // The library numbers received alerts from here on.
    if (ERR_GET_REASON(::ERR_peek_error()) >= SSL_AD_REASON_OFFSET) fault_ = Fault::alert;
    error_ += ": " + tls_error_text();
  }
}

Tls::Handshake Tls::handshake() {
  ::ERR_clear_error();
  auto result = ::SSL_do_handshake(ssl_);
  if (result == 1) {
    keep_alive_.reset();
    return Handshake::done;
  }
  if (::SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ) return Handshake::wants_more;
  note_error("TLS handshake failed");
  failed_ = true;
  return Handshake::failed;
}

Tls::Handshake Tls::fail_handshake(const char* why) {
  if (error_.empty()) error_ = fmt::format("TLS handshake failed: {}", why);
  fault_ = Fault::closed;
  failed_ = true;
  return Handshake::failed;
}

std::ptrdiff_t Tls::read(char* out, std::size_t size) {
  std::size_t total = 0;
  while (total < size) {
    ::ERR_clear_error();
    std::size_t got = 0;
    if (::SSL_read_ex(ssl_, out + total, size - total, &got) == 1) {
      total += got;
      continue;
    }
    auto outcome = read_outcome();
    // What came before the end or the error is given out first; the next call meets it again.
    return total > 0 ? static_cast<std::ptrdiff_t>(total) : outcome;
  }
  return static_cast<std::ptrdiff_t>(total);
}

/// Why nothing more could be read.
std::ptrdiff_t Tls::read_outcome() {
  auto error = ::SSL_get_error(ssl_, 0);
  if (error == SSL_ERROR_WANT_READ) return Socket::kWouldBlock;
  at_end_ = true;
  if (error == SSL_ERROR_ZERO_RETURN) return Socket::kEndOfFile;
  // Also an end without close_notify, which may be a truncation: it is not taken for the clean end of anything.
  failed_ = true;
  if (is_rejection(::ERR_peek_error())) {
    rejected_ = true;
    fault_ = Fault::alert;
    error_ = "the peer rejected us: " + tls_error_text();
  }
  ::ERR_clear_error();
  return Socket::kFailed;
}

bool Tls::write(std::string_view plain) {
  while (!plain.empty()) {
    ::ERR_clear_error();
    std::size_t taken = 0;
    if (::SSL_write_ex(ssl_, plain.data(), plain.size(), &taken) != 1) {
      failed_ = true;
      ::ERR_clear_error();
      return false;
    }
    plain.remove_prefix(taken);
  }
  return true;
}

void Tls::close_notify() {
  if (failed_ || !::SSL_is_init_finished(ssl_)) return;
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_);
  ::ERR_clear_error();
}

std::string_view Tls::output() const {
  return output_buffer();
}

void Tls::clear_output() {
  auto& buffer = output_buffer();
  constexpr std::size_t kKept = 262144;
  if (buffer.capacity() > kKept) std::string().swap(buffer);
  buffer.clear();
}

SslSessionPtr Tls::session() const {
  SslSessionPtr session(::SSL_get1_session(ssl_));
  if (session && !::SSL_SESSION_is_resumable(session.get())) return nullptr;
  return session;
}

bool Tls::resumed() const {
  return ::SSL_session_reused(ssl_) == 1;
}

}  // namespace holdfast::net
