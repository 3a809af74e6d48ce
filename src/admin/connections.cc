// SPDX-License-Identifier: Apache-2.0
#include "admin/connections.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/chrono.h>

#include "admin/close_request.h"
#include "admin/gather.h"
#include "base/json.h"
#include "front/access.h"
#include "front/h1_session.h"

namespace holdfast::admin {
namespace {

constexpr int kSessionsInSlice = 256;

using base::Json;
using front::ClientNote;
using front::H1Session;

/// Of a time of the steady clock.
std::string wall_time(base::Millis steady) {
  using namespace std::chrono;
  // Compared once, so that the same moment is always shown as the same.
  static const auto apart =
      duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count() - base::steady_ms();
  auto then = apart + steady;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(then / 1000)), then % 1000);
}

Json to_json(const H1Session& session, const ClientNote& note) {
  auto or_null = [](std::string_view text) { return text.empty() ? Json() : Json(text); };
  auto channels = Json::array();
  for (auto name : note.hold.channels) channels.push_back(name);
  auto meta = Json::object();
  for (const auto& [name, value] : note.hold.meta) meta[std::string(name)] = value;
  return {{"id", session.connection_id()},
          {"peer", note.peer->text()},
          {"route", or_null(note.request.route)},
          {"method", or_null(note.request.method)},
          {"host", or_null(note.request.host)},
          {"target", or_null(note.request.target)},
          {"hold", or_null(note.request.hold)},
          {"channels", std::move(channels)},
          {"meta", std::move(meta)},
          {"queued_bytes", session.queued_bytes()},
          {"since", wall_time(note.since)}};
}

struct Wanted {
  std::optional<std::string> channel;
  std::optional<std::string> route;
  std::uint64_t after = 0;  // numbers up to it were on earlier pages
  std::size_t limit = kDefaultLimit;

  bool takes(const ClientNote& note) const {
    const auto& channels = note.hold.channels;
    if (channel && std::find(channels.begin(), channels.end(), *channel) == channels.end()) return false;
    return !route || note.request.route == *route;
  }
};

Result<Wanted> parse_wanted(const Request& request) {
  auto query = request.query({"channel", "route", "limit", "cursor"});
  if (!query) return query.error();
  Wanted wanted;
  for (const auto& [name, value] : *query) {
    if (name == "channel") wanted.channel = value;
    if (name == "route") wanted.route = value;
    if (name == "cursor") {
      auto after = front::parse_connection(value);
      if (!after) return Error{"cursor is none that a page of this daemon has given"};
      wanted.after = *after;
    }
    if (name != "limit") continue;
    auto limit = parse_limit(value);
    if (!limit) return limit.error();
    wanted.limit = *limit;
  }
  return wanted;
}

/// One page. Connections have numbers that rise with the core and, on it, with time: the page goes from core to core,
/// to no more of them than it needs.
class Page : public std::enable_shared_from_this<Page> {
 public:
  Page(const Context& context, Wanted wanted, ReplyRef reply)
      : context_(context), wanted_(std::move(wanted)), reply_(std::move(reply)) {}

  void visit(std::size_t core) {
    if (core == context_.cores.size() || is_full()) return finish();
    context_.cores[core].core->post([self = shared_from_this(), core] {
      const auto& parts = self->context_.cores[core];
      auto walk = std::make_shared<front::Front::Walk>(*parts.clients);
      run_in_slices(*parts.core, [self, core, walk] {
        bool more = self->run_slice(*walk);
        if (!more) self->visit(core + 1);
        return more;
      });
    });
  }

 private:
  /// One more than the page has, to know whether another follows.
  bool is_full() const { return rows_.size() > wanted_.limit; }

  bool run_slice(front::Front::Walk& walk) {
    for (int i = 0; i < kSessionsInSlice && !is_full(); ++i) {
      auto* session = walk.next();
      if (!session) return false;
      if (session->number() <= wanted_.after) continue;
      session->describe(note_);
      if (wanted_.takes(note_)) rows_.push_back(to_json(*session, note_));
    }
    return !is_full();
  }

