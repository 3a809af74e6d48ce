// SPDX-License-Identifier: Apache-2.0
// Host names to addresses, remembered for a while; one look-up at a time for each name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "base/clock.h"
#include "net/address.h"

namespace holdfast::net {

class Core;

/// Who waits for addresses. Destroying it, or unlinking it, cancels the wait.
class ResolveWaiter
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// `endpoints` is empty when the name has none; `error` then says why. Never called from inside resolve().
  virtual void on_resolved(const std::vector<Endpoint>& endpoints, const std::string& error) = 0;

 protected:
  ~ResolveWaiter() = default;
};

/// One for each core.
class Resolver {
 public:
  explicit Resolver(Core& core);
  ~Resolver();

  /// The addresses of host and port where they are known without waiting: literals, and names looked up less than
  /// `kFreshMs` ago.
  const std::vector<Endpoint>* known(const std::string& host, std::uint16_t port);

  /// Calls the waiter when the name has been looked up.
  void resolve(const std::string& host, std::uint16_t port, ResolveWaiter& waiter);

  static constexpr base::Millis kFreshMs = 30000;

 private:
  struct Name;
  struct Backend;
  Name& name_for(const std::string& host, std::uint16_t port);
  void start(Name& name, const std::string& host, std::uint16_t port);

  Core& core_;
  std::unique_ptr<Backend> backend_;
  std::map<std::pair<std::string, std::uint16_t>, std::unique_ptr<Name>> names_;
};

}  // namespace holdfast::net
