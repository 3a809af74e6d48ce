// SPDX-License-Identifier: Apache-2.0
#include "net/socket.h"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/allocations.h"
#include "support/short_writes.h"

namespace holdfast::net {
namespace {

class Owner final : public Pollable {
 public:
  void on_events(std::uint32_t events) override { seen |= events; }
  std::uint32_t seen = 0;
};

/// A Socket, and the other end of it.
class SocketTest : public ::testing::Test {
 protected:
  SocketTest() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    peer_ = fds[1];
    EXPECT_TRUE(socket_.open(fds[0], poller_, owner_));
  }
  ~SocketTest() override {
    if (peer_ >= 0) ::close(peer_);
  }

  /// Reads up to `most` bytes at the other end.
  std::string read_peer(std::size_t most = SIZE_MAX) {
    std::string all;
    char part[4096];
    while (all.size() < most) {
      auto n = ::recv(peer_, part, std::min(sizeof part, most - all.size()), 0);
      if (n <= 0) break;
      all.append(part, static_cast<std::size_t>(n));
    }
    return all;
  }

  void close_peer() {
    ::close(peer_);
    peer_ = -1;
  }

  Written write(std::initializer_list<Slice> slices) { return socket_.write({slices.begin(), slices.size()}); }

  Poller poller_;
  Owner owner_;
  Socket socket_;
  test::ShortWrites kernel_;
  int peer_ = -1;
};

TEST_F(SocketTest, IsSmall) {
  EXPECT_LE(sizeof(Socket), 32u);
}

TEST_F(SocketTest, WritesAtOnce) {
  auto block = Bytes::copy("owned");
  EXPECT_EQ(write({Slice(std::string_view("borrowed ")), Slice(), Slice(block)}), Written::sent);
  EXPECT_EQ(socket_.queued_bytes(), 0u);
  EXPECT_EQ(read_peer(), "borrowed owned");
  EXPECT_EQ(kernel_.calls(), 1);
}

TEST_F(SocketTest, NothingIsSentWithoutACall) {
  EXPECT_EQ(socket_.write({}), Written::sent);
  EXPECT_EQ(write({Slice(), Slice(std::string_view(""))}), Written::sent);
  EXPECT_EQ(kernel_.calls(), 0);
}

TEST_F(SocketTest, MoreSlicesThanOneCallTakes) {
  std::string expected;
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.push_back(std::to_string(i) + " ");
  std::vector<Slice> slices;
  for (const auto& text : texts) {
    slices.emplace_back(std::string_view(text));
    expected += text;
  }
  EXPECT_EQ(socket_.write(slices), Written::sent);
  EXPECT_EQ(read_peer(), expected);
  EXPECT_EQ(kernel_.calls(), 4);
}

// The kernel takes every possible number of bytes of a write, and then of what was queued.
TEST_F(SocketTest, PartialWritesOfEverySize) {
  auto whole = Bytes::copy("0123456789");
  auto other = Bytes::copy("abcdef");
  const std::string expected = "head:0123456789mid23\r\nabcdeftail";
  for (std::size_t first = 0; first <= expected.size(); ++first) {
    for (std::size_t step = 1; step <= expected.size(); ++step) {
      kernel_.take(first);
      std::string head = "head:";
      std::string tail = "tail";
      auto written = write({Slice(head), Slice(whole), Slice(std::string_view("mid")), Slice(),
                            Slice(whole->view().substr(2, 2), whole.get()), Slice(std::string_view("\r\n")),
                            Slice(other), Slice(tail)});
      head.assign("XXXXX");  // borrowed bytes are only ours during the call
      tail.assign("YYYY");
      auto left = expected.size() - first;
      ASSERT_EQ(written, left ? Written::queued : Written::sent) << first;
      ASSERT_EQ(socket_.queued_bytes(), left);
      std::size_t flushes = 0;
      while (socket_.queued_bytes()) {
        kernel_.take(step);
        ASSERT_EQ(socket_.flush(), left > step ? Written::queued : Written::sent);
        left -= std::min(left, step);
        ASSERT_EQ(socket_.queued_bytes(), left);
        ASSERT_LE(++flushes, expected.size());
      }
      kernel_.take_all();
      ASSERT_EQ(read_peer(), expected) << first << ' ' << step;
    }
  }
}

TEST_F(SocketTest, OwnedBytesAreQueuedWhereTheyAre) {
  auto block = Bytes::copy("owned");
  auto* content = const_cast<char*>(block->view().data());
  std::string borrowed = "borrowed";
  kernel_.take(0);
  EXPECT_EQ(write({Slice(block), Slice(borrowed)}), Written::queued);
  // What is changed now is seen by the peer only where no copy was made.
  content[0] = 'O';
  borrowed[0] = 'B';
  block.reset();  // the queue keeps it alive
  kernel_.take_all();
  EXPECT_EQ(socket_.flush(), Written::sent);
  EXPECT_EQ(read_peer(), "Ownedborrowed");
}

TEST_F(SocketTest, PartsOfOwnedBytesAreQueuedWhereTheyAre) {
  auto block = Bytes::copy("0123456789");
  kernel_.take(3);
  EXPECT_EQ(write({Slice(block->view().substr(2, 6), block.get())}), Written::queued);
  const_cast<char*>(block->view().data())[6] = 'X';
  kernel_.take_all();
  EXPECT_EQ(socket_.flush(), Written::sent);
  EXPECT_EQ(read_peer(), "2345X7");
}

TEST_F(SocketTest, WhatIsWrittenBehindAQueueStaysBehindIt) {
  kernel_.take(1);
  EXPECT_EQ(write({Slice(std::string_view("one"))}), Written::queued);
  kernel_.take_all();
  EXPECT_EQ(write({Slice(std::string_view("two"))}), Written::queued) << "although the kernel would take it";
  EXPECT_EQ(write({}), Written::queued);
  EXPECT_EQ(read_peer(), "o");
  EXPECT_EQ(socket_.flush(), Written::sent);
  EXPECT_EQ(read_peer(), "netwo");
  EXPECT_EQ(write({Slice(std::string_view("three"))}), Written::sent);
}

TEST_F(SocketTest, InterruptedCallsAreMadeAgain) {
  kernel_.interrupt(3);
  EXPECT_EQ(write({Slice(std::string_view("text"))}), Written::sent);
  EXPECT_EQ(kernel_.calls(), 4);
  EXPECT_EQ(read_peer(), "text");
}

TEST_F(SocketTest, AFailureIsFinal) {
  kernel_.take(1);
  EXPECT_EQ(write({Slice(std::string_view("text"))}), Written::queued);
  kernel_.fail(EPIPE);
  EXPECT_EQ(socket_.flush(), Written::failed);
  kernel_.take_all();
  EXPECT_EQ(socket_.flush(), Written::failed);
  EXPECT_EQ(write({Slice(std::string_view("more"))}), Written::failed);
  EXPECT_EQ(read_peer(), "t");
}

TEST_F(SocketTest, WritingToAPeerThatHasGoneFailsWithoutASignal) {
  close_peer();
  EXPECT_EQ(write({Slice(std::string_view("text"))}), Written::failed);
  EXPECT_EQ(write({Slice(std::string_view("text")), Slice(std::string_view("text"))}), Written::failed);
}

// Through a real buffer that is as small as the kernel allows, with a peer that reads as it likes.
TEST_F(SocketTest, WhatArrivesIsWhatWasWritten) {
  int tiny = 1;
  ASSERT_EQ(::setsockopt(socket_.fd(), SOL_SOCKET, SO_SNDBUF, &tiny, sizeof tiny), 0);
  std::minstd_rand random(11);
  auto text = [&random](std::size_t size) {
    std::string out(size, ' ');
    for (auto& c : out) c = static_cast<char>('a' + random() % 26);
    return out;
  };
  std::string expected;
  std::string received;
  bool was_queued = false;
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> borrowed(random() % 4);
    std::vector<BytesRef> owned;
    std::vector<Slice> slices;
    for (auto& part : borrowed) {
      part = text(random() % 600);
      slices.emplace_back(part);
      owned.push_back(Bytes::copy(text(random() % 3000)));
      slices.emplace_back(owned.back());
    }
    for (const auto& slice : slices) expected += slice.view();
    auto written = socket_.write(slices);
    ASSERT_NE(written, Written::failed);
    ASSERT_EQ(written == Written::queued, socket_.queued_bytes() > 0);
    was_queued |= written == Written::queued;
    received += read_peer(random() % 8000);
    if (random() % 2) {
      ASSERT_NE(socket_.flush(), Written::failed);
    }
  }
  EXPECT_TRUE(was_queued);
  while (socket_.queued_bytes()) {
    ASSERT_NE(socket_.flush(), Written::failed);
    received += read_peer();
  }
  received += read_peer();
  EXPECT_TRUE(received == expected) << received.size() << " of " << expected.size();
}

