// SPDX-License-Identifier: Apache-2.0
// Certificates and settings of TLS: loaded and checked as a whole, immutable afterwards, shared by all cores.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/result.h>

using SSL_CTX = struct ssl_ctx_st;

namespace holdfast::net {

struct SslCtxFree {
  void operator()(SSL_CTX* context) const;
};
using SslCtxPtr = std::unique_ptr<SSL_CTX, SslCtxFree>;

struct TlsServerFiles {
  std::string cert;  ///< PEM, the chain of the default certificate; empty: only clients that name a host are served
  std::string key;   ///< PEM
  std::string directory;  ///< <host>.crt and .key, _.<domain>.crt for a wildcard; empty: none
  std::string min_version = "1.2";
};

struct CertificateInfo {
  std::string name;  ///< the host or pattern that it is for; "default"
  std::int64_t not_after_unix = 0;
};

/// The certificates of https:// listeners. A client that names a host gets its certificate, that of its wildcard, or
/// the default, in this order.
class TlsServerContext {
 public:
  /// Loads every pair and checks that key and certificate belong together. One that cannot be used spoils the whole: on
  /// reload the old context stays. Errors name the file.
  static Result<std::shared_ptr<const TlsServerContext>> load(const TlsServerFiles& files);

  /// The context that new connections start with.
  SSL_CTX* initial() const { return initial_; }
  const std::vector<CertificateInfo>& certificates() const { return certificates_; }

  /// Null when no certificate fits.
  SSL_CTX* find(std::string_view server_name) const;

 private:
  TlsServerContext() = default;
  /// An empty name: the default.
  Result<void> add(const std::string& name, const std::string& cert, const std::string& key,
                   const std::string& version);

  std::map<std::string, SslCtxPtr, std::less<>> by_name_;  // "host", "*.domain"
  SslCtxPtr default_;
  SslCtxPtr nameless_;  // refuses clients that name nobody, where there is no default
  SSL_CTX* initial_ = nullptr;
  std::vector<CertificateInfo> certificates_;
};

struct TlsClientFiles {
  bool verify = true;
  std::string cert;  ///< PEM; empty: none is shown
  std::string key;
};

/// What connections to origins of one kind are made with.
class TlsClientContext {
 public:
  static Result<std::shared_ptr<const TlsClientContext>> load(const TlsClientFiles& files);
  SSL_CTX* get() const { return context_.get(); }
  bool verifies() const { return verifies_; }

 private:
  SslCtxPtr context_;
  bool verifies_ = true;
};

/// What the library's error queue holds, in one line; empties the queue.
std::string tls_error_text();

}  // namespace holdfast::net
