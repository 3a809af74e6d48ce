// SPDX-License-Identifier: Apache-2.0
#include "front/front.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/jitter.h"
#include "base/log.h"
#include "front/h1_session.h"
#include "wire/http1_write.h"
#include "wire/proxy_status.h"

namespace holdfast::front {

Front::Front(net::Core& core, const FrontOptions& options, RequestAcceptor& acceptor, ClientCount& clients)
    : core_(core), options_(options), acceptor_(acceptor), clients_(clients), refusals_(core) {}

Front::~Front() {
  while (!sessions_.empty()) delete &sessions_.front();
}

void Front::accept(int fd, const net::Endpoint& peer, Security security) {
  using base::Counter;
  if (load_ && load_->shedding.load(std::memory_order_relaxed)) {
    static base::LogLimiter limiter;
    base::log_limited(limiter, {{"peer", net::peer_address(peer).text()}},
                      "client refused: server.memory_max_bytes ({}) reached, {} in use", load_->memory_max_bytes.load(),
                      load_->memory_bytes.load());
    core_.counters().add(Counter::clients_refused_memory);
    return refuse(fd, net::peer_address(peer), security, "Too little memory", Refusals::Linger::yes);
  }
  if (!clients_.take()) {
    static base::LogLimiter limiter;
    base::log_limited(limiter, {{"peer", net::peer_address(peer).text()}},
                      "client refused: server.max_connections ({}) reached", clients_.limit.load());
    core_.counters().add(Counter::clients_refused);
    return refuse(fd, net::peer_address(peer), security, "Too many connections", Refusals::Linger::yes);
  }
  auto session = std::make_unique<H1Session>(*this, core_.next_connection(), net::peer_address(peer));
  if (!session->start(fd, security)) return clients_.give_back();
  core_.counters().add(Counter::clients_accepted);
  ++count_;
  sessions_.push_back(*session.release());
}

Front::Walk::Walk(Front& front) : place_(front.sessions_, front.walks_) {}

H1Session* Front::Walk::next() {
  return place_.next();
}

void Front::refuse_for_descriptors(int fd, const net::Endpoint& peer, Security security) {
  core_.counters().add(base::Counter::clients_refused_descriptors);
  refuse(fd, net::peer_address(peer), security, "Too many open files", Refusals::Linger::no);
}

void Front::refuse(int fd, const PeerAddress& peer, Security security, const char* why, Refusals::Linger linger) {
  if (access_) {
    AccessRecord record;
    record.connection = core_.next_connection();
    record.peer = &peer;
    record.note.cause = to_text(refusal_cause(503));
    record.status = security == Security::tls ? 0 : 503;
    record.reason = CloseReason::refused;
    access_->record(record);
  }
  // Before the handshake there is one thing only that a TLS client can be told: a fatal alert, internal_error
  // (RFC 8446 §6). To do the handshake for the sake of a 503 would cost us most when we have least.
  static constexpr std::string_view kAlert("\x15\x03\x03\x00\x02\x02\x50", 7);
  if (security == Security::tls) return refusals_.send_away(fd, kAlert, linger);
  auto& answer = head_;
  answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n";
  wire::append_field(answer, "Retry-After", base::retry_after_s(options_.retry_after_max_s));
  append_proxy_status(answer, 503);
  wire::append_field(answer, "Content-Length", std::strlen(why) + 1);
  wire::append_end_of_head(answer);
  answer += why;
  answer += '\n';
  refusals_.send_away(fd, answer, linger);
}

void Front::close_slowest(std::uint64_t bytes) {
  constexpr std::size_t kMuch = 65536;
  std::vector<H1Session*> behind;
  for (auto& session : sessions_) {
    if (session.queued_bytes() >= kMuch) behind.push_back(&session);
  }
  std::sort(behind.begin(), behind.end(),
            [](const auto* a, const auto* b) { return a->queued_bytes() > b->queued_bytes(); });
  for (auto* session : behind) {
    if (bytes == 0) return;
    auto queued = session->queued_bytes();
    static base::LogLimiter limiter;
    base::log_limited(limiter,
                      {{"conn", session->connection_id()}, {"peer", session->peer().text()}, {"queued", queued}},
                      "slow client closed: server.memory_max_bytes reached");
    core_.counters().add(base::Counter::slow_clients_shed);
    session->shed();
    bytes -= std::min<std::uint64_t>(bytes, queued);
  }
}

void Front::append_proxy_status(std::string& head, int status) const {
  if (options_.proxy_name.empty()) return;
  auto value = wire::encode_proxy_status(options_.proxy_name, wire::error_of_status(status));
  wire::append_field(head, "Proxy-Status", value);
}

void Front::remove(H1Session& session) {
  base::ListWalk<SessionList>::pass(walks_, session);
  sessions_.erase(sessions_.iterator_to(session));
  --count_;
  clients_.give_back();
  core_.defer_delete(std::unique_ptr<H1Session>(&session));
}

bool Front::take_handshake_turn(H1Session& session) {
  if (handshakes_ < options_.handshakes_max) {
    ++handshakes_;
    return true;
  }
  core_.counters().add(base::Counter::handshakes_delayed);
  static base::LogLimiter limiter;
  base::log_limited(limiter, {{"conn", session.connection_id()}, {"peer", session.peer().text()}},
                    "TLS handshakes wait: tls.handshakes_max ({}) reached", options_.handshakes_max);
  waiting_handshakes_.push_back(&session);
  return false;
}

void Front::end_handshake() {
  --handshakes_;
  while (handshakes_ < options_.handshakes_max && !waiting_handshakes_.empty()) {
    auto& next = *waiting_handshakes_.front();
    waiting_handshakes_.pop_front();
    ++handshakes_;
    next.give_handshake_turn();
  }
}

void Front::leave_handshake_queue(H1Session& session) {
  std::erase(waiting_handshakes_, &session);
}

void Front::begin_drain() {
  draining_ = true;
  Walk walk(*this);
  while (auto* session = walk.next()) session->close_if_idle();
  staying_.emplace(sessions_, walks_);
}

void Front::send_away(std::size_t count) {
  for (; count > 0 && has_left_to_send_away(); --count) staying_->next()->shutdown();
}

}  // namespace holdfast::front
