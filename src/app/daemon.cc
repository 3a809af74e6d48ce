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
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "admin/context.h"
#include "app/listeners.h"
#include "app/log_setup.h"
#include "app/memory_watch.h"
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

constexpr auto kFileWatch = std::chrono::milliseconds(500);
constexpr auto kMemoryWatch = std::chrono::milliseconds(250);
constexpr auto kStopWatch = std::chrono::milliseconds(20);
/// For publishers whose request is under way when the last client has gone.
constexpr auto kControlEnd = std::chrono::seconds(1);
/// Beyond drain_seconds, for the service manager: all that is between the last client and our end.
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

channel::HubOptions hub_options(const Config& config) {
  return {config.grip.id_cache_ttl_s * base::Millis{1000}, static_cast<std::size_t>(config.grip.id_cache_max),
          config.grip.message_wait_ms, static_cast<std::size_t>(config.grip.message_wait_max),
          config.control.backlog_max_bytes};
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

class Daemon {
 public:
  Daemon(SettingsSource& source, DemoParts* demo)
      : source_(source),
        demo_(demo),
        clients_(client_limit(config(), raise_descriptor_limit())),
        hub_(hub_options(config())),
        signals_(io_, SIGTERM, SIGINT, SIGHUP),
        watch_(io_),
        memory_timer_(io_),
        watchdog_(io_, service_, [this] { return oldest_turn(); }) {
    signals_.add(SIGUSR1);
  }

  int run() {
    if (!start()) return 1;
    await_signal();
    watch_files();
    watch_memory();
    io_.run();
    finish();
    return 0;
  }

 private:
  bool start();
  void await_signal();
  void watch_files();
  void watch_memory();
  void reload();
  void apply(SettingsRef settings, const char* why);
  void stop_in_order();
  void set_limits(const Config& config);
  void begin_stop();
  void watch_drain();
  void watch_control();
  void finish();
  void stop_workers();
  base::Millis oldest_turn() const;

  const Config& config() const { return *source_.current()->config; }

  SettingsSource& source_;
  DemoParts* demo_;
  front::ClientCount clients_;
  front::ClientCount control_clients_{0};
  front::ClientCount admin_clients_{0};
  channel::Hub hub_;
  base::Readiness readiness_;
  admin::Context admin_{hub_, readiness_};
  base::Load load_;
  MemoryWatch memory_{load_, MemoryWatch::process()};
  std::optional<channel::RateBudget> rate_;
  std::unique_ptr<publish::ZmqIngress> zmq_;
  std::optional<Listeners> listeners_;
  std::optional<Shared> shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer watch_;
  boost::asio::steady_timer memory_timer_;
  ServiceNotify service_;
  ServiceWatchdog watchdog_;
  std::string serving_;  // for people: where
  std::chrono::steady_clock::time_point deadline_;
  bool stopping_ = false;
};

bool Daemon::start() {
  auto settings = source_.start();
  if (!settings) return false;
  const auto& config = *settings->config;
  auto listeners = Listeners::claim(config);
  if (!listeners) {
    log_error("{}", listeners.error().what);
    return false;
  }
  listeners_.emplace(std::move(*listeners));

  if (config.grip.message_rate > 0) rate_.emplace(config.grip.message_rate, config.grip.message_hwm);
  admin_.listening = {{"client", &clients_}, {"control", &control_clients_}, {"admin", &admin_clients_}};
  admin_.run_on_main = [this](std::function<void()> work) { boost::asio::post(io_, std::move(work)); };
  admin_.begin_drain = [this] { stop_in_order(); };
  shared_.emplace(Shared{hub_, rate_ ? &*rate_ : nullptr, clients_, control_clients_, admin_clients_, admin_, load_,
                         demo_ ? &demo_->origin() : nullptr});
  shared_->ask_for_descriptors = [this](unsigned core) {
    for (auto& worker : workers_) {
      if (worker->core().index() != core) worker->give_descriptor();
    }
  };
  set_limits(config);
  if (demo_) demo_->set_hub(hub_);
  auto count = config.server.workers > 0 ? static_cast<unsigned>(config.server.workers)
                                         : std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, settings, *shared_));
    admin_.cores.push_back(workers_.back()->admin_parts());
    if (auto listening = workers_.back()->listen(*listeners_); !listening) {
      log_error("{}", listening.error().what);
      return false;
    }
  }
  zmq_ = std::make_unique<publish::ZmqIngress>(hub_);
  if (auto bound = zmq_->open({config.control.zmq_pull, config.control.zmq_sub, config.control.zmq_sub_connect});
      !bound) {
    log_error("{}", bound.error().what);
    return false;
  }
  admin_.more_counters = {&hub_.counters(), &zmq_->counters()};
  log_info("routes loaded with {} entries from {}", settings->routes->parsed.routes.size(), source_.routes_text());
  for (auto& worker : workers_) worker->start();
  zmq_->start();
  readiness_.clear(base::NotReady::starting);
  auto or_nothing = [](const std::string& address) { return address.empty() ? "nothing" : address; };
  serving_ = fmt::format("clients on {}, control on {}, admin on {}", fmt::join(config.server.listen, " "),
                         or_nothing(config.control.http), or_nothing(config.admin.listen));
  log_info("holdfast {} is ready: {} workers, {}", HOLDFAST_VERSION, count, serving_);
  service_.ready(serving_);
  if (demo_) demo_->on_ready();
  return true;
}

