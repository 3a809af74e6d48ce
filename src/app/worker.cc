// SPDX-License-Identifier: Apache-2.0
#include "app/worker.h"

#include <fmt/core.h>
#include <pthread.h>

#include "app/admin_settings.h"
#include "app/drain.h"
#include "base/assert.h"

namespace holdfast::app {
namespace {

std::size_t bytes(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

net::PeerPatience patience(const Config& config) {
  return {static_cast<int>(config.server.tcp_user_timeout_ms), static_cast<int>(config.server.tcp_keepalive_s)};
}

/// In Proxy-Status: the name that other proxies know this one by already, where it has one.
std::string proxy_name(const Config& config) {
  return config.proxy.cdn_loop.empty() ? "holdfast" : config.proxy.cdn_loop;
}

front::FrontOptions client_options(const Config& config) {
  const auto& s = config.server;
  front::FrontOptions options;
  options.limits = {bytes(s.header_max_bytes), bytes(s.header_max_count), bytes(s.target_max_bytes)};
  options.body_max_bytes = bytes(s.body_max_bytes);
  options.section = "server";
  options.proxy_name = proxy_name(config);
  options.header_timeout_ms = s.header_timeout_ms;
  options.keepalive_timeout_ms = s.keepalive_timeout_ms;
  options.idle_timeout_ms = config.proxy.idle_timeout_ms;
  options.retry_after_max_s = static_cast<std::uint32_t>(s.retry_after_max_s);
  options.handshakes_max = bytes(config.tls.handshakes_max);
  for (const auto& text : s.proxy_protocol_from) options.proxy_protocol_from.push_back(*net::Network::parse(text));
  return options;
}

front::FrontOptions control_options(const Config& config) {
  auto options = client_options(config);
  options.proxy_name.clear();
  options.proxy_protocol_from.clear();
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
  options.connections_max = bytes(p.origin_connections_max);
  options.patience = patience(config);
  return options;
}

channel::TableOptions table_options(const Config& config) {
  return {config.grip.subscription_linger_s * base::Millis{1000}};
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
  options.proxy_name = proxy_name(config);
  options.instruct_max_bytes = bytes(p.instruct_max_bytes);
  options.sig_iss = config.grip.sig_iss;
  options.retry_after_max_s = static_cast<std::uint32_t>(config.server.retry_after_max_s);
  return options;
}

}  // namespace

/// Sends clients away at the pace of a drain, and tells the main thread how far it has come.
class Worker::Drain final : private net::Timer {
 public:
  Drain(Worker& worker, base::Millis over_ms)
      : worker_(worker), begun_(worker.core_.now()), over_ms_(over_ms), pace_(worker.clients_.sessions(), over_ms) {
    worker_.clients_.begin_drain();
    step();
  }

 private:
  void on_deadline() override { step(); }
  void step() {
    auto elapsed = worker_.core_.now() - begun_;
    // Where there is a rate, what has been published waits for it; nobody goes without it as long as there is time.
    if (!worker_.rated_ || !worker_.table_.has_pending() || elapsed >= over_ms_) {
      worker_.clients_.send_away(pace_.take(elapsed));
    }
    worker_.clients_left_.store(worker_.clients_.sessions(), std::memory_order_relaxed);
    worker_.publishers_left_.store(worker_.control_.sessions(), std::memory_order_relaxed);
    set_deadline(worker_.core_.wheel(), worker_.core_.now() + net::Wheel::kTickMs);
  }

