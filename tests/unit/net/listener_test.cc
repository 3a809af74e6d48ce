// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/core_turns.h"

namespace {
/// What the kernel says to accept4() instead of looking; 0: nothing.
int accept_error = 0;
/// How often it says so.
int accept_errors = INT_MAX;
}  // namespace

// The program's own definition comes before the C library's.
extern "C" int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  if (accept_error == 0 || accept_errors-- <= 0)
    return static_cast<int>(::syscall(SYS_accept4, fd, address, size, flags));
  errno = accept_error;
  return -1;
}

namespace holdfast::net {
namespace {

/// A port of 127.0.0.1 that stays ours: bound, but not listened on.
class OwnPort {
 public:
  OwnPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    int one = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    auto any = *parse_literal("127.0.0.1", 0);
    EXPECT_EQ(::bind(fd_, any.address(), any.size), 0);
    endpoint_.size = sizeof endpoint_.storage;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&endpoint_.storage), &endpoint_.size), 0);
  }
  ~OwnPort() { ::close(fd_); }
  const Endpoint& endpoint() const { return endpoint_; }
  int fd() const { return fd_; }

 private:
  int fd_;
  Endpoint endpoint_;
};

class Client {
 public:
  explicit Client(const Endpoint& to) : fd_(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    connected_ = ::connect(fd_, to.address(), to.size) == 0;
  }
  ~Client() { ::close(fd_); }
  bool connected() const { return connected_; }

 private:
  int fd_;
  bool connected_;
};

struct Accepted {
  ~Accepted() {
    for (int fd : fds) ::close(fd);
  }
  Listener::OnAccept taker() {
    return [this](int fd, const Endpoint& peer) {
      fds.push_back(fd);
      peers.push_back(peer.text());
    };
  }
  std::vector<int> fds;
  std::vector<std::string> peers;
};

TEST(Listener, AcceptsClients) {
  OwnPort port;
  Core core(0);
  Accepted accepted;
  Listener listener(core, accepted.taker());
  ASSERT_TRUE(listener.open(port.endpoint()).has_value());
  Client one(port.endpoint());
  Client two(port.endpoint());
  ASSERT_TRUE(test::run_until(core, [&] { return accepted.fds.size() == 2; }));
  EXPECT_TRUE(accepted.peers[0].starts_with("127.0.0.1:"));
  int nodelay = 0;
  socklen_t size = sizeof nodelay;
  EXPECT_EQ(::getsockopt(accepted.fds[0], IPPROTO_TCP, 1 /* TCP_NODELAY */, &nodelay, &size), 0);
  EXPECT_EQ(nodelay, 1);
}

TEST(Listener, ManyAtOnceAreAcceptedOverSeveralTurns) {
  OwnPort port;
  Core core(0);
  Accepted accepted;
  Listener listener(core, accepted.taker());
  ASSERT_TRUE(listener.open(port.endpoint()).has_value());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 150; ++i) clients.push_back(std::make_unique<Client>(port.endpoint()));
  ASSERT_TRUE(test::run_until(core, [&] { return accepted.fds.size() == clients.size(); }));
}

TEST(Listener, ClosingAcceptsWhoHasConnected) {
  OwnPort port;
  Core core(0);
  Accepted accepted;
  Listener listener(core, accepted.taker());
  ASSERT_TRUE(listener.open(port.endpoint()).has_value());
  Client early(port.endpoint());
  ASSERT_TRUE(test::has_events(core, 10000)) << "the kernel has completed the connection";
  listener.close();
  EXPECT_EQ(accepted.fds.size(), 1u);
  EXPECT_FALSE(Client(port.endpoint()).connected());
  listener.close();
  test::settle(core);
  EXPECT_EQ(accepted.fds.size(), 1u);
}

TEST(Listener, WithoutDescriptorsClientsWait) {
  OwnPort port;
  Core core(0);
  Accepted accepted;
  Listener listener(core, accepted.taker());
  ASSERT_TRUE(listener.open(port.endpoint()).has_value());
  Client client(port.endpoint());
  ASSERT_TRUE(client.connected());
  accept_error = EMFILE;
  test::settle(core);
  test::pass_time(core, 200);
  EXPECT_TRUE(accepted.fds.empty());
  accept_error = 0;
  test::pass_time(core, 200);
  EXPECT_EQ(accepted.fds.size(), 1u) << "asked for again without a new event";
}

