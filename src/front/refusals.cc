// SPDX-License-Identifier: Apache-2.0
#include "front/refusals.h"

#include <memory>

#include <unistd.h>

#include "net/socket.h"

namespace holdfast::front {
namespace {

constexpr base::Millis kLingerMs = 2000;
/// Input that is read and thrown away for one of them. A request has room in it; an upload has not.
constexpr std::size_t kMostInput = 65536;

}  // namespace

class RefusedClient final : public RefusedHook, private net::Pollable, private net::Timer {
 public:
  explicit RefusedClient(Refusals& refusals) : refusals_(refusals) { ++refusals.count_; }
  ~RefusedClient() { --refusals_.count_; }

  /// True while there is somebody to listen to.
  bool answer(int fd, std::string_view answer) {
    auto& core = refusals_.core_;
    if (!socket_.open(fd, core.poller(), *this)) return false;
    discard();  // of a request that is here already the close below would make a reset
    Slice slice(answer);
    if (!socket_.is_open() || socket_.write({&slice, 1}) != Written::sent) return false;
    socket_.shutdown_write();
    set_deadline(core.wheel(), core.now() + kLingerMs);
    return true;
  }
  void close() {
    socket_.close();
    clear_deadline();
  }

 private:
  void on_events(std::uint32_t) override {
    if (!socket_.is_open()) return;
    discard();
    if (!socket_.is_open()) end();
  }
  void on_deadline() override { end(); }

  /// Closes the socket at the client's end, or when it sends too much.
  void discard() {
    for (;;) {
      auto n = socket_.read(refusals_.core_.scratch(), net::Core::kScratchBytes);
      if (n == net::Socket::kWouldBlock) return;
      if (n > 0) received_ += static_cast<std::size_t>(n);
      if (n <= 0 || received_ > kMostInput) return socket_.close();
    }
  }
  void end() {
    close();
    RefusedHook::unlink();
    refusals_.core_.defer_delete(std::unique_ptr<RefusedClient>(this));
  }

  Refusals& refusals_;
  net::Socket socket_;
  std::size_t received_ = 0;
};

Refusals::Refusals(net::Core& core) : core_(core) {}

Refusals::~Refusals() {
  while (!lingering_.empty()) delete &lingering_.front();
}

void Refusals::send_away(int fd, std::string_view answer, Linger linger) {
  bool room = linger == Linger::yes && count_ < kMostLingering;
  auto client = std::make_unique<RefusedClient>(*this);
  if (client->answer(fd, answer) && room) {
    lingering_.push_back(*client.release());
  } else {
    client->close();
    core_.defer_delete(std::move(client));  // events of this batch may name it
  }
}

}  // namespace holdfast::front
