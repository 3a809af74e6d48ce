// SPDX-License-Identifier: Apache-2.0
// The forms of texts in the configuration.
#include "app/config_form.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

using testing::HasSubstr;

void expect_accepted(const Form& form, const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    auto checked = form.check(text);
    EXPECT_TRUE(checked.has_value()) << text << ": " << checked.error().what;
  }
}

void expect_refused(const Form& form, const std::vector<std::string>& texts) {
  for (const auto& text : texts) EXPECT_FALSE(form.check(text).has_value()) << "'" << text << "' is " << form.what;
}

std::string reason(const Form& form, std::string_view text) {
  auto checked = form.check(text);
  return checked ? std::string() : checked.error().what;
}

TEST(ConfigForm, EveryExampleHasItsForm) {
  for (const auto& form : {kListenAddress, kHttpAddress, kZmqBindAddress, kZmqPeerAddress, kNetwork, kForwardedRule,
                           kCdnId, kFieldName, kScriptUrl, kBrokerUrl, kWord}) {
    expect_accepted(form, {std::string(form.example)});
  }
}

TEST(ConfigForm, HttpAddressIsReadIntoHostAndPort) {
  EXPECT_EQ(parse_http_address("http://127.0.0.1:5561").value(), (HostPort{"127.0.0.1", 5561}));
  EXPECT_EQ(parse_http_address("http://[::]:7999").value(), (HostPort{"::", 7999}));
  EXPECT_EQ(parse_http_address("http://[fe80::1]:65535").value(), (HostPort{"fe80::1", 65535}));
  EXPECT_EQ(parse_http_address("http://localhost:1").value(), (HostPort{"localhost", 1}));
}

TEST(ConfigForm, HttpAddressIsRefusedWithAReason) {
  EXPECT_THAT(reason(kHttpAddress, "127.0.0.1:80"), HasSubstr("begin with http://"));
  EXPECT_THAT(reason(kHttpAddress, "https://127.0.0.1:80"), HasSubstr("begin with http://"));
  EXPECT_THAT(reason(kHttpAddress, "http://127.0.0.1"), HasSubstr("port is missing"));
  EXPECT_THAT(reason(kHttpAddress, "http://[::1]"), HasSubstr("port is missing"));
  EXPECT_THAT(reason(kHttpAddress, "http://127.0.0.1:0"), HasSubstr("1 to 65535"));
  EXPECT_THAT(reason(kHttpAddress, "http://127.0.0.1:65536"), HasSubstr("1 to 65535"));
  EXPECT_THAT(reason(kHttpAddress, "http://127.0.0.1:80/"), HasSubstr("nothing after"));
  EXPECT_THAT(reason(kHttpAddress, "http://127.0.0.1:"), HasSubstr("1 to 65535"));
  EXPECT_THAT(reason(kHttpAddress, "http://::1:80"), HasSubstr("brackets"));
  EXPECT_THAT(reason(kHttpAddress, "http://[::1:80"), HasSubstr("not closed"));
  EXPECT_THAT(reason(kHttpAddress, "http://[127.0.0.1]:80"), HasSubstr("not an IPv6 address"));
  EXPECT_THAT(reason(kHttpAddress, "http://example.com:80"), HasSubstr("no other name"));
  expect_refused(kHttpAddress, {"", "http://", "http://:80", "http://*:80", "http://256.0.0.1:80", "http://1.2.3:80",
                                "http://user@127.0.0.1:80", std::string("http://127.0.0.1\0:80", 20)});
}

TEST(ConfigForm, ListenAddress) {
  expect_accepted(kListenAddress, {"http://0.0.0.0:7999", "https://[::]:443", "https://localhost:443",
                                   "unix:/run/holdfast.sock", "unix:/run/holdfast.sock?mode=660"});
  expect_refused(kListenAddress, {"", "7999", "tcp://127.0.0.1:80", "https://example.com:443", "https://0.0.0.0",
                                  "unix:", "unix:?mode=660", "unix:/" + std::string(107, 'x')});
}

