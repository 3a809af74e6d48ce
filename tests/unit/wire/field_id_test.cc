// SPDX-License-Identifier: Apache-2.0
#include "wire/field_id.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

using enum FieldId;

const std::vector<std::pair<std::string, FieldId>> kKnown = {
    {"accept-encoding", accept_encoding},
    {"cache-control", cache_control},
    {"cdn-loop", cdn_loop},
    {"connection", connection},
    {"content-encoding", content_encoding},
    {"content-length", content_length},
    {"content-type", content_type},
    {"expect", expect},
    {"grip-hold", grip},
    {"grip-", grip},
    {"host", host},
    {"http2-settings", http2_settings},
    {"incremental", incremental},
    {"keep-alive", FieldId::keep_alive},
    {"proxy-authenticate", proxy_authenticate},
    {"proxy-authorization", proxy_authorization},
    {"proxy-connection", proxy_connection},
    {"pushpin-route", pushpin_route},
    {"te", te},
    {"trailer", trailer},
    {"transfer-encoding", transfer_encoding},
    {"upgrade", upgrade},
    {"x-accel-buffering", x_accel_buffering},
    {"x-forwarded-for", x_forwarded_for},
    {"x-forwarded-proto", x_forwarded_proto},
    {"x-forwarded-protocol", x_forwarded_protocol},
};

TEST(FieldId, InAnyCase) {
  for (const auto& [name, id] : kKnown) {
    std::string upper;
    for (char c : name) upper += static_cast<char>(c >= 'a' && c <= 'z' ? c - 0x20 : c);
    EXPECT_EQ(field_id(name), id) << name;
    EXPECT_EQ(field_id(upper), id) << upper;
  }
}

TEST(FieldId, AnUnderscoreIsAHyphen) {
  for (const auto& [name, id] : kKnown) {
    for (std::size_t at = name.find('-'); at != std::string::npos; at = name.find('-', at + 1)) {
      auto alias = name;
      alias[at] = '_';
      EXPECT_EQ(field_id(alias), id) << alias;
    }
  }
}

TEST(FieldId, OneCharacterMoreLessOrOtherIsAnotherField) {
  for (const auto& [name, id] : kKnown) {
    if (id == grip) continue;
    EXPECT_EQ(field_id(name + "x"), other) << name;
    EXPECT_EQ(field_id("x" + name), other) << name;
    EXPECT_EQ(field_id(name.substr(1)), other) << name;
    for (std::size_t at = 0; at < name.size(); ++at) {
      auto changed = name;
      changed[at] = '!';
      EXPECT_EQ(field_id(changed), other) << changed;
    }
  }
  for (auto name : {"", "x", "grip", "gripx", "grip.hold", "xgrip-hold"}) EXPECT_EQ(field_id(name), other) << name;
}

TEST(FieldId, HopByHop) {
  for (auto id :
       {connection, FieldId::keep_alive, proxy_connection, te, trailer, transfer_encoding, upgrade, http2_settings}) {
    EXPECT_TRUE(is_hop_by_hop(id));
  }
  for (auto id : {other, content_length, host, proxy_authorization, proxy_authenticate, grip, expect}) {
    EXPECT_FALSE(is_hop_by_hop(id));
  }
}

}  // namespace
}  // namespace holdfast::wire
