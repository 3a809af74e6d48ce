// SPDX-License-Identifier: Apache-2.0
// Cores as the admin room sees them, run on the test's own thread, and an endpoint on the first of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/endpoint.h"
#include "base/json.h"
#include "support/fake_exchange.h"
#include "support/front_bench.h"

namespace holdfast::test {

/// One core with its front and its table.
struct AdminCore {
  AdminCore(unsigned index, channel::Hub& hub)
      : core(index), table(core, hub, channel::TableOptions{0}, nullptr), front(core, {}, acceptor, clients) {
    hub.add_core(core, table);
    stop_clock(core);
  }
  /// A client of this core.
  FrontClient connect() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    front.accept(fds[0], *net::parse_literal("192.0.2.1", 4711));
    return FrontClient(fds[1]);
  }

  net::Core core;
  ScriptedAcceptor acceptor;
  front::ClientCount clients{0};
  channel::ChannelTable table;
  front::Front front;
};

struct AdminBench {
  explicit AdminBench(unsigned cores = 3) {
    for (unsigned i = 0; i < cores; ++i) {
      parts.push_back(std::make_unique<AdminCore>(i, hub));
      context.cores.push_back({&parts[i]->core, &parts[i]->table, &parts[i]->front});
    }
    context.more_counters = {&hub.counters()};
    context.run_on_main = [this](std::function<void()> work) { main.push_back(std::move(work)); };
    context.begin_drain = [this] { ++drains; };
    readiness.clear(base::NotReady::starting);
    endpoint = std::make_unique<admin::AdminEndpoint>(parts.front()->core, context);
  }

  /// Until nothing is left to be done by anybody.
  void settle() {
    for (int i = 0; i < 10; ++i) {
      for (auto& part : parts) test::settle(part->core);
      auto work = std::exchange(main, {});
      for (auto& piece : work) piece();
    }
  }
  void ask(FakeExchange& exchange, std::string_view method, std::string_view target, std::string_view body = "",
           const std::vector<Field>& fields = {}) {
    endpoint->on_request(exchange, {.method = method, .target = target, .host = "h", .fields = fields}, body, End::yes);
  }
  /// Status and body.
  std::string answer(std::string_view method, std::string_view target, std::string_view body = "",
                     const std::vector<Field>& fields = {}) {
    FakeExchange exchange;
    ask(exchange, method, target, body, fields);
    settle();
    EXPECT_TRUE(exchange.over()) << target;
    if (!exchange.head()) return "none";
    exchange.end_turn();
    return std::to_string(exchange.head()->status) + " " + exchange.body();
  }
  base::Json json(std::string_view target) {
    auto text = answer("GET", target);
    EXPECT_TRUE(text.starts_with("200 ")) << text;
    return base::Json::parse(text.substr(4));
  }

  channel::Hub hub{channel::HubOptions{}};
  base::Readiness readiness;
  admin::Context context{hub, readiness};
  std::vector<std::unique_ptr<AdminCore>> parts;
  std::unique_ptr<admin::AdminEndpoint> endpoint;
  std::vector<std::function<void()>> main;
  int drains = 0;
};

}  // namespace holdfast::test
