// SPDX-License-Identifier: Apache-2.0
#include "origin/origin.h"

#include <algorithm>
#include <functional>

#include <fmt/core.h>

#include "base/log.h"

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
  return waiting_.empty() ? pop_idle(handler) : nullptr;
}

std::unique_ptr<OriginConnection> Origin::pop_idle(OriginHandler& handler) {
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
  if (!waiting_.empty()) core().run_soon(*this);  // not now: this is somebody's call
}

bool Origin::has_place() const {
  auto most = options().connections_max;
  return waiting_.empty() && (most == 0 || open_ < most);
}

void Origin::on_closed() {
  --open_;
  if (!waiting_.empty()) core().run_soon(*this);
}

void Origin::wait_for_place(OriginConnection& connection) {
  core().counters().add(base::Counter::origin_waits);
  if (options().connections_max > 0 && open_ >= options().connections_max) {
    static base::LogLimiter limiter;
    base::log_limited(limiter, {base::LogField::labelled("origin", "target", fmt::format("{}:{}", id_.host, id_.port))},
                      "requests wait: proxy.origin_connections_max ({}) reached", options().connections_max);
  }
  waiting_.push_back(connection);
}

void Origin::wait_for_descriptor(OriginConnection& connection) {
  core().counters().add(base::Counter::origin_waits);
  static base::LogLimiter limiter;
  base::log_limited(limiter, {base::LogField::labelled("origin", "target", fmt::format("{}:{}", id_.host, id_.port))},
                    "requests wait for a descriptor; raise the limit (ulimit -n, LimitNOFILE=)");
  waiting_.push_front(connection);
  if (origins_.on_shortage_) origins_.on_shortage_();
  // Whoever frees one need not be a connection of this origin.
  set_deadline(core().wheel(), core().now() + net::Wheel::kTickMs);
}

/// First who came first: an idle connection, or else a place for a new one.
void Origin::serve_waiting() {
  auto most = options().connections_max;
  while (!waiting_.empty()) {
    auto& next = waiting_.front();
    if (auto idle = pop_idle(next.handler())) {
      waiting_.pop_front();
      next.handler().on_origin_offered(std::move(idle));
      continue;
    }
    if (most > 0 && open_ >= most && !next.counted()) return;
    waiting_.pop_front();
    next.on_turn();
    if (!waiting_.empty() && &waiting_.front() == &next) return;  // there is no descriptor yet
  }
}

bool Origin::close_any_idle() {
  return origins_.close_idle();
}

bool Origin::drop_oldest() {
  if (idle_.empty()) return false;
  drop(*idle_.front());
  return true;
}

void Origin::drop(OriginConnection& connection) {
  auto at = std::find_if(idle_.begin(), idle_.end(), [&](const auto& idle) { return idle.get() == &connection; });
  if (at == idle_.end()) return;
  connection.close();
  core().defer_delete(std::move(*at));
  idle_.erase(at);
}

std::size_t Origins::IdHash::operator()(const OriginId& id) const {
  auto hash = std::hash<std::string>()(id.host) ^ (id.port * 0x9e3779b97f4a7c15u);
  return id.tls ? hash ^ std::hash<std::string>()(id.server_name) * 31 : hash;
}

bool Origins::close_idle() {
  for (auto& [id, origin] : origins_) {
    if (origin->drop_oldest()) return true;
  }
  return false;
}

void Origins::forget_unused() {
  std::erase_if(origins_, [](const auto& entry) { return entry.second->unused(); });
}

Origin& Origins::get(const OriginId& id) {
  // Server names may come from clients' Host fields: they must not pile up.
  constexpr std::size_t kMostUnused = 1024;
  if (origins_.size() > kMostUnused && !origins_.contains(id)) forget_unused();
  auto& slot = origins_[id];
  if (!slot) slot = std::make_unique<Origin>(*this, id);
  return *slot;
}

}  // namespace holdfast::origin
