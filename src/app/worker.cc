// SPDX-License-Identifier: Apache-2.0
#include "app/worker.h"

#include <fmt/core.h>
#include <pthread.h>

#include "base/assert.h"

namespace holdfast::app {
namespace {

std::size_t bytes(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

front::FrontOptions client_options(const Config& config) {
  const auto& s = config.server;
  front::FrontOptions options;
  options.limits = {bytes(s.header_max_bytes), bytes(s.header_max_count), bytes(s.target_max_bytes)};
  options.body_max_bytes = bytes(s.body_max_bytes);
  options.section = "server";
  options.header_timeout_ms = s.header_timeout_ms;
  options.keepalive_timeout_ms = s.keepalive_timeout_ms;
  options.idle_timeout_ms = config.proxy.idle_timeout_ms;
  return options;
}

front::FrontOptions control_options(const Config& config) {
  auto options = client_options(config);
  options.limits.header_max_bytes = bytes(config.control.header_max_bytes);
  options.body_max_bytes = bytes(config.control.body_max_bytes);
  options.section = "control";
  return options;
}

hold::HoldOptions hold_options(const Config& config) {
  hold::HoldOptions options;
  options.send_buffer_max_bytes = bytes(config.server.send_buffer_max_bytes);
  options.slow_client = config.grip.slow_client == "drop" ? hold::SlowClient::drop : hold::SlowClient::close;
  options.subscriptions_max = bytes(config.grip.connection_subscription_max);
  return options;
}

origin::OriginOptions origin_options(const Config& config) {
  const auto& p = config.proxy;
  origin::OriginOptions options;
  options.connect_timeout_ms = p.connect_timeout_ms;
  options.response_timeout_ms = p.response_timeout_ms;
  options.idle_timeout_ms = p.idle_timeout_ms;
  options.header_max_bytes = bytes(p.origin_header_max_bytes);
  options.pool_idle_ms = p.pool_idle_ms;
  options.pool_max_idle = bytes(p.pool_max_idle);
  return options;
}

proxy::ProxyOptions proxy_options(const Config& config) {
  const auto& p = config.proxy;
  proxy::ProxyOptions options;
  options.debug = p.debug;
  options.accept_x_forwarded_proto = p.accept_x_forwarded_proto;
  options.set_x_forwarded_proto = p.set_x_forwarded_proto;
  options.forwarded_for = proxy::parse_forwarded_for_rule(p.x_forwarded_for);
  options.orig_headers_need_mark = p.orig_headers_need_mark;
  options.accept_route_header = p.accept_route_header;
  options.cdn_loop = p.cdn_loop;
  options.instruct_max_bytes = bytes(p.instruct_max_bytes);
  options.sig_iss = config.grip.sig_iss;
  return options;
}

}  // namespace

class Worker::Watch final : private net::Timer {
 public:
  explicit Watch(Worker& worker) : worker_(worker) { look(); }

 private:
  void on_deadline() override { look(); }
  void look() {
    worker_.sessions_left_.store(worker_.clients_.sessions(), std::memory_order_relaxed);
    set_deadline(worker_.core_.wheel(), worker_.core_.now() + net::Wheel::kTickMs);
  }
  Worker& worker_;
};

Worker::Worker(unsigned index, const Config& config, Shared& shared)
    : core_(index),
      table_(core_, shared.hub, {config.grip.subscription_linger_s * base::Millis{1000}}, shared.rate),
      holds_(core_, table_, hold_options(config)),
      origins_(core_, origin_options(config)),
      proxy_{core_, origins_, holds_, proxy_options(config), shared.sig_key, &test_origin_, shared.demo_origin},
      dispatcher_(proxy_),
      control_endpoint_(shared.hub),
      access_log_(config.log.access ? std::make_unique<AccessLog>(core_) : nullptr),
      clients_(core_, client_options(config), dispatcher_, access_log_.get(), shared.clients),
      control_(core_, control_options(config), control_endpoint_, access_log_.get(), shared.control_clients) {
  shared.hub.add_core(core_, table_);
}

Worker::~Worker() {
  HF_ASSERT(!thread_.joinable());
}

Result<void> Worker::listen(const std::vector<net::Endpoint>& clients, const std::vector<net::Endpoint>& control) {
  auto open = [this](const net::Endpoint& endpoint, front::Front& front) {
    auto listener = std::make_unique<net::Listener>(
        core_, [&front](int fd, const net::Endpoint& peer) { front.accept(fd, peer, front::Security::plain); });
    auto opened = listener->open(endpoint);
    listeners_.push_back(std::move(listener));
    return opened;
  };
  for (const auto& endpoint : clients) {
    if (auto opened = open(endpoint, clients_); !opened) return opened;
  }
  for (const auto& endpoint : control) {
    if (auto opened = open(endpoint, control_); !opened) return opened;
  }
  return {};
}

void Worker::start() {
  thread_ = std::thread([this] { core_.run(); });
  ::pthread_setname_np(thread_.native_handle(), fmt::format("core-{}", core_.index()).c_str());
}

void Worker::set_routes(std::shared_ptr<const LoadedRoutes> routes, std::shared_ptr<void> done) {
  if (!thread_.joinable()) return take_routes(*routes);
  core_.post([this, routes = std::move(routes), done = std::move(done)] { take_routes(*routes); });
}

void Worker::take_routes(const LoadedRoutes& routes) {
  auto snapshot = std::make_shared<proxy::Snapshot>(routes.parsed.routes);
  snapshot->keys = routes.keys;
  proxy_.snapshot = std::move(snapshot);
}

void Worker::begin_shutdown() {
  core_.post([this] {
    for (auto& listener : listeners_) listener->close();
    control_.shutdown();
    end_clients();
    watch_ = std::make_unique<Watch>(*this);
  });
}

/// Holds end behind what was published before.
void Worker::end_clients() {
  if (table_.has_pending()) return core_.post([this] { end_clients(); });
  clients_.shutdown();
}

void Worker::stop_and_join() {
  core_.post([this] {
    watch_.reset();
    core_.stop();
  });
  if (thread_.joinable()) thread_.join();
}

}  // namespace holdfast::app
