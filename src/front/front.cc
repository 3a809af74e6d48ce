// SPDX-License-Identifier: Apache-2.0
#include "front/front.h"

#include <memory>
#include <string_view>

#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "front/h1_session.h"
#include "wire/http1_write.h"
#include "wire/proxy_status.h"

namespace holdfast::front {

Front::Front(net::Core& core, const FrontOptions& options, RequestAcceptor& acceptor, ClientCount& clients)
    : core_(core), options_(options), acceptor_(acceptor), clients_(clients) {}

Front::~Front() {
  for (auto* list : {&sessions_, &staying_}) {
    while (!list->empty()) delete &list->front();
  }
}

void Front::accept(int fd, const net::Endpoint& peer, Security security) {
  auto limit = clients_.limit.load(std::memory_order_relaxed);
  if (limit && clients_.now.load(std::memory_order_relaxed) >= limit) return refuse(fd, net::peer_address(peer));
  auto session = std::make_unique<H1Session>(*this, core_.next_connection(), net::peer_address(peer));
  if (!session->start(fd, security)) return;
  core_.counters().add(base::Counter::clients_accepted);
  clients_.now.fetch_add(1, std::memory_order_relaxed);
  ++count_;
  sessions_.push_back(*session.release());
}

void Front::refuse(int fd, const PeerAddress& peer) {
  static base::LogLimiter limiter;
  base::log_limited(limiter, {{"peer", peer.text()}}, "client refused: server.max_connections ({}) reached",
                    clients_.limit.load());
  core_.counters().add(base::Counter::clients_refused);
  if (access_) {
    AccessRecord record;
    record.connection = core_.next_connection();
    record.peer = &peer;
    record.note.cause = to_text(refusal_cause(503));
    record.status = 503;
    record.reason = CloseReason::refused;
    access_->record(record);
  }
  auto& answer = head_;
  answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 5\r\nConnection: close\r\n";
  append_proxy_status(answer, 503);
  answer += "Content-Length: 21\r\n\r\nToo many connections\n";
  [[maybe_unused]] auto n = ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::close(fd);
}

void Front::append_proxy_status(std::string& head, int status) const {
  if (options_.proxy_name.empty()) return;
  auto value = wire::encode_proxy_status(options_.proxy_name, wire::error_of_status(status));
  wire::append_field(head, "Proxy-Status", value);
}

void Front::remove(H1Session& session) {
  session.SessionHook::unlink();
  --count_;
  clients_.now.fetch_sub(1, std::memory_order_relaxed);
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
  staying_.swap(sessions_);
  for (auto it = staying_.begin(); it != staying_.end();) (it++)->close_if_idle();
}

void Front::send_away(std::size_t count) {
  for (; count > 0 && !staying_.empty(); --count) {
    auto& session = staying_.front();
    staying_.pop_front();
    sessions_.push_back(session);
    session.shutdown();
  }
}

}  // namespace holdfast::front
