// SPDX-License-Identifier: Apache-2.0
#include "publish/zmq_ingress.h"

#include <atomic>
#include <cerrno>
#include <string_view>
#include <thread>
#include <utility>

#include <fmt/core.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.hpp>

#include "base/log.h"
#include "base/text.h"
#include "grip/encode.h"
#include "grip/publish_item.h"

namespace holdfast::publish {
namespace {

constexpr int kHighWaterMark = 101000;
/// Frames read in a row before the other sockets and the subscriptions get their turn.
constexpr int kFramesPerTurn = 256;
/// Larger frames are not even received: the peer is cut off by libzmq.
constexpr std::int64_t kMaxFrameBytes = 64 * 1024 * 1024;

/// A change of interest, handed from whoever plays the hub to our thread.
struct InterestNote {
  std::string channel;
  channel::Interest interest;
  InterestNote* next = nullptr;
};

std::string_view view(const zmq::message_t& message) {
  return {static_cast<const char*>(message.data()), message.size()};
}

}  // namespace

struct ZmqIngress::Sockets {
  Sockets() : wake_fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Sockets() {
    take_notes([](const InterestNote&) {});
    ::close(wake_fd);
  }

  void put_note(InterestNote* note) {
    note->next = notes.load(std::memory_order_relaxed);
    while (!notes.compare_exchange_weak(note->next, note, std::memory_order_release, std::memory_order_relaxed)) {
    }
    wake();
  }

  template <class Use>
  void take_notes(Use&& use) {
    InterestNote* newest = notes.exchange(nullptr, std::memory_order_acquire);
    InterestNote* oldest = nullptr;
    while (newest) oldest = std::exchange(newest, std::exchange(newest->next, oldest));
    while (oldest) {
      std::unique_ptr<InterestNote> note(oldest);
      oldest = oldest->next;
      use(*note);
    }
  }

  void wake() const {
    std::uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(wake_fd, &one, sizeof one);
  }

  bool any() const { return pull || sub; }

  zmq::context_t context{1};
  std::optional<zmq::socket_t> pull;
  std::optional<zmq::socket_t> sub;
  std::atomic<InterestNote*> notes{nullptr};
  std::atomic<bool> stopping{false};
  int wake_fd;
  std::thread thread;
};

namespace {

class Reader {
 public:
  Reader(channel::Hub& hub, base::Counters& counters, zmq::socket_t* pull, zmq::socket_t* sub)
      : hub_(hub), counters_(counters), pull_(pull), sub_(sub) {}

  void read() {
    std::vector<NewMessageRef> messages;
    if (pull_) read_socket(*pull_, 1, messages);
    if (sub_) read_socket(*sub_, 2, messages);
    hub_.publish(std::move(messages));
  }

 private:
  /// Reads whole multipart messages of `parts` parts; others are dropped.
  void read_socket(zmq::socket_t& socket, std::size_t parts, std::vector<NewMessageRef>& out) {
    for (int i = 0; i < kFramesPerTurn; ++i) {
      std::vector<zmq::message_t> message;
      bool more = true;
      while (more) {
        zmq::message_t frame;
        if (!socket.recv(frame, zmq::recv_flags::dontwait)) break;
        more = frame.more();
        if (message.size() <= parts) message.push_back(std::move(frame));
      }
      if (message.empty()) return;
      if (message.size() != parts) {
        bad(parts == 1 ? "a message of more than one part on the PULL socket"
                       : "a message that is not (channel, item) on the SUB socket");
        continue;
      }
      std::string topic;
      if (parts == 2) topic = view(message.front());
      auto item = grip::parse_publish_frame(view(message.back()), parts == 2 ? &topic : nullptr);
      if (item) {
        out.push_back(grip::encode_message(std::move(*item)));
      } else {
        bad(item.error().what);
      }
    }
  }

  void bad(std::string_view why) {
    counters_.add(base::Counter::bad_input);
    static base::LogLimiter limiter;
    base::log_limited(limiter, "ZeroMQ item dropped: {}", base::printable(why, 300));
  }

