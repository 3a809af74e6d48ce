// SPDX-License-Identifier: Apache-2.0
#include "net/fine_timer.h"

#include <chrono>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "net/core.h"

namespace holdfast::net {

struct FineTimer::Impl {
  Impl(boost::asio::io_context& io, std::function<void()> call) : timer(io), on_time(std::move(call)) {}
  boost::asio::steady_timer timer;
  std::function<void()> on_time;
  unsigned starts = 0;
};

FineTimer::FineTimer(Core& core, std::function<void()> on_time)
    : impl_(std::make_shared<Impl>(core.io(), std::move(on_time))) {}

FineTimer::~FineTimer() {
  impl_->timer.cancel();
  impl_->on_time = nullptr;  // a completion may be queued already
}

void FineTimer::start(base::Millis after) {
  impl_->timer.expires_after(std::chrono::milliseconds(after));
  // The completion of an earlier start may be queued already, and cannot be cancelled then: the number tells.
  impl_->timer.async_wait([impl = impl_, start = ++impl_->starts](const boost::system::error_code& error) {
    if (!error && start == impl->starts && impl->on_time) impl->on_time();
  });
}

}  // namespace holdfast::net
