// SPDX-License-Identifier: Apache-2.0
#include "origin/origin.h"

#include <algorithm>
#include <functional>

namespace holdfast::origin {

const OriginOptions& Origin::options() const {
  return origins_.options_;
}
net::Core& Origin::core() {
  return origins_.core_;
}
net::Resolver& Origin::resolver() {
  return origins_.resolver_;
}
wire::ResponseParser& Origin::parser() {
  return origins_.parser_;
}

std::unique_ptr<OriginConnection> Origin::take_idle(OriginHandler& handler) {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->reuse(handler)) return connection;
    connection->close();
    core().defer_delete(std::move(connection));
  }
  return nullptr;
}

std::unique_ptr<OriginConnection> Origin::connect(OriginHandler& handler) {
  auto connection = std::make_unique<OriginConnection>(*this);
  connection->connect(handler);
  return connection;
}

void Origin::give_back(std::unique_ptr<OriginConnection> connection) {
  if (!connection) return;
  connection->detach();
  if (!connection->reusable() || idle_.size() >= options().pool_max_idle) {
    connection->close();
    core().defer_delete(std::move(connection));
    return;
  }
  connection->park();
  idle_.push_back(std::move(connection));
}

void Origin::drop(OriginConnection& connection) {
  auto at = std::find_if(idle_.begin(), idle_.end(), [&](const auto& idle) { return idle.get() == &connection; });
  if (at == idle_.end()) return;
  connection.close();
  core().defer_delete(std::move(*at));
  idle_.erase(at);
}

std::size_t Origins::IdHash::operator()(const OriginId& id) const {
  return std::hash<std::string>()(id.host) ^ (id.port * 0x9e3779b97f4a7c15u);
}

Origin& Origins::get(const OriginId& id) {
  auto& slot = origins_[id];
  if (!slot) slot = std::make_unique<Origin>(*this, id);
  return *slot;
}

}  // namespace holdfast::origin