TEST(ConfigForm, ZmqAddressToBind) {
  expect_accepted(kZmqBindAddress, {"tcp://127.0.0.1:5560", "tcp://*:5560", "tcp://[::1]:5560", "ipc:///run/pull",
                                    "ipc://" + std::string(107, 'x')});
  EXPECT_THAT(reason(kZmqBindAddress, "tcp://localhost:5560"), HasSubstr("binds to no name"));
  expect_refused(kZmqBindAddress, {"", "127.0.0.1:5560", "udp://127.0.0.1:5560", "tcp://*:*", "tcp://*:0", "tcp://*",
                                   "tcp://hub:5560", "ipc://", "ipc://" + std::string(108, 'x')});
}

TEST(ConfigForm, ZmqAddressToConnectTo) {
  expect_accepted(kZmqPeerAddress, {"tcp://hub:5565", "tcp://hub.example.com:5565", "tcp://10.0.0.1:5565",
                                    "tcp://[::1]:5565", "ipc://x"});
  expect_refused(kZmqPeerAddress, {"", "hub:5565", "tcp://*:5565", "tcp://hub", "tcp://-hub:1", "tcp://.hub:1",
                                   "tcp://h ub:1", "tcp://:1", "tcp://" + std::string(254, 'x') + ":1"});
}

TEST(ConfigForm, Network) {
  expect_accepted(kNetwork, {"10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "10.0.0.1/32", "2001:db8::/32", "::1", "::/128"});
  expect_refused(kNetwork, {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "localhost", "/8"});
}

TEST(ConfigForm, XFF1_ForwardedRule) {
  expect_accepted(kForwardedRule, {"append", "truncate:0", "truncate:12"});
  expect_refused(kForwardedRule, {"", "Append", "truncate", "truncate:", "truncate:-1", "truncate:x", "truncate:1001"});
}

TEST(ConfigForm, REQ8_CdnId) {
  expect_accepted(kCdnId, {"holdfast", "edge.example.com", "edge.example.com:8080"});
  expect_refused(kCdnId, {"", "two words", "a,b", "a;b", "edge:", "edge:0", ":80", "a\"b"});
}

TEST(ConfigForm, REQ4_FieldName) {
  expect_accepted(kFieldName, {"X-Request-Id", "~odd!"});
  expect_refused(kFieldName, {"", "X Request", "X:", "X-\xc3\xa4"});
}

TEST(ConfigForm, Urls) {
  expect_accepted(kScriptUrl, {"http://cdn/x.js", "https://cdn/x.js", "//cdn/x.js", "/x.js"});
  expect_refused(kScriptUrl, {"", "x.js", "https://", "ftp://cdn/x.js", "https://cdn/x y.js"});
  expect_accepted(kBrokerUrl, {"redis://r", "rediss://r", "nats://n:4222", "zmq+tcp://hub:5565"});
  expect_refused(kBrokerUrl, {"", "redis://", "kafka://k", "nats://a b"});
}

TEST(ConfigForm, Word) {
  expect_accepted(kWord, {"holdfast.", "app:"});
  expect_refused(kWord, {"two words"});
}

TEST(ConfigForm, LocalAddresses) {
  for (auto local : {"http://127.0.0.1:1", "http://127.255.0.3:1", "http://[::1]:1", "http://localhost:1",
                     "tcp://127.0.0.1:1", "tcp://[::1]:1", "ipc://x", "unix:/x"}) {
    EXPECT_TRUE(is_local_address(local)) << local;
  }
  for (auto open : {"http://0.0.0.0:1", "http://[::]:1", "http://128.0.0.1:1", "http://[::ffff:10.0.0.1]:1",
                    "tcp://*:1", "tcp://127.example.com:1", "tcp://10.0.0.1:1", "", "localhost", "tcp://"}) {
    EXPECT_FALSE(is_local_address(open)) << open;
  }
}

}  // namespace
}  // namespace holdfast::app