TEST(Listener, OrAreTold) {
  OwnPort port;
  Core core(0);
  Accepted accepted;
  std::vector<int> refused;
  Listener listener(core, accepted.taker());
  ASSERT_TRUE(listener.open(port.endpoint()).has_value());
  listener.refuse_when_short([&](int fd, const Endpoint&) {
    refused.push_back(fd);
    ::close(fd);
  });
  Client one(port.endpoint());
  Client two(port.endpoint());
  for (std::size_t i = 1; i <= 2; ++i) {
    accept_error = EMFILE;
    accept_errors = 1;  // with the descriptor that is kept back it succeeds
    ASSERT_TRUE(test::run_until(core, [&] { return refused.size() + accepted.fds.size() >= i; }));
  }
  accept_error = 0;
  accept_errors = INT_MAX;
  EXPECT_FALSE(refused.empty());
  EXPECT_EQ(core.counters().get(base::Counter::accept_failures), refused.size());
  Client three(port.endpoint());
  EXPECT_TRUE(test::run_until(core, [&] { return refused.size() + accepted.fds.size() == 3; }));
}

TEST(Listener, OrSomebodyMakesRoom) {
  OwnPort port;
  Core core(0);
  Accepted accepted;
  Listener listener(core, accepted.taker());
  ASSERT_TRUE(listener.open(port.endpoint()).has_value());
  bool asked = false;
  listener.set_make_room([&] {
    asked = true;
    accept_error = 0;
    return true;
  });
  Client client(port.endpoint());
  accept_error = EMFILE;
  ASSERT_TRUE(test::run_until(core, [&] { return accepted.fds.size() == 1; }));
  EXPECT_TRUE(asked);
  EXPECT_EQ(core.counters().get(base::Counter::accept_failures), 0u);
}

TEST(Listener, WhereNobodyWaitsNothingIsMissing) {
  // The kernel looks for a descriptor before it looks for a client.
  OwnPort port;
  Core core(0);
  Accepted accepted;
  Listener listener(core, accepted.taker());
  ASSERT_TRUE(listener.open(port.endpoint()).has_value());
  Client client(port.endpoint());
  ASSERT_TRUE(test::run_until(core, [&] { return accepted.fds.size() == 1; }));
  accept_error = EMFILE;
  listener.close();
  accept_error = 0;
  EXPECT_EQ(core.counters().get(base::Counter::accept_failures), 0u);
}

TEST(Listener, AcceptedSocketsInheritThePatience) {
  OwnPort port;
  Core core(0);
  Accepted accepted;
  Listener listener(core, accepted.taker());
  ASSERT_TRUE(listener.open(port.endpoint()).has_value());
  listener.set_patience({12000, 30});
  Client client(port.endpoint());
  ASSERT_TRUE(test::run_until(core, [&] { return accepted.fds.size() == 1; }));
  auto option = [&](int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(accepted.fds[0], level, name, &value, &size), 0);
    return value;
  };
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 12000);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 30);
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
}

TEST(Listener, AClientThatHasGoneAgainIsPassedOver) {
  OwnPort port;
  Core core(0);
  Accepted accepted;
  Listener listener(core, accepted.taker());
  ASSERT_TRUE(listener.open(port.endpoint()).has_value());
  Client client(port.endpoint());
  accept_error = ECONNABORTED;
  for (int i = 0; i < 5; ++i) core.run_one_turn();
  EXPECT_TRUE(accepted.fds.empty());
  accept_error = 0;
  test::settle(core);
  EXPECT_EQ(accepted.fds.size(), 1u) << "the turn that saw the fault has asked for another";
}

TEST(Listener, SharesItsPortWithOtherCores) {
  OwnPort port;
  Core one(0);
  Core two(1);
  Accepted accepted;
  Listener first(one, accepted.taker());
  Listener second(two, accepted.taker());
  EXPECT_TRUE(first.open(port.endpoint()).has_value());
  EXPECT_TRUE(second.open(port.endpoint()).has_value());
}

TEST(Listener, AnAddressThatIsNotOursIsAnError) {
  Core core(0);
  Listener listener(core, [](int, const Endpoint&) {});
  auto opened = listener.open(*parse_literal("192.0.2.1", 1));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().what, "cannot listen on 192.0.2.1:1: bind: Cannot assign requested address");
}

TEST(ClaimAddress, FreeAddresses) {
  EXPECT_TRUE(claim_address(*parse_literal("127.0.0.1", 0)).has_value());
  Endpoint released;
  {
    OwnPort port;
    released = port.endpoint();
  }
  EXPECT_TRUE(claim_address(released).has_value());
  EXPECT_TRUE(claim_address(released).has_value()) << "claiming takes nothing";
}

