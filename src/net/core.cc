// SPDX-License-Identifier: Apache-2.0
#include "net/core.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/assert.h"

namespace holdfast::net {

/// Asio runs the loop, the tick and name resolution. It watches the core's own descriptor set as one descriptor.
struct Core::Loop {
  Loop() : io(1), set(io), tick(io) {}

  void watch(int fd) { set.assign(fd); }

  void arm_set() {
    if (set_armed) return;
    set_armed = true;
    set.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [this](const boost::system::error_code&) { set_armed = false; });
  }

  void arm_tick() {
    tick.expires_after(std::chrono::milliseconds(Wheel::kTickMs));
    tick.async_wait([this](const boost::system::error_code& error) {
      if (!error) arm_tick();
    });
  }

  boost::asio::io_context io;
  boost::asio::posix::stream_descriptor set;
  boost::asio::steady_timer tick;
  bool set_armed = false;
};

class Core::WakeListener final : public Pollable {
 public:
  explicit WakeListener(Core& core) : core_(core) {}
  void on_events(std::uint32_t) override {
    core_.inbox_.clear_wake();
    core_.nudged_ = true;  // the inbox has its own place in the turn
  }

 private:
  Core& core_;
};

namespace {

class WorkLetter final : public Letter {
 public:
  explicit WorkLetter(std::function<void()> work) : work_(std::move(work)) {}
  void open() override { work_(); }

 private:
  std::function<void()> work_;
};

}  // namespace

Soon::~Soon() {
  if (queued_in_) queued_in_->forget(*this);
}

void Core::forget(Soon& soon) {
  std::erase(soon_, &soon);
  std::replace(soon_round_.begin(), soon_round_.end(), &soon, static_cast<Soon*>(nullptr));
}

Core*& Core::current() {
  thread_local Core* core = nullptr;
  return core;
}

Core::Core(unsigned index)
    : index_(index),
      loop_(std::make_unique<Loop>()),
      now_(base::steady_ms()),
      last_turn_ms_(now_),
      wheel_(now_),
      wake_listener_(std::make_unique<WakeListener>(*this)),
      scratch_(new char[kScratchBytes]) {
  HF_ASSERT(poller_.add(inbox_.wake_fd(), *wake_listener_));
  loop_->watch(poller_.fd());
}

Core::~Core() {
  bury();
  for (auto* soon : soon_) soon->queued_in_ = nullptr;
  loop_->set.release();  // the set closes its own descriptor
}

boost::asio::io_context& Core::io() {
  return loop_->io;
}

void Core::post(std::function<void()> work) {
  inbox_.put(new WorkLetter(std::move(work)));
  nudge();
}

void Core::nudge() {
  if (current() == this) {
    nudged_ = true;
  } else {
    inbox_.wake();
  }
}

void Core::run() {
  current() = this;
  loop_->arm_tick();
  inbox_.open_all();  // how the core is set up: before its first client
  while (!stopping_) {
    if (turn()) {
      loop_->io.poll();
    } else {
      loop_->arm_set();
      loop_->io.run_one();
    }
  }
  bury();
}

bool Core::run_one_turn() {
  auto* before = std::exchange(current(), this);
  bool more = turn();
  loop_->io.restart();  // without a tick it stops whenever nothing is left in it
  loop_->io.poll();
  current() = before;
  return more;
}

/// Everything that the kernel has, within reason: a full batch means that there may be more.
void Core::poll_sockets() {
  int rounds = 0;
  while (poller_.poll() == 256 && ++rounds < 16) {
  }
}

bool Core::turn() {
  auto began = base::steady_us();
  now_ = set_time_ ? set_time_ : began / 1000;
  last_turn_ms_.store(now_, std::memory_order_relaxed);
  poll_sockets();
  wheel_.advance(now_);
  bool more = run_queued();
  nudged_ = false;
  // The sockets once more: what came about before a letter was put (an origin's answer, then the publish that the
  // origin made) is in the kernel when the letter has been gathered, and is met before the letter is opened.
  if (inbox_.gather()) {
    poll_sockets();
    inbox_.open_gathered();
  }
  for (auto* task : turn_tasks_) more |= task->run_slice();
  more |= run_queued();
  more |= nudged_;
  bury();
  counters_.observe(base::Timing::turn, base::steady_us() - began);
  return more;
}

void Core::run_soon(Soon& soon) {
  if (soon.queued_in_) return;
  soon.queued_in_ = this;
  soon_.push_back(&soon);
}

bool Core::run_queued() {
  // One round: what is asked for meanwhile waits for the next turn, so that nobody can keep a turn for himself.
  soon_round_.swap(soon_);
  for (std::size_t i = 0; i < soon_round_.size(); ++i) {
    auto* soon = soon_round_[i];
    if (!soon) continue;  // destroyed by one that was called before it
    soon->queued_in_ = nullptr;
    soon->on_soon();
  }
  soon_round_.clear();
  return !soon_.empty();
}

void Core::bury() {
  while (!graves_.empty()) {
    std::vector<Grave> round;
    round.swap(graves_);
    for (auto& grave : round) grave.destroy(grave.object);
  }
}

}  // namespace holdfast::net
