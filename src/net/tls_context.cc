// SPDX-License-Identifier: Apache-2.0
#include "net/tls_context.h"

#include <array>
#include <filesystem>
#include <mutex>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/text.h"

namespace holdfast::net {
namespace {

/// Tickets stay valid across a reload of certificates, since their keys are the process's.
const std::array<unsigned char, 80>& ticket_keys() {
  static const auto keys = [] {
    std::array<unsigned char, 80> random{};
    ::RAND_bytes(random.data(), static_cast<int>(random.size()));
    return random;
  }();
  return keys;
}

constexpr std::array<unsigned char, 8> kSessionContext{'h', 'o', 'l', 'd', 'f', 'a', 's', 't'};

/// ALPN: HTTP/1.1 is what is spoken here.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (::SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

int choose_certificate(SSL* ssl, int* alert, void* argument) {
  const auto* context = static_cast<const TlsServerContext*>(argument);
  const char* name = ::SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  SSL_CTX* found = context->find(name ? name : "");
  if (!found) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  ::SSL_set_SSL_CTX(ssl, found);
  return SSL_TLSEXT_ERR_OK;
}

/// A daemon has nobody to ask for the passphrase of a key; without this the library would ask its terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

/// The error of what has to do with `file`.
Error file_error(const std::string& file, const char* what) {
  return Error{fmt::format("{}: {}: {}", file, what, tls_error_text())};
}

/// Loads a certificate with its chain, and the key that must belong to it.
Result<void> use_pair(SSL_CTX* context, const std::string& cert, const std::string& key) {
  ::ERR_clear_error();
  ::SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (::SSL_CTX_use_certificate_chain_file(context, cert.c_str()) != 1) {
    return file_error(cert, "cannot be used as a PEM certificate chain");
  }
  if (::SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return file_error(key, fmt::format("cannot be used as the PEM key of {}", cert).c_str());
  }
  if (::SSL_CTX_check_private_key(context) != 1) return file_error(key, "does not belong to its certificate");
  return {};
}

SslCtxPtr make_server_context(const std::string& min_version) {
  SslCtxPtr context(::SSL_CTX_new(::TLS_server_method()));
  auto* c = context.get();
  ::SSL_CTX_set_min_proto_version(c, min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
  ::SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  ::SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);  // resumption is by tickets: nothing to keep here
  ::SSL_CTX_set_session_id_context(c, kSessionContext.data(), kSessionContext.size());
  auto keys = ticket_keys();
  ::SSL_CTX_set_tlsext_ticket_keys(c, keys.data(), keys.size());
  ::SSL_CTX_set_num_tickets(c, 1);
  ::SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
  ::SSL_CTX_set_read_ahead(c, 1);
  return context;
}

std::int64_t not_after(SSL_CTX* context) {
  std::tm expires{};
  auto* certificate = ::SSL_CTX_get0_certificate(context);
  if (!certificate || !::ASN1_TIME_to_tm(::X509_get0_notAfter(certificate), &expires)) return 0;
  return ::timegm(&expires);
}

}  // namespace

std::string tls_error_text() {
  auto code = ::ERR_get_error();
  ::ERR_clear_error();
  if (code == 0) return "no detail";
  const char* reason = ::ERR_reason_error_string(code);
  return reason ? reason : fmt::format("error {:x}", code);
}

void SslCtxFree::operator()(SSL_CTX* context) const {
  ::SSL_CTX_free(context);
}

Result<void> TlsServerContext::add(const std::string& name, const std::string& cert, const std::string& key,
                                   const std::string& version) {
  auto context = make_server_context(version);
  if (auto loaded = use_pair(context.get(), cert, key); !loaded) return loaded;
  ::SSL_CTX_set_tlsext_servername_callback(context.get(), choose_certificate);
  ::SSL_CTX_set_tlsext_servername_arg(context.get(), this);
  certificates_.push_back({name.empty() ? "default" : name, not_after(context.get())});
  (name.empty() ? default_ : by_name_[name]) = std::move(context);
  return {};
}

Result<std::shared_ptr<const TlsServerContext>> TlsServerContext::load(const TlsServerFiles& files) {
  std::shared_ptr<TlsServerContext> made(new TlsServerContext);
  if (!files.cert.empty()) {
    if (auto added = made->add("", files.cert, files.key, files.min_version); !added) return added.error();
  }
  if (!files.directory.empty()) {
    std::error_code error;
    std::filesystem::directory_iterator entries(files.directory, error);
    if (error) return Error{fmt::format("{}: {}", files.directory, error.message())};
    for (const auto& entry : entries) {
      if (entry.path().extension() != ".crt") continue;
      auto name = base::to_lower(entry.path().stem().string());
      if (name.starts_with("_.")) name[0] = '*';
      auto key = entry.path();
      key.replace_extension(".key");
      if (auto added = made->add(name, entry.path().string(), key.string(), files.min_version); !added) {
        return added.error();
      }
    }
  }
  if (made->certificates_.empty()) {
    return Error{"no certificate: set tls.cert and tls.key, or put <host>.crt and <host>.key into tls.directory"};
  }
  made->initial_ = made->default_.get();
  if (!made->initial_) {
    made->nameless_ = make_server_context(files.min_version);
    ::SSL_CTX_set_tlsext_servername_callback(made->nameless_.get(), choose_certificate);
    ::SSL_CTX_set_tlsext_servername_arg(made->nameless_.get(), made.get());
    made->initial_ = made->nameless_.get();
  }
  return std::shared_ptr<const TlsServerContext>(std::move(made));
}

SSL_CTX* TlsServerContext::find(std::string_view server_name) const {
  auto name = base::to_lower(server_name);
  if (name.ends_with('.')) name.pop_back();
  if (auto exact = by_name_.find(name); exact != by_name_.end()) return exact->second.get();
  if (auto dot = name.find('.'); dot != std::string::npos && dot > 0) {
    if (auto wild = by_name_.find("*" + name.substr(dot)); wild != by_name_.end()) return wild->second.get();
  }
  return default_.get();
}

Result<std::shared_ptr<const TlsClientContext>> TlsClientContext::load(const TlsClientFiles& files) {
  auto made = std::make_shared<TlsClientContext>();
  made->verifies_ = files.verify;
  made->context_.reset(::SSL_CTX_new(::TLS_client_method()));
  auto* c = made->context_.get();
  ::SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  ::SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Sessions are kept by who connects. With the library's cache a ticket would be good for one connection only, and
  // origins that lose all of theirs at once would meet as many full handshakes.
  ::SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_read_ahead(c, 1);
  ::ERR_clear_error();
  if (files.verify) {
    if (::SSL_CTX_set_default_verify_paths(c) != 1) return file_error("the system's certificates", "cannot be read");
    ::SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
  }
  if (!files.cert.empty()) {
    if (auto loaded = use_pair(c, files.cert, files.key); !loaded) return loaded.error();
  }
  return std::shared_ptr<const TlsClientContext>(std::move(made));
}

}  // namespace holdfast::net