void Daemon::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      reload();
    } else if (signal == SIGUSR1) {
      reopen_log_files();
    } else if (stopping_) {
      log_warn("stopping now: {} clients cut off", clients_.now.load());
      return io_.stop();
    } else {
      stop_in_order();
    }
    await_signal();
  });
}

void Daemon::stop_in_order() {
  if (stopping_) return;
  log_info("stopping: {} clients", clients_.now.load());
  begin_stop();
}

void Daemon::watch_files() {
  watch_.expires_after(kFileWatch);
  watch_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    if (auto settings = source_.reload_changed()) apply(std::move(settings), "file changed");
    watch_files();
  });
}

/// In shutdown too: who drains may be short of memory.
void Daemon::watch_memory() {
  auto excess = memory_.look(base::steady_ms());
  if (load_.shedding) {
    readiness_.set(base::NotReady::shedding);
  } else {
    readiness_.clear(base::NotReady::shedding);
  }
  for (auto& worker : workers_) {
    if (excess > 0) worker->shed(excess / workers_.size() + 1);
  }
  memory_timer_.expires_after(kMemoryWatch);
  memory_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) watch_memory();
  });
}

void Daemon::set_limits(const Config& config) {
  load_.waiting_requests.limit = static_cast<std::uint64_t>(config.proxy.waiting_requests_max);
  load_.memory_max_bytes = config.server.memory_max_bytes;
}

void Daemon::reload() {
  if (stopping_) return;
  service_.reloading();
  if (auto settings = source_.reload()) apply(std::move(settings), "SIGHUP");
  service_.ready(serving_);
}

void Daemon::apply(SettingsRef settings, const char* why) {
  base::set_log_level(log_level(settings->config->log.level));
  clients_.limit = client_limit(*settings->config, raise_descriptor_limit());
  set_limits(*settings->config);
  hub_.set_options(hub_options(*settings->config));
  // Said when the last core has let go of it: from then on no request sees the old settings.
  auto line = fmt::format("routes loaded with {} entries from {} ({})", settings->routes->parsed.routes.size(),
                          source_.routes_text(), why);
  std::shared_ptr<void> done(nullptr, [line](void*) { log_info("{}", line); });
  for (auto& worker : workers_) worker->set_settings(settings, done);
}

base::Millis Daemon::oldest_turn() const {
  auto oldest = base::steady_ms();
  for (const auto& worker : workers_) oldest = std::min(oldest, worker->core().last_turn());
  return oldest;
}

/// In order: no new clients; holds end one after the other while requests under way are answered; then publishers are
/// sent away, so that what they publish reaches clients for as long as there are any; then the loops stop.
void Daemon::begin_stop() {
  stopping_ = true;
  readiness_.set(base::NotReady::draining);
  // The files of unix sockets go at once, so that another daemon may take their place while this one drains; the
  // cores close their ends when they have accepted what waits.
  listeners_.reset();
  auto seconds = std::chrono::seconds(config().server.drain_seconds);
  service_.stopping(fmt::format("Stopping: {} clients", clients_.now.load()),
                    std::chrono::milliseconds(seconds).count() + kStopMargin);
  deadline_ = std::chrono::steady_clock::now() + seconds;
  // The last part of the time is for those who are slow to take what is queued for them.
  auto spread = std::chrono::duration_cast<std::chrono::milliseconds>(seconds) * 9 / 10;
  for (auto& worker : workers_) worker->begin_drain(spread.count());
  watch_drain();
}

void Daemon::watch_drain() {
  watch_.expires_after(kStopWatch);
  watch_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    bool empty = std::all_of(workers_.begin(), workers_.end(), [](const auto& w) { return w->clients_left() == 0; });
    if (!empty && std::chrono::steady_clock::now() < deadline_) return watch_drain();
    for (auto& worker : workers_) worker->end_control();
    deadline_ = std::chrono::steady_clock::now() + kControlEnd;
    watch_control();
  });
}

void Daemon::watch_control() {
  watch_.expires_after(kStopWatch);
  watch_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    bool empty = std::all_of(workers_.begin(), workers_.end(), [](const auto& w) { return w->publishers_left() == 0; });
    if (empty || std::chrono::steady_clock::now() >= deadline_) return io_.stop();
    watch_control();
  });
}

void Daemon::stop_workers() {
  if (zmq_) zmq_->stop();
  for (auto& worker : workers_) worker->stop_and_join();
  hub_.forget_cores();  // they are destroyed one after the other, and each may still have clients
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

int run_daemon(SettingsSource& settings, DemoParts* demo) {
  ::signal(SIGPIPE, SIG_IGN);
  auto daemon = std::make_unique<Daemon>(settings, demo);
  auto status = daemon->run();
  daemon.reset();
  return status;
}

}  // namespace holdfast::app