  channel::Hub& hub_;
  base::Counters& counters_;
  zmq::socket_t* pull_;
  zmq::socket_t* sub_;
};

}  // namespace

ZmqIngress::ZmqIngress(channel::Hub& hub) : hub_(hub), sockets_(std::make_unique<Sockets>()) {}

ZmqIngress::~ZmqIngress() {
  stop();
}

Result<void> ZmqIngress::open(const ZmqAddresses& addresses) {
  auto make = [this](std::optional<zmq::socket_t>& socket, zmq::socket_type type) {
    if (socket) return;
    socket.emplace(sockets_->context, type);
    socket->set(zmq::sockopt::linger, 0);
    socket->set(zmq::sockopt::rcvhwm, kHighWaterMark);
    socket->set(zmq::sockopt::maxmsgsize, kMaxFrameBytes);
    socket->set(zmq::sockopt::ipv6, true);
    // Publishers that vanish without a word are noticed, and come back by themselves (publishing §3.2).
    socket->set(zmq::sockopt::tcp_keepalive, 1);
    socket->set(zmq::sockopt::tcp_keepalive_idle, 30);
    socket->set(zmq::sockopt::tcp_keepalive_intvl, 5);
    socket->set(zmq::sockopt::tcp_keepalive_cnt, 6);
  };
  std::string where;
  try {
    for (const auto& address : addresses.pull) {
      where = "control.zmq_pull: cannot bind " + address;
      make(sockets_->pull, zmq::socket_type::pull);
      sockets_->pull->bind(address);
    }
    for (const auto& address : addresses.sub) {
      where = "control.zmq_sub: cannot bind " + address;
      make(sockets_->sub, zmq::socket_type::sub);
      sockets_->sub->bind(address);
    }
    for (const auto& address : addresses.sub_connect) {
      where = "control.zmq_sub_connect: cannot connect to " + address;
      make(sockets_->sub, zmq::socket_type::sub);
      sockets_->sub->connect(address);
    }
  } catch (const zmq::error_t& error) {
    return Error{fmt::format("{}: {}", where, error.what())};
  }
  if (sockets_->sub) hub_.set_interest_sink(this);
  return {};
}

void ZmqIngress::on_interest(const std::string& channel, channel::Interest interest) {
  sockets_->put_note(new InterestNote{channel, interest});
}

void ZmqIngress::start() {
  if (!sockets_->any()) return;
  sockets_->thread = std::thread([this] {
    auto& s = *sockets_;
    Reader reader(hub_, counters_, s.pull ? &*s.pull : nullptr, s.sub ? &*s.sub : nullptr);
    std::vector<zmq::pollitem_t> items{{nullptr, s.wake_fd, ZMQ_POLLIN, 0}};
    if (s.pull) items.push_back({s.pull->handle(), 0, ZMQ_POLLIN, 0});
    if (s.sub) items.push_back({s.sub->handle(), 0, ZMQ_POLLIN, 0});
    bool overloaded = false;
    while (!s.stopping.load(std::memory_order_acquire)) {
      try {
        // While the cores do not keep up nothing is read, until the publishers' high-water mark holds them back.
        bool was_overloaded = std::exchange(overloaded, hub_.overloaded());
        if (overloaded) {
          if (!was_overloaded) counters_.add(base::Counter::publishes_refused);
          static base::LogLimiter limiter;
          base::log_limited(limiter, "ZeroMQ publishers held back: control.backlog_max_bytes ({}) reached",
                            hub_.backlog_max_bytes());
        }
        zmq::poll(items.data(), overloaded ? 1 : items.size(), std::chrono::milliseconds(overloaded ? 10 : -1));
        std::uint64_t count;
        [[maybe_unused]] auto n = ::read(s.wake_fd, &count, sizeof count);
        s.take_notes([&s](const InterestNote& note) {
          if (note.interest == channel::Interest::begins) {
            s.sub->set(zmq::sockopt::subscribe, note.channel);
          } else {
            s.sub->set(zmq::sockopt::unsubscribe, note.channel);
          }
        });
        if (!overloaded) reader.read();
      } catch (const zmq::error_t& error) {
        if (error.num() != EINTR) base::log_error("ZeroMQ: {}", error.what());
      }
    }
  });
  ::pthread_setname_np(sockets_->thread.native_handle(), "zmq-ingress");
}

void ZmqIngress::stop() {
  if (!sockets_->thread.joinable()) return;
  sockets_->stopping.store(true, std::memory_order_release);
  sockets_->wake();
  sockets_->thread.join();
}

}  // namespace holdfast::publish
