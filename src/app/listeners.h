// SPDX-License-Identifier: Apache-2.0
// Everything that the daemon accepts connections on, claimed before any core begins to listen.
#pragma once

#include <list>
#include <string>
#include <vector>

#include <holdfast/result.h>

#include "app/config.h"
#include "front/front.h"
#include "net/address.h"
#include "net/listener.h"

namespace holdfast::app {

class Listeners {
 public:
  enum class What : std::uint8_t { clients, control, admin };

  struct Place {
    What what;
    front::Security security;
    net::Endpoint endpoint;
    const net::UnixSocket* unix_socket = nullptr;  ///< where it is one; shared by all cores
  };

  /// Resolves what the configuration listens on, and makes sure that nobody else does. An error names the key that
  /// asked for it.
  static Result<Listeners> claim(const Config& config);

  const std::vector<Place>& places() const { return places_; }

 private:
  Result<void> add(What what, const std::string& url, const char* key);

  std::vector<Place> places_;
  std::list<net::UnixSocket> unix_sockets_;  // they stay where they are
};

}  // namespace holdfast::app
