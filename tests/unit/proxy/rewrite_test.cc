// SPDX-License-Identifier: Apache-2.0
// Heads on their way through: towards the origin (REQ, XFF, XFP rules) and back to the client.
#include "proxy/rewrite.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "net/address.h"
#include "proxy/routes_file.h"

namespace holdfast::proxy {
namespace {

using Texts = std::vector<std::string>;

/// A request on its way to the origin of one routes line.
struct Forward {
  std::string route = "* a:1";
  std::string method = "GET";
  std::string target = "/x?y";
  std::string host = "client.test";
  std::vector<Field> fields;
  bool over_tls = false;
  ProxyOptions options;
  std::string signature;
  OriginFraming framing;

  std::string head() const {
    auto parsed = parse_routes(route, "routes");
    EXPECT_FALSE(parsed.has_errors()) << route;
    StoredRequest request({.method = method, .target = target, .host = host, .fields = fields, .over_tls = over_tls});
    auto peer = net::peer_address(*net::parse_literal("192.0.2.9", 1));
    std::string out = "before|";
    const auto& line = parsed.routes.at(0);
    append_origin_head(out, request, line, line.targets[0], options, peer, signature, framing);
    EXPECT_TRUE(out.starts_with("before|"));
    EXPECT_TRUE(out.ends_with("\r\n\r\n"));
    return out.substr(7);
  }
  /// The fields, without Host and without what every head has.
  std::string sent() const {
    auto text = head();
    text = text.substr(text.find("\r\n", text.find("\r\n") + 2) + 2);
    constexpr std::string_view usual = "Grip-Feature: status\r\n";
    if (auto at = text.find(usual); at != std::string::npos) text.erase(at, usual.size());
    return text.substr(0, text.size() - 2);
  }
};

TEST(OriginHead, AsItIsSent) {
  Forward forward;
  forward.fields = {{"Host", "client.test"}, {"User-Agent", "u"}, {"Accept", "*/*"}};
  forward.options.forwarded_for.append = true;
  EXPECT_EQ(forward.head(),
            "GET /x?y HTTP/1.1\r\nHost: client.test\r\nUser-Agent: u\r\nAccept: */*\r\n"
            "Grip-Feature: status\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n");
}

TEST(OriginHead, Req2TheTargetIsRewritten) {
  Forward forward;
  forward.route = "*,path_rem=2,replace_beg=/new a:1";
  EXPECT_TRUE(forward.head().starts_with("GET /new/x?y HTTP/1.1\r\n"));
}

TEST(OriginHead, Req14Host) {
  Forward forward;
  forward.fields = {{"Host", "client.test"}};
  forward.route = "*,as_host=as.test:81 a:1";
  EXPECT_NE(forward.head().find("\r\nHost: as.test:81\r\n"), std::string::npos);
  forward.route = "*,as_host=as.test a:1,host=target.test";
  EXPECT_NE(forward.head().find("\r\nHost: target.test\r\n"), std::string::npos);
  EXPECT_EQ(forward.head().find("client.test"), std::string::npos);
}

TEST(OriginHead, Req15Framing) {
  Forward forward;
  forward.fields = {{"Content-Length", "99"}};
  forward.framing = {BodyKind::sized, 5};
  EXPECT_EQ(forward.sent(), "Content-Length: 5\r\n");
  forward.framing = {BodyKind::streaming, 0};
  EXPECT_EQ(forward.sent(), "Transfer-Encoding: chunked\r\n");
  forward.framing = {};
  EXPECT_EQ(forward.sent(), "");
}

TEST(OriginHead, HopByHopFieldsStayHere) {
  Forward forward;
  for (auto name : {"Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
                    "HTTP2-Settings", "Expect", "te", "Keep_Alive"}) {
    forward.fields.push_back({name, "x"});
  }
  forward.fields.push_back({"Proxy-Authorization", "kept"});
  EXPECT_EQ(forward.sent(), "Proxy-Authorization: kept\r\n");
}

TEST(OriginHead, FieldsThatConnectionNamesStayHere) {
  Forward forward;
  forward.fields = {{"X-Hop", "1"},          {"Kept", "2"},  {"Connection", "close, x-hop"}, {"x-hop", "3"},
                    {"Connection", "Other"}, {"Other", "4"}, {"Accept-Encoding", "gzip"}};
  EXPECT_EQ(forward.sent(), "Kept: 2\r\nAccept-Encoding: gzip\r\n");
  forward.fields.push_back({"Connection", "Accept-Encoding, Kept"});
  EXPECT_EQ(forward.sent(), "");
}

TEST(OriginHead, Req3FieldsOfTheRoute) {
  Forward forward;
  forward.route = "*,header=X-Set:new,header=X-Gone:,header=Accept-Encoding:br a:1";
  forward.fields = {{"x-set", "old"}, {"X-SET", "older"}, {"x-gone", "1"}, {"accept-encoding", "gzip"}, {"Kept", "2"}};
  EXPECT_EQ(forward.sent(), "Kept: 2\r\nX-Set: new\r\nAccept-Encoding: br\r\n");
}

TEST(OriginHead, Req9GripFieldsOfClientsAreRemoved) {
  Forward forward;
  forward.fields = {{"Grip-Sig", "forged"}, {"grip-feature", "x"}, {"Grip_Sig", "forged"}, {"Gripped", "kept"}};
  EXPECT_EQ(forward.sent(), "Gripped: kept\r\n");
  forward.route = "*,no_grip a:1";
  EXPECT_EQ(forward.sent(), "Gripped: kept\r\n");
}

TEST(OriginHead, Req10Req11Signature) {
  Forward forward;
  forward.signature = "token";
  EXPECT_EQ(forward.sent(), "Grip-Sig: token\r\n");
  forward.route = "*,no_grip a:1";
  EXPECT_EQ(forward.head().find("Grip-"), std::string::npos);
}

TEST(OriginHead, Req4OriginalHeaders) {
  Forward forward;
  forward.fields = {{"A", "1"}, {"eb9bf0f5-B", "2"}, {"Marked", "3"}};
  EXPECT_EQ(forward.sent(), "A: 1\r\nMarked: 3\r\n") << "the prefix is ours";
  forward.route = "*,orig_headers a:1";
  EXPECT_EQ(forward.sent(), "A: 1\r\nMarked: 3\r\neb9bf0f5-A: 1\r\neb9bf0f5-B: 2\r\neb9bf0f5-Marked: 3\r\n");
  forward.options.orig_headers_need_mark = {"marked"};
  EXPECT_EQ(forward.sent(), "A: 1\r\nMarked: 3\r\neb9bf0f5-A: 1\r\neb9bf0f5-B: 2\r\n");
}

TEST(OriginHead, Req7PushpinRoute) {
  Forward forward;
  forward.fields = {{"Pushpin-Route", "x"}};
  EXPECT_EQ(forward.sent(), "Pushpin-Route: x\r\n");
  forward.options.accept_route_header = true;
  EXPECT_EQ(forward.sent(), "");
}

TEST(OriginHead, Req8CdnLoop) {
  Forward forward;
  forward.fields = {{"CDN-Loop", "a, b; x=\"1, 2\""}, {"A", "1"}, {"cdn-loop", "c"}};
  EXPECT_EQ(forward.sent(), "CDN-Loop: a, b; x=\"1, 2\"\r\nA: 1\r\ncdn-loop: c\r\n");
  forward.options.cdn_loop = "holdfast";
  EXPECT_EQ(forward.sent(), "A: 1\r\nCDN-Loop: a, b; x=\"1, 2\", c, holdfast\r\n");
  forward.fields.clear();
  EXPECT_EQ(forward.sent(), "CDN-Loop: holdfast\r\n");
}

TEST(OriginHead, XfpForwardedProto) {
  Forward forward;
  forward.fields = {{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Protocol", "https"}, {"X_Forwarded_Proto", "https"}};
  EXPECT_EQ(forward.sent(), "") << "nothing is added for plain requests";
  forward.over_tls = true;
  EXPECT_EQ(forward.sent(), "X-Forwarded-Proto: https\r\n");
  forward.options.set_x_forwarded_proto = false;
  EXPECT_EQ(forward.sent(), "X-Forwarded-Proto: https\r\nX-Forwarded-Protocol: https\r\nX_Forwarded_Proto: https\r\n");
  forward.options.accept_x_forwarded_proto = true;
  EXPECT_EQ(forward.sent(), "");
}

TEST(OriginHead, XffForwardedFor) {
  Forward forward;
  forward.fields = {{"X-Forwarded-For", "1.1.1.1"}, {"A", "1"}, {"x_forwarded_for", "2.2.2.2, 3.3.3.3"}};
  EXPECT_EQ(forward.sent(), "A: 1\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3\r\n") << "one field, at the end";
  forward.options.forwarded_for.truncate = 0;
  EXPECT_EQ(forward.sent(), "A: 1\r\n");
  forward.options.forwarded_for.truncate = std::nullopt;
  forward.options.forwarded_for.append = true;
  EXPECT_EQ(forward.sent(), "A: 1\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 192.0.2.9\r\n");
}

TEST(OriginHead, AcceptEncodingIsNarrowed) {
  Forward forward;
  forward.fields = {{"accept-encoding", "zstd, gzip;q=0.5"}};
  EXPECT_EQ(forward.sent(), "accept-encoding: gzip;q=0.5\r\n");
}

TEST(NarrowAcceptEncoding, ToWhatCanBeDecoded) {
  EXPECT_EQ(narrow_accept_encoding("gzip, deflate, br, zstd"), "gzip, deflate, br");
  EXPECT_EQ(narrow_accept_encoding("GZIP ;q=1.0 ,identity;q=0,*;q=0"), "GZIP ;q=1.0, identity;q=0");
  EXPECT_EQ(narrow_accept_encoding("zstd"), "identity");
  EXPECT_EQ(narrow_accept_encoding("*"), "identity");
  EXPECT_EQ(narrow_accept_encoding(""), "identity");
  EXPECT_EQ(narrow_accept_encoding(", ,"), "identity");
}

std::string xff(const std::vector<Field>& fields, std::optional<std::size_t> truncate, bool append,
                const char* peer = "192.0.2.9") {
  auto address = peer ? net::peer_address(*net::parse_literal(peer, 1)) : PeerAddress{};
  return forwarded_for(fields, {truncate, append}, address);
}

TEST(ForwardedFor, Xff2TruncateAndAppend) {
  const std::vector<Field> three{{"X-Forwarded-For", "a, b"}, {"Other", "x"}, {"X-Forwarded-For", "c"}};
  EXPECT_EQ(xff(three, std::nullopt, false), "a, b, c");
  EXPECT_EQ(xff(three, std::nullopt, true), "a, b, c, 192.0.2.9");
  EXPECT_EQ(xff(three, 2, true), "b, c, 192.0.2.9");
  EXPECT_EQ(xff(three, 3, false), "a, b, c");
  EXPECT_EQ(xff(three, 100, false), "a, b, c");
  EXPECT_EQ(xff(three, 0, true), "192.0.2.9");
  EXPECT_EQ(xff(three, 0, false), "");
  EXPECT_EQ(xff({}, std::nullopt, false), "");
  EXPECT_EQ(xff({}, std::nullopt, true, "2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(xff(three, std::nullopt, true, nullptr), "a, b, c") << "a unix socket has no address";
  EXPECT_EQ(xff({{"X-Forwarded-For", ", a,,"}}, std::nullopt, false), "a");
}

std::string to_client(const std::vector<Field>& fields, GripFields grip = GripFields::strip,
                      ContentCoding coding = ContentCoding::keep, const std::optional<Texts>& expose = std::nullopt) {
  std::vector<Field> out{{"already", "there"}};
  client_fields(out, fields, grip, coding, expose);
  std::string text;
  for (const auto& field : out) text += std::string(field.name) + "=" + std::string(field.value) + " ";
  EXPECT_TRUE(text.starts_with("already=there "));
  return text.substr(14);
}

TEST(ClientFields, FramingAndHopsAreRemoved) {
  EXPECT_EQ(to_client({{"Content-Length", "5"},
                       {"Transfer-Encoding", "chunked"},
                       {"Connection", "keep-alive, x-hop"},
                       {"Keep-Alive", "x"},
                       {"X-Hop", "y"},
                       {"Trailer", "z"},
                       {"Upgrade", "h2c"},
                       {"Set-Cookie", "a"},
                       {"Set-Cookie", "b"},
                       {"Content-Type", "text/plain"}}),
            "Set-Cookie=a Set-Cookie=b Content-Type=text/plain ");
}

TEST(ClientFields, GripFields) {
  const std::vector<Field> fields{{"Grip-Hold", "stream"}, {"GRIP_Channel", "c"}, {"A", "b"}};
  EXPECT_EQ(to_client(fields), "A=b ");
  EXPECT_EQ(to_client(fields, GripFields::keep), "Grip-Hold=stream GRIP_Channel=c A=b ") << "SIG-7: no_grip routes";
}

TEST(ClientFields, ContentEncodingGoesWithItsCoding) {
  const std::vector<Field> fields{{"Content-Encoding", "gzip"}, {"A", "b"}};
  EXPECT_EQ(to_client(fields, GripFields::strip, ContentCoding::keep), "Content-Encoding=gzip A=b ");
  EXPECT_EQ(to_client(fields, GripFields::strip, ContentCoding::decoded), "A=b ");
}

TEST(ClientFields, OnlyExposedOnes) {
  const std::vector<Field> fields{{"A", "1"}, {"B", "2"}, {"Grip-Hold", "x"}, {"Connection", "a"}};
  EXPECT_EQ(to_client(fields, GripFields::strip, ContentCoding::keep, Texts{"b", "grip-hold"}), "B=2 ");
  EXPECT_EQ(to_client(fields, GripFields::strip, ContentCoding::keep, Texts{}), "");
  EXPECT_EQ(to_client(fields, GripFields::strip, ContentCoding::keep, Texts{"a"}), "") << "named by Connection";
}

TEST(StreamFields, UnlessTheOriginHasSetThem) {
  std::vector<Field> fields{{"A", "b"}};
  add_stream_fields(fields);
  ASSERT_EQ(fields.size(), 4u);
  EXPECT_EQ(fields[1].name, "Incremental");
  EXPECT_EQ(fields[1].value, "?1");
  EXPECT_EQ(fields[2].name, "X-Accel-Buffering");
  EXPECT_EQ(fields[2].value, "no");
  EXPECT_EQ(fields[3].name, "Cache-Control");
  EXPECT_EQ(fields[3].value, "no-transform");
  fields = {{"incremental", "?0"}, {"CACHE-CONTROL", "no-store"}, {"x-accel-buffering", "yes"}};
  add_stream_fields(fields);
  EXPECT_EQ(fields.size(), 3u);
}

}  // namespace
}  // namespace holdfast::proxy