  Worker& worker_;
  const base::Millis begun_;
  const base::Millis over_ms_;
  DrainPace pace_;
};

Worker::Worker(unsigned index, SettingsRef settings, Shared& shared)
    : core_(index),
      rated_(shared.rate != nullptr),
      table_(core_, shared.hub, table_options(*settings->config), shared.rate),
      holds_(core_, table_, hold_options(*settings->config)),
      origins_(core_, origin_options(*settings->config)),
      proxy_{.core = core_,
             .origins = origins_,
             .holds = holds_,
             .load = &shared.load,
             .test_origin = &test_origin_,
             .demo_origin = shared.demo_origin},
      dispatcher_(proxy_),
      control_endpoint_(shared.hub, core_.counters()),
      admin_endpoint_(core_, shared.admin),
      access_log_(core_, base::access_output(), base::log_format()),
      clients_(core_, client_options(*settings->config), dispatcher_, shared.clients),
      control_(core_, control_options(*settings->config), control_endpoint_, shared.control_clients),
      admin_(core_, control_options(*settings->config), admin_endpoint_, shared.admin_clients),
      ask_others_(shared.ask_for_descriptors) {
  shared.hub.add_core(core_, table_);
  clients_.set_load(&shared.load);
  origins_.set_on_shortage([this] { ask_for_descriptors(); });
  if (index == 0) hub_ticker_.emplace(core_, shared.hub);
  take(*settings);
}

Worker::~Worker() {
  HF_ASSERT(!thread_.joinable());
}

front::Front& Worker::front_of(Listeners::What what) {
  switch (what) {
    case Listeners::What::clients: return clients_;
    case Listeners::What::control: return control_;
    case Listeners::What::admin: break;
  }
  return admin_;
}

std::vector<std::unique_ptr<net::Listener>>& Worker::listeners_of(Listeners::What what) {
  switch (what) {
    case Listeners::What::clients: return client_listeners_;
    case Listeners::What::control: return control_listeners_;
    case Listeners::What::admin: break;
  }
  return admin_listeners_;
}

Result<void> Worker::listen(const Listeners& listeners) {
  for (const auto& place : listeners.places()) {
    auto& front = front_of(place.what);
    auto security = place.security;
    auto listener = std::make_unique<net::Listener>(
        core_, [&front, security](int fd, const net::Endpoint& peer) { front.accept(fd, peer, security); });
    auto opened = place.unix_socket ? listener->share(*place.unix_socket) : listener->open(place.endpoint);
    listener->set_patience(patience_);
    listener->set_make_room([this] {
      if (origins_.close_idle()) return true;
      ask_for_descriptors();
      return false;
    });
    // Publishers would rather wait for a moment.
    if (place.what == Listeners::What::clients) {
      listener->refuse_when_short(
          [&front, security](int fd, const net::Endpoint& peer) { front.refuse_for_descriptors(fd, peer, security); });
    }
    listeners_of(place.what).push_back(std::move(listener));
    if (!opened) return opened;
  }
  return {};
}

void Worker::start() {
  thread_ = std::thread([this] { core_.run(); });
  ::pthread_setname_np(thread_.native_handle(), fmt::format("core-{}", core_.index()).c_str());
}

void Worker::set_settings(SettingsRef settings, std::shared_ptr<void> done) {
  core_.post([this, settings = std::move(settings), done = std::move(done)] { take(*settings); });
}

void Worker::take(const Settings& settings) {
  const auto& config = *settings.config;
  table_.set_options(table_options(config));
  holds_.options = hold_options(config);
  origins_.set_options(origin_options(config));
  origins_.forget_unused();
  proxy_.options = proxy_options(config);
  proxy_.sig_key = settings.sig_key;
  auto snapshot = std::make_shared<proxy::Snapshot>(settings.routes->parsed.routes);
  snapshot->keys = settings.routes->keys;
  snapshot->tls = settings.routes->tls;
  proxy_.snapshot = std::move(snapshot);
  clients_.set_options(client_options(config));
  clients_.set_tls(settings.tls);
  control_.set_options(control_options(config));
  control_endpoint_.set_credentials(settings.control_credentials);
  patience_ = patience(config);
  for (auto* listeners : {&client_listeners_, &control_listeners_, &admin_listeners_}) {
    for (auto& listener : *listeners) listener->set_patience(patience_);
  }
  auto* access = config.log.access ? &access_log_ : nullptr;
  clients_.set_access(access);
  control_.set_access(access);
  admin_endpoint_.set_settings(admin_settings(settings));
  admin_.set_options(control_options(config));
  admin_.set_access(access);
}

void Worker::ask_for_descriptors() {
  constexpr base::Millis kAskMs = 50;
  if (!ask_others_ || core_.now() < next_ask_) return;
  next_ask_ = core_.now() + kAskMs;
  ask_others_(core_.index());
}

void Worker::give_descriptor() {
  core_.post([this] { origins_.close_idle(); });
}

void Worker::shed(std::uint64_t bytes) {
  core_.post([this, bytes] { clients_.close_slowest(bytes); });
}

void Worker::begin_drain(base::Millis over_ms) {
  core_.post([this, over_ms] {
    for (auto& listener : client_listeners_) listener->close();
    drain_ = std::make_unique<Drain>(*this, over_ms);
  });
}

void Worker::end_control() {
  core_.post([this] {
    for (auto& listener : control_listeners_) listener->close();
    control_.begin_drain();
    publishers_left_.store(control_.sessions(), std::memory_order_relaxed);
  });
}

void Worker::stop_and_join() {
  core_.post([this] {
    drain_.reset();
    core_.stop();
  });
  if (thread_.joinable()) thread_.join();
}

}  // namespace holdfast::app
