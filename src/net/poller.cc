// SPDX-License-Identifier: Apache-2.0
#include "net/poller.h"

#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <unistd.h>

#include "base/assert.h"

namespace holdfast::net {

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

Poller::~Poller() {
  ::close(fd_);
}

bool Poller::add(int fd, Pollable& pollable) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &pollable;
  return ::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool Poller::add_shared_listener(int fd, Pollable& pollable) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLET;
  event.data.ptr = &pollable;
  return ::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

int Poller::poll() {
  epoll_event events[256];
  int count = ::epoll_wait(fd_, events, 256, 0);
  HF_ASSERT(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) static_cast<Pollable*>(events[i].data.ptr)->on_events(events[i].events);
  return count < 0 ? 0 : count;
}

}  // namespace holdfast::net
