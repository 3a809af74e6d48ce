// SPDX-License-Identifier: Apache-2.0
// One HTTP/1 client connection: turns bytes into exchanges, one after the other, and answers back into bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <holdfast/exchange.h>

#include "base/cause.h"
#include "front/front.h"
#include "net/core.h"
#include "net/socket.h"
#include "wire/http1_chunked.h"

namespace holdfast::front {

/// What an operator may see of a client. Cleared and filled again for each, so that the lists keep their room.
struct ClientNote {
  const PeerAddress* peer = nullptr;
  base::Millis since = 0;  ///< when its request began, or its wait for one
  AccessNote request;      ///< empty: there is none
  HoldNote hold;
};

/// A state machine on the core's descriptor set. Owned by its Front; ends through defer_delete. Cost while parked: this
/// object (under 300 bytes) and the handler; buffers exist only while something is incomplete.
///
///   preface ──> handshake ──> head        (PROXY protocol and TLS, where there are such)
///   head ──complete──> exchange ──End, persistent──> head
///     │ refused            │ End, not persistent
///     └────────> lingering <┘ ──end of file, or 2 s──> closed
class H1Session final : public Exchange,
                        public SessionHook,
                        private net::Pollable,
                        private net::Timer,
                        private net::Soon {
 public:
  H1Session(Front& front, std::uint64_t id, const PeerAddress& peer);
  ~H1Session() override;

  /// False when the kernel refuses the descriptor, which is closed then.
  bool start(int fd, Security security);
  /// True when it was: between two requests, with nothing of the next one here.
  bool close_if_idle();
  void shutdown();
  /// An operator closes the client: see ExchangeHandler::on_dismissed. False when it is closing already.
  bool dismiss(const Message* farewell);
  void describe(ClientNote& note) const;
  std::uint64_t number() const { return id_; }
  /// Ends now, whatever is queued: the memory is needed.
  void shed();
  /// Its turn to do the TLS handshake has come. It begins later in this turn of the loop: a row of clients who have
  /// vanished must not become a row of calls inside of each other.
  void give_handshake_turn();

  // Exchange
  void inform(const ResponseHead& head) override;
  Written respond(const ResponseHead& head, std::span<const Slice> body, End end) override;
  Written write(std::span<const Slice> body, End end) override;
  Written write_framed(std::span<const Slice> framed) override;
  BodyForm body_form() const override { return chunked_ ? BodyForm::chunked : BodyForm::raw; }
  void abort(CloseReason reason) override;
  void set_close_reason(CloseReason reason) override { reason_ = reason; }
  std::size_t queued_bytes() const override { return socket_.queued_bytes(); }
  void pause_request_body() override { paused_ = true; }
  void resume_request_body() override;
  void park() override;
  void set_handler(std::unique_ptr<ExchangeHandler> handler) override;
  const PeerAddress& peer() const override { return peer_; }
  std::string connection_id() const override { return connection_text(id_); }

 private:
  enum class Phase : std::uint8_t { preface, handshake, head, exchange, lingering, closed };
  /// Needed only while a head or a request body is incomplete.
  struct Incoming {
    wire::HeadScanner scanner;
    wire::ChunkDecoder decoder;
    std::uint64_t body_left = 0;      // of a sized body
    std::uint64_t body_received = 0;  // of a chunked one
    bool chunked = false;
  };

  void on_events(std::uint32_t events) override;
  void on_deadline() override;
  void on_soon() override;

  // before the first request
  void enter(Phase phase);
  void read_preface();
  void read_handshake();
  net::Tls::Handshake shake_hands();
  void continue_handshake();
  void end_handshake();

  // reading
  void on_readable();
  void read_heads();
  void read_body();
  void discard_input();
  std::ptrdiff_t read_scratch();
  std::size_t consume_heads(char* data, std::size_t size);
  void process_input();
  std::size_t start_exchange(char* body, std::size_t available);
  /// How one stretch of input was divided: content of this body, input behind it, and whether the body is complete.
  struct BodyPart {
    std::size_t consumed = 0;
    std::size_t content = 0;
    End end = End::no;
    int status = 0;  // of a refusal
    const char* error = "";
  };
  BodyPart take_body(char* data, std::size_t size);
  void keep_input(const char* data, std::size_t size);

  // answering
  Written send(std::span<const Slice> slices);
  Written flush();
  Written send_body(std::string& head, std::span<const Slice> body, End end);
  void append_framing(std::string& out, const ResponseHead& head, bool have_all, std::uint64_t have_bytes);
  void refuse(int status, std::string_view what, const RequestView* request = nullptr);
  void send_refusal(int status, std::string_view what);
  void after_write(Written written);
  void on_writable();

  // ending
  void end_exchange();
  void next_request();
  void close_connection();
  void lost(CloseReason reason, base::Cause cause = base::Cause::none);
  void drop_handler();
  void record_access(base::Cause cause = base::Cause::none, const RequestView* request = nullptr);
  void close_now();
  void touch();

  Front& front_;
  net::Socket socket_;
  std::unique_ptr<ExchangeHandler> handler_;
  std::unique_ptr<Incoming> incoming_;
  std::unique_ptr<std::string> input_;  // read, but not consumed yet
  std::uint64_t id_;
  std::uint64_t body_bytes_ = 0;     // of the response, sent so far
  std::uint64_t response_left_ = 0;  // of a sized response
  base::Millis started_ = 0;         // of the request, from its first byte; or of the wait for one
  std::int16_t status_ = 0;
  PeerAddress peer_;
  Phase phase_ = Phase::head;
  CloseReason reason_ = CloseReason::finished;
  std::uint8_t minor_version_ : 1 = 1;
  bool readable_ : 1 = false;    // the kernel may have input for us
  bool hung_up_ : 1 = false;     // and an end behind it
  bool keep_alive_ : 1 = false;  // the client wants, and is able, to send another request
  bool body_done_ : 1 = true;    // the request has been read in full
  bool paused_ : 1 = false;      // nobody wants the request body now
  bool responded_ : 1 = false;
  bool ended_ : 1 = false;
  bool head_request_ : 1 = false;
  bool bodiless_ : 1 = false;  // this response has no body, whatever the handler writes
  bool chunked_ : 1 = false;
  bool sized_ : 1 = false;
  bool until_close_ : 1 = false;  // the end of the connection ends the body
  bool parked_ : 1 = false;
  bool parked_late_ : 1 = false;  // while the daemon was already stopping
  bool failing_ : 1 = false;      // a write has failed; told at the end of the turn
  bool expect_ : 1 = false;       // the client waits for 100 Continue
  bool tls_ : 1 = false;
  bool hello_ : 1 = false;  // the client has begun a handshake
  bool turn_ : 1 = false;   // and it counts among those that go on at once
};

}  // namespace holdfast::front