TEST_F(SocketTest, AQueueThatNeverRunsDryDoesNotGrow) {
  auto block = Bytes::copy("message");
  kernel_.take(0);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(write({Slice(block)}), Written::queued);
  test::LargestAllocation largest;
  for (int i = 0; i < 20000; ++i) {
    kernel_.take(0);
    ASSERT_EQ(write({Slice(block)}), Written::queued);
    kernel_.take(7);
    ASSERT_EQ(socket_.flush(), Written::queued);
    read_peer();
  }
  EXPECT_EQ(socket_.queued_bytes(), 70u);
  EXPECT_LT(largest.bytes(), 10000u);
}

TEST_F(SocketTest, Reads) {
  char data[8];
  EXPECT_EQ(socket_.read(data, sizeof data), Socket::kWouldBlock);
  EXPECT_FALSE(socket_.has_input());
  ASSERT_EQ(::send(peer_, "0123456789", 10, 0), 10);
  EXPECT_TRUE(socket_.has_input());
  EXPECT_EQ(socket_.read(data, sizeof data), 8);
  EXPECT_EQ(std::string_view(data, 8), "01234567");
  EXPECT_EQ(socket_.read(data, sizeof data), 2);
  EXPECT_FALSE(socket_.has_input());
  close_peer();
  EXPECT_TRUE(socket_.has_input()) << "an end is input too";
  EXPECT_EQ(socket_.read(data, sizeof data), Socket::kEndOfFile);
}

