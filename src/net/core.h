// SPDX-License-Identifier: Apache-2.0
// A core: one thread's event loop and what belongs to it. Nothing inside a core is locked.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "net/inbox.h"
#include "net/poller.h"
#include "net/wheel.h"

namespace boost::asio {
class io_context;
}

namespace holdfast::net {

class Core;

/// Work that a core comes back to at the end of each turn, in slices.
class TurnTask {
 public:
  /// Does a bounded amount of work. True: there is more, come back without waiting.
  virtual bool run_slice() = 0;

 protected:
  ~TurnTask() = default;
};

/// Something to be called once more before the turn ends, out of everybody's call stack.
class Soon {
 public:
  virtual void on_soon() = 0;

 protected:
  virtual ~Soon();

 private:
  friend class Core;
  Core* queued_in_ = nullptr;
};

/// One event loop. A turn is: sockets first (until they are quiet), then what was asked for soon, then the inbox, then
/// slices of turn tasks, then the graves. So an origin's answer that is already here subscribes its client before a
/// message behind it is applied.
///
/// All members but post() are for the core's own thread, or for any thread while it does not run.
class Core {
 public:
  /// What is read from a socket is read into this buffer, parsed there, and kept only where it must wait.
  static constexpr std::size_t kScratchBytes = 65536;

  explicit Core(unsigned index);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Runs the loop on the calling thread until stop().
  void run();
  void stop() { stopping_ = true; }
  /// For tests and simulations, instead of run(): one turn on the calling thread, and what Asio has ready, without
  /// waiting for anything. True: there is more to do.
  bool run_one_turn();
  /// For tests and simulations: from the next turn on it is this time, until another is set.
  void set_time(base::Millis now) { set_time_ = now; }

  /// Any thread: `work` runs on this core, at its next turn.
  void post(std::function<void()> work);
  /// Any thread: for letters of one's own.
  Inbox& inbox() { return inbox_; }
  /// Any thread: the inbox is opened now, not when the core wakes for another reason. No system call from its own
  /// thread.
  void nudge();

  unsigned index() const { return index_; }
  /// A number for a new connection, unique in this process.
  std::uint64_t next_connection() {
    return (static_cast<std::uint64_t>(index_) << kConnectionBits) + ++last_connection_;
  }
  /// The index of the core that gave a number.
  static unsigned core_of(std::uint64_t connection) { return static_cast<unsigned>(connection >> kConnectionBits); }
  Poller& poller() { return poller_; }
  Wheel& wheel() { return wheel_; }
  base::Counters& counters() { return counters_; }
  const base::Counters& counters() const { return counters_; }
  boost::asio::io_context& io();

  /// The time at the start of the turn.
  base::Millis now() const { return now_; }
  /// Any thread: the same, of the last turn. A loop turns ten times a second at least unless it is stuck.
  base::Millis last_turn() const { return last_turn_ms_.load(std::memory_order_relaxed); }
  char* scratch() { return scratch_.get(); }

  void add_turn_task(TurnTask& task) { turn_tasks_.push_back(&task); }

  /// Calls `soon` before this turn ends, or in the next one; once, however often it was asked for. Never when it has
  /// been destroyed meanwhile.
  void run_soon(Soon& soon);

  /// Destroys what was given to defer_delete. The core does it at the end of each turn; who tears a core down does it
  /// once more, while what those objects refer to is still there.
  void bury();

  /// Destroys the object at the end of the turn, when no handler of it can be running.
  template <class T>
  void defer_delete(std::unique_ptr<T> object) {
    if (object) graves_.push_back({object.release(), [](void* p) { delete static_cast<T*>(p); }});
  }

 private:
  struct Grave {
    void* object;
    void (*destroy)(void*);
  };
  struct Loop;
  class WakeListener;

  static constexpr int kConnectionBits = 40;

  friend class Soon;
  static Core*& current();
  void forget(Soon& soon);

  bool turn();
  void poll_sockets();
  bool run_queued();

  unsigned index_;
  std::unique_ptr<Loop> loop_;  // Asio's part, kept out of this header
  Inbox inbox_;
  Poller poller_;
  base::Millis now_;
  base::Millis set_time_ = 0;  // 0: the clock's
  std::atomic<std::int64_t> last_turn_ms_;
  Wheel wheel_;
  base::Counters counters_;
  std::unique_ptr<WakeListener> wake_listener_;
  std::unique_ptr<char[]> scratch_;
  std::vector<TurnTask*> turn_tasks_;
  std::vector<Soon*> soon_;
  std::vector<Soon*> soon_round_;  // those being called now; null: destroyed meanwhile
  std::vector<Grave> graves_;
  std::uint64_t last_connection_ = 0;
  bool stopping_ = false;
  bool nudged_ = false;
};

}  // namespace holdfast::net
