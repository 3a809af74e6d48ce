// SPDX-License-Identifier: Apache-2.0
// The protocol's texts and addresses; its datagrams are in tests/blackbox/test_service_notify.py.
#include "app/service_notify.h"

#include <string>

#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

TEST(ServiceNotify, TextsAreLinesOfAssignments) {
  EXPECT_EQ(encode_ready("clients on :7999"), "READY=1\nSTATUS=clients on :7999");
  EXPECT_EQ(encode_reloading(12345678), "RELOADING=1\nMONOTONIC_USEC=12345678\nSTATUS=Reloading");
  EXPECT_EQ(encode_stopping("3 clients", 40000), "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000\nSTATUS=3 clients");
}

TEST(ServiceNotify, AStatusCannotAddAssignments) {
  EXPECT_EQ(encode_ready("well\nMAINPID=1"), "READY=1\nSTATUS=well");
  EXPECT_EQ(encode_stopping("\nMAINPID=1", 0), "STOPPING=1\nEXTEND_TIMEOUT_USEC=0\nSTATUS=");
}

TEST(ServiceNotify, AddressesArePathsOrAbstractNames) {
  EXPECT_EQ(parse_notify_address("/run/systemd/notify").value(), "/run/systemd/notify");
  EXPECT_EQ(parse_notify_address("@name").value(), std::string("\0name", 5));
  EXPECT_EQ(parse_notify_address("/" + std::string(106, 'a'))->size(), 107u);
  for (const auto* text : {"", "/", "@", "run/notify", "vsock:2:1234"}) {
    EXPECT_FALSE(parse_notify_address(text)) << text;
  }
  auto refused = parse_notify_address("/" + std::string(107, 'a'));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("too long"), std::string::npos);
}

TEST(ServiceNotify, TheWatchdogIsOursOrNobodys) {
  EXPECT_EQ(parse_watchdog(nullptr, nullptr, 7), 0);
  EXPECT_EQ(parse_watchdog("30000000", nullptr, 7), 30000);
  EXPECT_EQ(parse_watchdog("30000000", "7", 7), 30000);
  EXPECT_EQ(parse_watchdog("30000000", "8", 7), 0);
  EXPECT_EQ(parse_watchdog("30000000", "", 7), 0);
  for (const auto* usec : {"", "0", "soon", "-5", "1e6", "99999999999999999999"}) {
    EXPECT_EQ(parse_watchdog(usec, nullptr, 7), 0) << usec;
  }
}

}  // namespace
}  // namespace holdfast::app
