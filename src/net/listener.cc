// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

namespace holdfast::net {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 64;
constexpr base::Millis kRetryMs = 100;

Error bind_error(const Endpoint& endpoint, const char* call) {
  return Error{fmt::format("cannot listen on {}: {}: {}", endpoint.text(), call, std::strerror(errno))};
}

/// A descriptor for nothing; -1 where there is none to be had.
int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

enum class Sharing { alone, reuse_port };

/// A bound socket, or -1 with errno and `call` set.
int bind_socket(const Endpoint& endpoint, Sharing sharing, const char*& call) {
  int fd = ::socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  call = "socket";
  if (fd < 0) return -1;
  int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (sharing == Sharing::reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  call = "bind";
  if (::bind(fd, endpoint.address(), endpoint.size) == 0) return fd;
  int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace

Result<void> claim_address(const Endpoint& endpoint) {
  const char* call = "";
  int fd = bind_socket(endpoint, Sharing::alone, call);
  if (fd < 0) return bind_error(endpoint, call);
  ::close(fd);
  return {};
}

Result<UnixSocket> UnixSocket::bind(const std::string& path, const Access& access) {
  auto endpoint = unix_endpoint(path);
  if (!endpoint)
    return Error{fmt::format("cannot listen on unix:{}: the path is empty or longer than 107 bytes", path)};
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode))
      return Error{fmt::format("cannot listen on unix:{}: a file that is no socket is in the way", path)};
    int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused = ::connect(probe, endpoint->address(), endpoint->size) != 0 && errno == ECONNREFUSED;
    ::close(probe);
    if (!refused) return Error{fmt::format("cannot listen on unix:{}: somebody else does", path)};
    ::unlink(path.c_str());
  }
  UnixSocket made(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), path);
  auto failed = [&](const char* call) { return bind_error(*endpoint, call); };
  if (made.fd_ < 0) return failed("socket");
  // Nobody may connect before the permissions are what they are to be.
  auto mask = ::umask(0777);
  bool bound = ::bind(made.fd_, endpoint->address(), endpoint->size) == 0;
  ::umask(mask);
  if (!bound) {
    made.path_.clear();
    return failed("bind");
  }
  if (::stat(path.c_str(), &info) == 0) {
    made.device_ = info.st_dev;
    made.inode_ = info.st_ino;
  }
  if (auto granted = made.grant(access); !granted) return granted.error();
  if (::listen(made.fd_, kBacklog) != 0) return failed("listen");
  return made;
}

Result<void> UnixSocket::grant(const Access& access) const {
  auto refused = [this](std::string what) {
    return Error{fmt::format("cannot listen on unix:{}: {}", path_, std::move(what))};
  };
  const auto* user = access.user.empty() ? nullptr : ::getpwnam(access.user.c_str());
  const auto* group = access.group.empty() ? nullptr : ::getgrnam(access.group.c_str());
  if (!access.user.empty() && !user) return refused("there is no user " + access.user);
  if (!access.group.empty() && !group) return refused("there is no group " + access.group);
  auto uid = user ? user->pw_uid : static_cast<uid_t>(-1);
  auto gid = group ? group->gr_gid : static_cast<gid_t>(-1);
  if ((user || group) && ::chown(path_.c_str(), uid, gid) != 0) {
    return refused(fmt::format("chown: {}", std::strerror(errno)));
  }
  if (::chmod(path_.c_str(), access.mode) != 0) return refused(fmt::format("chmod: {}", std::strerror(errno)));
  return {};
}

UnixSocket::UnixSocket(UnixSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

UnixSocket::~UnixSocket() {
  if (fd_ >= 0) ::close(fd_);
  if (is_ours()) ::unlink(path_.c_str());
}

/// Somebody may have put a socket of his own in the place of a file that was removed.
bool UnixSocket::is_ours() const {
  struct stat info {};
  return !path_.empty() && ::stat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
}

Listener::~Listener() {
  if (fd_ >= 0) ::close(fd_);
  if (spare_fd_ >= 0) ::close(spare_fd_);
}

Result<void> Listener::open(const Endpoint& endpoint) {
  const char* call = "";
  fd_ = bind_socket(endpoint, Sharing::reuse_port, call);
  if (fd_ < 0) return bind_error(endpoint, call);
  int one = 1;  // accepted sockets inherit it
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::listen(fd_, kBacklog) != 0) return bind_error(endpoint, "listen");
  if (!core_.poller().add(fd_, *this)) return bind_error(endpoint, "epoll_ctl");
  return {};
}

Result<void> Listener::share(const UnixSocket& socket) {
  fd_ = ::fcntl(socket.fd(), F_DUPFD_CLOEXEC, 0);
  if (fd_ < 0 || !core_.poller().add_shared_listener(fd_, *this)) {
    return Error{fmt::format("cannot listen on a unix socket: {}", std::strerror(errno))};
  }
  return {};
}

void Listener::close() {
  if (fd_ < 0) return;
  while (accept_one()) {
  }
  ::close(fd_);
  fd_ = -1;
  clear_deadline();
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (!accept_one()) return;
  }
  core_.run_soon(*this);  // more may wait, and the edge has been used up
}

int Listener::accept(Endpoint& peer) const {
  peer.size = sizeof peer.storage;
  return ::accept4(fd_, reinterpret_cast<sockaddr*>(&peer.storage), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// False when there is nobody left to accept, or nothing left to accept them with.
bool Listener::accept_one() {
  if (fd_ < 0) return false;
  Endpoint peer;
  int fd = accept(peer);
  if (fd < 0) {
    switch (errno) {
      case EAGAIN: return false;
      case EINTR:
      case ECONNABORTED: return true;
      default: return on_accept_failure(errno);
    }
  }
  on_accept_(fd, peer);
  return true;
}

void Listener::refuse_when_short(OnAccept refuse) {
  refuse_ = std::move(refuse);
  spare_fd_ = open_spare();
}

/// There are no descriptors or no memory to accept with. True: there is room now, or one client has been told. False:
/// they stay in the kernel's queue, and are asked for again.
bool Listener::on_accept_failure(int error) {
  // The kernel looks for a descriptor before it looks for a client.
  pollfd queue{fd_, POLLIN, 0};
  if (::poll(&queue, 1, 0) == 0) return false;
  bool descriptors = error == EMFILE || error == ENFILE;
  if (descriptors && make_room_ && make_room_()) return true;
  core_.counters().add(base::Counter::accept_failures);
  static base::LogLimiter limiter;
  base::log_limited(limiter, "cannot accept a client: {}{}", std::strerror(error),
                    descriptors ? "; raise the descriptor limit (ulimit -n, LimitNOFILE=)" : "");
  if (descriptors && refuse_) {
    if (spare_fd_ >= 0) ::close(spare_fd_);
    Endpoint peer;
    int fd = accept(peer);
    if (fd >= 0) refuse_(fd, peer);
    spare_fd_ = open_spare();  // or another thread has it: the next client finds out
    if (fd >= 0) return true;
  }
  set_deadline(core_.wheel(), core_.now() + kRetryMs);
  return false;
}

}  // namespace holdfast::net