  void finish() {
    reply_->core().post([self = shared_from_this()] {
      auto& rows = self->rows_;
      Json cursor;
      if (self->is_full()) {
        rows.pop_back();
        cursor = rows.back()["id"];
      }
      self->reply_->send(json_answer(200, {{"connections", std::move(rows)}, {"cursor", std::move(cursor)}}));
    });
  }

  const Context& context_;
  const Wanted wanted_;
  const ReplyRef reply_;
  std::vector<Json> rows_;
  ClientNote note_;
};

/// Finds one connection, and answers with what `use` makes of it on its core.
void with_connection(const Request& request, const ReplyRef& reply, Answer (*use)(H1Session&)) {
  if (auto query = request.query({}); !query) return reply->send(error_answer(400, query.error().what));
  auto number = front::parse_connection(request.name);
  auto index = number ? net::Core::core_of(*number) : 0;
  if (!number || index >= request.context.cores.size()) return reply->send(error_answer(404, "no such connection"));
  const auto& parts = request.context.cores[index];
  parts.core->post([&parts, number = *number, reply, use] {
    auto answer = [reply](Answer with) { reply->core().post([reply, with = std::move(with)] { reply->send(with); }); };
    auto walk = std::make_shared<front::Front::Walk>(*parts.clients);
    run_in_slices(*parts.core, [walk, number, use, answer] {
      for (int i = 0; i < kSessionsInSlice; ++i) {
        auto* session = walk->next();
        if (!session || session->number() > number) return answer(error_answer(404, "no such connection")), false;
        if (session->number() == number) return answer(use(*session)), false;
      }
      return true;
    });
  });
}

/// Closes the matching ones of one core.
class Sweep {
 public:
  Sweep(front::Front& clients, std::shared_ptr<const CloseRequest> request)
      : walk_(clients), request_(std::move(request)) {}

  bool run_slice() {
    for (int i = 0; i < kSessionsInSlice; ++i) {
      auto* session = walk_.next();
      if (!session) return false;
      session->describe(note_);
      if (matches() && session->dismiss(request_->farewell.get())) ++closed_;
    }
    return true;
  }
  std::size_t closed() const { return closed_; }

 private:
  bool matches() const {
    const auto& has = note_.hold.meta;
    return std::all_of(request_->meta.begin(), request_->meta.end(), [&has](const auto& wanted) {
      return std::any_of(has.begin(), has.end(), [&wanted](const auto& pair) {
        return pair.first == wanted.first && pair.second == wanted.second;
      });
    });
  }

  front::Front::Walk walk_;
  const std::shared_ptr<const CloseRequest> request_;
  ClientNote note_;
  std::size_t closed_ = 0;
};

}  // namespace

void list_connections(const Request& request, const ReplyRef& reply) {
  auto wanted = parse_wanted(request);
  if (!wanted) return reply->send(error_answer(400, wanted.error().what));
  auto first = net::Core::core_of(wanted->after);
  std::make_shared<Page>(request.context, std::move(*wanted), reply)->visit(first);
}

void show_connection(const Request& request, const ReplyRef& reply) {
  with_connection(request, reply, [](H1Session& session) {
    ClientNote note;
    session.describe(note);
    return json_answer(200, to_json(session, note));
  });
}

void close_connection(const Request& request, const ReplyRef& reply) {
  with_connection(request, reply, [](H1Session& session) {
    return session.dismiss(nullptr) ? json_answer(200, {{"closed", 1}}) : error_answer(404, "no such connection");
  });
}

void close_connections(const Request& request, const ReplyRef& reply) {
  auto parsed = parse_close_request(request.body);
  if (!parsed) return reply->send(error_answer(400, parsed.error().what));
  auto close = std::make_shared<const CloseRequest>(std::move(*parsed));
  gather<std::size_t>(
      request.context.cores, reply->core(),
      [close](const CoreParts& core, std::function<void(std::size_t)> done) {
        auto sweep = std::make_shared<Sweep>(*core.clients, close);
        run_in_slices(*core.core, [sweep, done = std::move(done)] {
          bool more = sweep->run_slice();
          if (!more) done(sweep->closed());
          return more;
        });
      },
      [reply](const std::vector<std::size_t>& parts) {
        std::size_t closed = 0;
        for (auto part : parts) closed += part;
        reply->send(json_answer(200, {{"closed", closed}}));
      });
}

}  // namespace holdfast::admin