TEST_F(SocketTest, ReadsOfABrokenConnectionFail) {
  ASSERT_EQ(::send(socket_.fd(), "unread", 6, 0), 6);
  close_peer();  // with input that nobody has read: a reset
  char data[8];
  EXPECT_EQ(socket_.read(data, sizeof data), Socket::kFailed);
}

TEST_F(SocketTest, ShutdownEndsWhatThePeerReads) {
  EXPECT_EQ(write({Slice(std::string_view("last"))}), Written::sent);
  socket_.shutdown_write();
  EXPECT_EQ(read_peer(), "last");
  char byte;
  EXPECT_EQ(::recv(peer_, &byte, 1, 0), 0);
  EXPECT_TRUE(socket_.is_open());
}

TEST_F(SocketTest, CloseDropsTheQueue) {
  auto block = Bytes::copy("text");
  kernel_.take(1);
  EXPECT_EQ(write({Slice(block)}), Written::queued);
  socket_.close();
  EXPECT_FALSE(socket_.is_open());
  EXPECT_EQ(socket_.queued_bytes(), 0u);
  EXPECT_EQ(socket_.flush(), Written::failed);
  EXPECT_EQ(write({Slice(block)}), Written::failed);
  socket_.close();
  socket_.reset();
  EXPECT_EQ(read_peer(), "t");
}

TEST_F(SocketTest, IsRegisteredForEverything) {
  poller_.poll();
  EXPECT_EQ(owner_.seen, static_cast<std::uint32_t>(EPOLLOUT)) << "writable from the start";
  ASSERT_EQ(::send(peer_, "x", 1, 0), 1);
  close_peer();
  owner_.seen = 0;
  EXPECT_EQ(poller_.poll(), 1);
  EXPECT_TRUE(owner_.seen & EPOLLIN);
  EXPECT_TRUE(owner_.seen & EPOLLRDHUP);
}

TEST(Socket, ADescriptorThatTheKernelRefusesIsClosed) {
  Poller poller;
  Owner owner;
  Socket socket;
  int file = ::memfd_create("not a socket", MFD_CLOEXEC);
  ASSERT_GE(file, 0);
  EXPECT_FALSE(socket.open(file, poller, owner)) << "a regular file cannot be watched";
  EXPECT_FALSE(socket.is_open());
  EXPECT_EQ(::close(file), -1);
}

}  // namespace
}  // namespace holdfast::net
