// SPDX-License-Identifier: Apache-2.0
#include "net/peer_patience.h"

#include <cerrno>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace holdfast::net {
namespace {

class PeerPatienceTest : public ::testing::Test {
 protected:
  ~PeerPatienceTest() override { ::close(fd); }
  int option(int level, int name) const {
    int value = -1;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
    return value;
  }
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

TEST_F(PeerPatienceTest, BothAreSet) {
  set_peer_patience(fd, {60000, 60});
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 60000);
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 15);
}

TEST_F(PeerPatienceTest, AndTakenAway) {
  set_peer_patience(fd, {1000, 1});
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 1);
  set_peer_patience(fd, {0, 0});
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST(PeerPatience, NoHarmToOtherSockets) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  set_peer_patience(fds[0], {1000, 1});
  EXPECT_EQ(::send(fds[0], "x", 1, 0), 1);
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST(PeerPatience, VanishedIsNotClosed) {
  for (int error : {ETIMEDOUT, EHOSTUNREACH, ENETUNREACH}) EXPECT_TRUE(is_vanished(error)) << error;
  for (int error : {0, ECONNRESET, EPIPE, ECONNREFUSED}) EXPECT_FALSE(is_vanished(error)) << error;
}

}  // namespace
}  // namespace holdfast::net
