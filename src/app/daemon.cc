// SPDX-License-Identifier: Apache-2.0
#include "app/daemon.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "app/config_form.h"
#include "app/service_notify.h"
#include "app/service_watchdog.h"
#include "app/worker.h"
#include "base/log.h"
#include "publish/zmq_ingress.h"

namespace holdfast::app {
namespace {

using base::log_error;
using base::log_info;
using base::log_warn;

constexpr auto kRoutesWatch = std::chrono::milliseconds(500);
constexpr auto kStopWatch = std::chrono::milliseconds(20);
/// Beyond drain_seconds, for the service manager: what is between the last client and our end.
constexpr base::Millis kStopMargin = 10000;

/// Descriptors that are not clients: listeners, epoll sets, logs, and what ZeroMQ takes.
constexpr std::uint64_t kReservedDescriptors = 100;

/// Takes as many descriptors as the system lets us, and returns how many those are.
std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::uint64_t client_limit(const Config& config, std::uint64_t descriptors) {
  auto possible = descriptors > 2 * kReservedDescriptors ? descriptors - kReservedDescriptors : descriptors / 2;
  auto asked = static_cast<std::uint64_t>(config.server.max_connections);
  if (asked > possible) {
    log_warn(
        "server.max_connections is {}, but the descriptor limit ({}) allows {}; raise it with ulimit -n or "
        "LimitNOFILE=",
        asked, descriptors, possible);
  }
  return asked == 0 ? possible : std::min(asked, possible);
}

struct Addresses {
  std::vector<net::Endpoint> clients;
  std::vector<net::Endpoint> control;
};

/// Resolves what is listened on, and makes sure that nobody else does; false when something is in the way, which has
/// been logged with the key that asked for it.
bool claim(const std::vector<std::string>& urls, const char* key, const Addresses& taken,
           std::vector<net::Endpoint>& out) {
  for (const auto& url : urls) {
    if (url.empty()) continue;
    auto address = parse_http_address(url);
    std::string host = address ? address->host : "";
    auto endpoint =
        address ? net::parse_literal(host == "localhost" ? "127.0.0.1" : host, address->port) : std::nullopt;
    if (!endpoint) {
      log_error("{}: \"{}\" is not an address to listen on", key, url);
      return false;
    }
    // Our own listeners share their ports, so the kernel would let two keys have the same one.
    auto same = [&](const net::Endpoint& other) { return other.text() == endpoint->text(); };
    if (std::any_of(taken.clients.begin(), taken.clients.end(), same) ||
        std::any_of(taken.control.begin(), taken.control.end(), same)) {
      log_error("{}: {} is given twice; each listener needs an address of its own", key, endpoint->text());
      return false;
    }
    if (auto claimed = net::claim_address(*endpoint); !claimed) {
      log_error("{}: {}", key, claimed.error().what);
      return false;
    }
    out.push_back(*endpoint);
  }
  return true;
}

void log_issues(const proxy::ParsedRoutes& parsed) {
  for (const auto& issue : parsed.issues) {
    if (issue.severity == proxy::RouteIssue::Severity::error) {
      log_error("routes: {}", issue.text());
    } else {
      log_warn("routes: {}", issue.text());
    }
  }
}

std::optional<base::SigningKey> global_key(const Config& config, bool& failed) {
  if (config.grip.sig_key.empty()) return std::nullopt;
  auto key = base::SigningKey::parse(config.grip.sig_key, config.directory);
  if (!key) {
    log_error("grip.sig_key: {}", key.error().what);
    failed = true;
    return std::nullopt;
  }
  return *key;
}

class Daemon {
 public:
  Daemon(const Config& config, RoutesSource routes, DemoParts* demo)
      : config_(config),
        routes_(std::move(routes)),
        demo_(demo),
        clients_(client_limit(config, raise_descriptor_limit())),
        hub_({config.grip.id_cache_ttl_s * base::Millis{1000}, static_cast<std::size_t>(config.grip.id_cache_max),
              config.control.backlog_max_bytes}),
        signals_(io_, SIGTERM, SIGINT, SIGHUP),
        watch_(io_),
        watchdog_(io_, service_, [this] { return oldest_turn(); }) {}

  int run() {
    if (!start()) return 1;
    await_signal();
    watch_routes();
    io_.run();
    finish();
    return 0;
  }

 private:
  bool start();
  void await_signal();
  void watch_routes();
  void reload_routes(const char* why);
  std::string serving() const;
  void begin_stop();
  void watch_stop();
  void finish();
  void stop_workers();
  base::Millis oldest_turn() const;