TEST(ClaimAddress, AnotherDaemonsPortIsRefusedAlthoughItIsShared) {
  OwnPort port;
  Core core(0);
  Listener listener(core, [](int, const Endpoint&) {});
  ASSERT_TRUE(listener.open(port.endpoint()).has_value());
  auto claimed = claim_address(port.endpoint());
  ASSERT_FALSE(claimed.has_value());
  EXPECT_EQ(claimed.error().what, "cannot listen on " + port.endpoint().text() + ": bind: Address already in use");
  listener.close();
}

class UnixSocketTest : public ::testing::Test {
 protected:
  UnixSocketTest() {
    auto pattern = (std::filesystem::temp_directory_path() / "holdfast-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    path_ = (directory_ / "own.sock").string();
  }
  ~UnixSocketTest() override { std::filesystem::remove_all(directory_); }

  static std::string error_of(const Result<UnixSocket>& bound) {
    EXPECT_FALSE(bound);
    return bound ? "" : bound.error().what;
  }

  std::filesystem::path directory_;
  std::string path_;
};

TEST_F(UnixSocketTest, OneForAllCores) {
  Core one(0);
  Core two(1);
  Accepted accepted;
  Listener first(one, accepted.taker());
  Listener second(two, accepted.taker());
  {
    auto bound = UnixSocket::bind(path_, {});
    ASSERT_TRUE(bound) << bound.error().what;
    ASSERT_TRUE(first.share(*bound));
    ASSERT_TRUE(second.share(*bound));
    Client client(*unix_endpoint(path_));
    EXPECT_TRUE(client.connected());
    EXPECT_TRUE(test::run_until(one, [&] {
      test::settle(two);
      return accepted.fds.size() == 1;
    }));
  }
  EXPECT_FALSE(std::filesystem::exists(path_)) << "the file goes at once, whoever still accepts";
  first.close();
  test::settle(two);
  EXPECT_EQ(accepted.fds.size(), 1u);
}

TEST_F(UnixSocketTest, Permissions) {
  auto bound = UnixSocket::bind(path_, {.mode = 0640});
  ASSERT_TRUE(bound);
  EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms{0640});
  EXPECT_EQ(error_of(UnixSocket::bind((directory_ / "b").string(), {.user = "nobody-of-this-name"})),
            "cannot listen on unix:" + (directory_ / "b").string() + ": there is no user nobody-of-this-name");
  EXPECT_EQ(error_of(UnixSocket::bind((directory_ / "b").string(), {.group = "nobody-of-this-name"})),
            "cannot listen on unix:" + (directory_ / "b").string() + ": there is no group nobody-of-this-name");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "b"));
}

TEST_F(UnixSocketTest, WhatIsInTheWay) {
  std::ofstream(path_) << "precious";
  EXPECT_EQ(error_of(UnixSocket::bind(path_, {})),
            "cannot listen on unix:" + path_ + ": a file that is no socket is in the way");
  EXPECT_TRUE(std::filesystem::exists(path_));
  std::filesystem::remove(path_);
  auto first = UnixSocket::bind(path_, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(error_of(UnixSocket::bind(path_, {})), "cannot listen on unix:" + path_ + ": somebody else does");
  EXPECT_TRUE(Client(*unix_endpoint(path_)).connected()) << "and it still does";
  EXPECT_EQ(error_of(UnixSocket::bind("/no/such/directory/x", {})),
            "cannot listen on unix:/no/such/directory/x: bind: No such file or directory");
}

TEST_F(UnixSocketTest, AFileThatSomebodyLeftBehindIsReplaced) {
  int left = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto endpoint = *unix_endpoint(path_);
  ASSERT_EQ(::bind(left, endpoint.address(), endpoint.size), 0);
  ::close(left);
  EXPECT_FALSE(Client(endpoint).connected());
  auto bound = UnixSocket::bind(path_, {});
  ASSERT_TRUE(bound) << bound.error().what;
  EXPECT_TRUE(Client(endpoint).connected());
}

TEST_F(UnixSocketTest, TheFileOfASuccessorStays) {
  auto endpoint = *unix_endpoint(path_);
  {
    auto bound = UnixSocket::bind(path_, {});
    ASSERT_TRUE(bound);
    std::filesystem::remove(path_);
    auto successor = UnixSocket::bind(path_, {});
    ASSERT_TRUE(successor);
    { auto gone = std::move(*bound); }
    EXPECT_TRUE(Client(endpoint).connected());
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace holdfast::net