  const Config& config_;
  RoutesSource routes_;
  DemoParts* demo_;
  front::ClientCount clients_;
  front::ClientCount control_clients_{0};
  channel::Hub hub_;
  std::optional<channel::RateBudget> rate_;
  std::unique_ptr<publish::ZmqIngress> zmq_;
  std::optional<Shared> shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer watch_;
  ServiceNotify service_;
  ServiceWatchdog watchdog_;
  std::chrono::steady_clock::time_point deadline_;
  bool stopping_ = false;
};

bool Daemon::start() {
  bool failed = false;
  auto key = global_key(config_, failed);
  if (failed) return false;
  auto loaded = routes_.load();
  if (!loaded) {
    log_error("{}", loaded.error().what);
    return false;
  }
  log_issues(loaded->parsed);
  Addresses addresses;
  if (!claim(config_.server.listen, "server.listen", addresses, addresses.clients)) return false;
  if (!claim({config_.control.http}, "control.http", addresses, addresses.control)) return false;

  if (config_.grip.message_rate > 0) rate_.emplace(config_.grip.message_rate, config_.grip.message_hwm);
  shared_.emplace(Shared{hub_, rate_ ? &*rate_ : nullptr, clients_, control_clients_, std::move(key),
                         demo_ ? &demo_->origin() : nullptr});
  if (demo_) demo_->set_hub(hub_);
  auto count = config_.server.workers > 0 ? static_cast<unsigned>(config_.server.workers)
                                          : std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, config_, *shared_));
    if (auto listening = workers_.back()->listen(addresses.clients, addresses.control); !listening) {
      log_error("{}", listening.error().what);
      return false;
    }
  }
  zmq_ = std::make_unique<publish::ZmqIngress>(hub_);
  if (auto bound = zmq_->open({config_.control.zmq_pull, config_.control.zmq_sub, config_.control.zmq_sub_connect});
      !bound) {
    log_error("{}", bound.error().what);
    return false;
  }
  auto routes = std::make_shared<const LoadedRoutes>(std::move(*loaded));
  log_info("routes loaded with {} entries from {}", routes->parsed.routes.size(), routes_.text());
  for (auto& worker : workers_) worker->set_routes(routes);
  for (auto& worker : workers_) worker->start();
  zmq_->start();
  log_info("holdfast {} is ready: {} workers, {}", HOLDFAST_VERSION, count, serving());
  service_.ready(serving());
  if (demo_) demo_->on_ready();
  return true;
}

void Daemon::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      if (!stopping_) service_.reloading();
      reload_routes("SIGHUP");
      if (!stopping_) service_.ready(serving());
    } else if (stopping_) {
      log_warn("stopping now: {} clients cut off", clients_.now.load());
      return io_.stop();
    } else {
      log_info("stopping: {} clients", clients_.now.load());
      begin_stop();
    }
    await_signal();
  });
}

void Daemon::watch_routes() {
  watch_.expires_after(kRoutesWatch);
  watch_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    if (routes_.changed()) reload_routes("file changed");
    watch_routes();
  });
}

void Daemon::reload_routes(const char* why) {
  if (stopping_) return;
  auto loaded = routes_.load();
  if (!loaded) {
    log_error("{}; the routes stay as they were", loaded.error().what);
    return;
  }
  log_issues(loaded->parsed);
  if (loaded->parsed.has_errors()) {
    log_error("routes not reloaded ({}): mend the lines above; the routes stay as they were", why);
    return;
  }
  auto routes = std::make_shared<const LoadedRoutes>(std::move(*loaded));
  // Said when the last core has let go of it: from then on no request takes an old route.
  auto line =
      fmt::format("routes loaded with {} entries from {} ({})", routes->parsed.routes.size(), routes_.text(), why);
  std::shared_ptr<void> done(nullptr, [line](void*) { log_info("{}", line); });
  for (auto& worker : workers_) worker->set_routes(routes, done);
}

std::string Daemon::serving() const {
  return fmt::format("clients on {}, control on {}", fmt::join(config_.server.listen, " "),
                     config_.control.http.empty() ? "nothing" : config_.control.http);
}

base::Millis Daemon::oldest_turn() const {
  auto oldest = base::steady_ms();
  for (const auto& worker : workers_) oldest = std::min(oldest, worker->core().last_turn());
  return oldest;
}

/// In order: no new clients; holds end and requests under way are answered; then the loops stop.
void Daemon::begin_stop() {
  stopping_ = true;
  service_.stopping(fmt::format("Stopping: {} clients", clients_.now.load()),
                    config_.server.drain_seconds * base::Millis{1000} + kStopMargin);
  deadline_ = std::chrono::steady_clock::now() + std::chrono::seconds(config_.server.drain_seconds);
  for (auto& worker : workers_) worker->begin_shutdown();
  watch_stop();
}

void Daemon::watch_stop() {
  watch_.expires_after(kStopWatch);
  watch_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    bool empty = std::all_of(workers_.begin(), workers_.end(), [](const auto& w) { return w->sessions_left() == 0; });
    if (empty || std::chrono::steady_clock::now() >= deadline_) return io_.stop();
    watch_stop();
  });
}

void Daemon::stop_workers() {
  if (zmq_) zmq_->stop();
  for (auto& worker : workers_) worker->stop_and_join();
}

void Daemon::finish() {
  stop_workers();
  auto total = [this](base::Counter counter) {
    auto sum = hub_.counters().get(counter);
    for (const auto& worker : workers_) sum += worker->core().counters().get(counter);
    return sum;
  };
  using base::Counter;
  log_info("stopped: {} clients, {} requests, {} published, {} deliveries, {} clients cut off",
           total(Counter::clients_accepted), total(Counter::requests), total(Counter::published),
           total(Counter::deliveries), clients_.now.load());
}

}  // namespace

int run_daemon(const Config& config, RoutesSource routes, DemoParts* demo) {
  ::signal(SIGPIPE, SIG_IGN);
  auto daemon = std::make_unique<Daemon>(config, std::move(routes), demo);
  auto status = daemon->run();
  daemon.reset();
  base::flush_log();
  return status;
}

}  // namespace holdfast::app
