// SPDX-License-Identifier: Apache-2.0
// The routes file: grammar (RF), properties, targets, and what is said about lines that are wrong.
#include "proxy/routes_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::proxy {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Severity = RouteIssue::Severity;

ParsedRoutes parse(std::string_view text, const RoutesOptions& options = {}) {
  return parse_routes(text, "routes", options);
}

/// Parses one line that must be good.
Route good(std::string_view line) {
  auto parsed = parse(line);
  for (const auto& issue : parsed.issues) ADD_FAILURE() << issue.text();
  if (parsed.routes.size() != 1) {
    ADD_FAILURE() << "not one route: " << line;
    return {};
  }
  return parsed.routes.front();
}

Target good_target(std::string_view target) {
  auto route = good("* " + std::string(target));
  return route.targets.empty() ? Target{} : route.targets.front();
}

/// Parses one line that must be refused, and returns what is said about it.
std::string error_of(std::string_view line) {
  auto parsed = parse(line);
  EXPECT_THAT(parsed.routes, IsEmpty()) << line;
  EXPECT_TRUE(parsed.has_errors()) << line;
  for (const auto& issue : parsed.issues) {
    if (issue.severity == Severity::error) return issue.what;
  }
  return {};
}

/// Parses one line that must load, and returns its warnings.
std::vector<std::string> warnings_of(std::string_view line) {
  auto parsed = parse(line);
  EXPECT_THAT(parsed.routes, SizeIs(1)) << line;
  EXPECT_FALSE(parsed.has_errors()) << line;
  std::vector<std::string> what;
  for (const auto& issue : parsed.issues) what.push_back(issue.what);
  return what;
}

TEST(RoutesFile, OneLine) {
  auto route = good("* localhost:8080");
  EXPECT_TRUE(route.any_host);
  EXPECT_EQ(route.host, "");
  EXPECT_FALSE(route.explicit_id());
  ASSERT_THAT(route.targets, SizeIs(1));
  EXPECT_EQ(route.targets[0].kind, Target::Kind::tcp);
  EXPECT_EQ(route.targets[0].host, "localhost");
  EXPECT_EQ(route.targets[0].port, 8080);
  EXPECT_EQ(route.targets[0].text, "localhost:8080");
}

TEST(RoutesFile, SourceIsFileAndLine) {
  auto parsed = parse_routes("# first\n\n* a:1\n", "conf/routes", {});
  ASSERT_THAT(parsed.routes, SizeIs(1));
  EXPECT_EQ(parsed.routes[0].file, "conf/routes");
  EXPECT_EQ(parsed.routes[0].line, 3);
}

TEST(RoutesFile, EmptyTextHasNoRoutesAndNoIssues) {
  EXPECT_THAT(parse("").routes, IsEmpty());
  EXPECT_THAT(parse("\n \n\t\n#x\n").routes, IsEmpty());
  EXPECT_THAT(parse("\n \n\t\n#x\n").issues, IsEmpty());
}

TEST(RoutesFile, CrlfByteOrderMarkAndMissingLastNewline) {
  auto parsed = parse("\xef\xbb\xbf* a:1\r\nb.test b:2\r\n\r\nc.test c:3");
  EXPECT_THAT(parsed.issues, IsEmpty());
  ASSERT_THAT(parsed.routes, SizeIs(3));
  EXPECT_TRUE(parsed.routes[0].any_host);
  EXPECT_EQ(parsed.routes[0].targets[0].port, 1);
  EXPECT_EQ(parsed.routes[2].host, "c.test");
  EXPECT_EQ(parsed.routes[2].line, 4);
}

TEST(RoutesFile, Rf1CommentAnywhereOutsideOfQuotes) {
  EXPECT_EQ(good("* a:1#,ssl").targets[0].text, "a:1");
  EXPECT_EQ(good("* a:1 # say \"more").targets.size(), 1u);
  EXPECT_EQ(good("*,prefix=\"a#b\" a:1").prefix, "a#b");
  EXPECT_THAT(error_of("*,sig_key=a#b a:1"), AllOf(HasSubstr("begins a comment"), Not(HasSubstr("a#b"))));
}

TEST(RoutesFile, Rf2SpacesAndTabsSeparateSections) {
  auto route = good("  a.test   b:1\t \tc:2  # d");
  EXPECT_EQ(route.host, "a.test");
  ASSERT_THAT(route.targets, SizeIs(2));
  EXPECT_EQ(route.targets[1].host, "c");
}

TEST(RoutesFile, Rf3EmptyInitialValue) {
  auto leading_comma = good(",id=x a:1");
  EXPECT_EQ(leading_comma.id, "x");
  EXPECT_TRUE(leading_comma.explicit_id());
  EXPECT_EQ(leading_comma.host, "");
  EXPECT_FALSE(leading_comma.any_host);
  EXPECT_EQ(good("id=x,debug a:1").id, "x");
  EXPECT_TRUE(good("id=x,debug a:1").debug);
}

TEST(RoutesFile, Rf5GrammarErrorsReachTheIssues) {
  EXPECT_THAT(error_of("*,prefix=\"a b:1"), HasSubstr("not closed"));
  EXPECT_EQ(good(R"("a.test",id="q r" "b:1")").id, "q r");
}

TEST(RoutesFile, Rf6BadLineIsSkippedAndTheOthersLoad) {
  auto parsed = parse("a.test a:1\nb.test b:notaport\nc.test c:3\n");
  ASSERT_THAT(parsed.routes, SizeIs(2));
  EXPECT_EQ(parsed.routes[1].host, "c.test");
  ASSERT_THAT(parsed.issues, SizeIs(1));
  EXPECT_EQ(parsed.issues[0].severity, Severity::error);
  EXPECT_EQ(parsed.issues[0].text(),
            "routes:2: 'b:notaport' is not a target: a target is host:port, e.g. localhost:8080");
}

TEST(RoutesFile, Rf6OneSectionIsAnError) {
  EXPECT_THAT(error_of("localhost:8080"), HasSubstr("write e.g. '* localhost:8080'"));
}

TEST(RoutesFile, Rf6BadTargetVoidsItsLine) {
  EXPECT_THAT(error_of("* a:1 b c:2"), HasSubstr("'b' is not a target"));
}

TEST(RoutesFile, Rf7UnknownPropertyWarnsWithTheNearest) {
  EXPECT_THAT(warnings_of("*,path_bge=/a a:1"),
              ElementsAre("unknown property 'path_bge' of the condition: did you mean 'path_beg'?"));
  EXPECT_THAT(warnings_of("* a:1,untrustd"),
              ElementsAre("unknown property 'untrustd' of a target: did you mean 'untrusted'?"));
  EXPECT_THAT(warnings_of("*,over-http a:1"), ElementsAre("unknown property 'over-http' of the condition: did you mean "
                                                          "'over_http', a property of a target?"));
  EXPECT_THAT(warnings_of("*,colour=green a:1"), ElementsAre("unknown property 'colour' of the condition: remove it"));
}

TEST(RoutesFile, Rf7PropertyOfTheOtherSectionWarns) {
  EXPECT_THAT(warnings_of("*,sub=x a:1"), ElementsAre("'sub' is a property of a target, not of the condition: move it "
                                                      "behind the target's host:port"));
  EXPECT_THAT(warnings_of("* a:1,debug"), ElementsAre("'debug' is a property of the condition, not of a target: move "
                                                      "it in front of the first target"));
  EXPECT_FALSE(parse("* a:1,debug").routes[0].debug);
}

TEST(RoutesFile, Rf7ValueOfAnUnknownPropertyIsNotQuoted) {
  EXPECT_THAT(warnings_of("*,sigkey=s3cret a:1"), ElementsAre(Not(HasSubstr("s3cret"))));
}

TEST(RoutesFile, Rf8LastOfARepeatedPropertyWins) {
  auto line = "*,prefix=a,prefix=b a:1";
  EXPECT_THAT(warnings_of(line), ElementsAre("'prefix' is given more than once: the last one counts"));
  EXPECT_EQ(parse(line).routes[0].prefix, "b");
}

TEST(RoutesFile, Rf9HeadersInOrderAndTheLastOfAName) {
  auto route = good("*,header=X-A:1,header=\"X-B:  a, b \",header=X-C: a:1");
  EXPECT_THAT(route.headers, ElementsAre(Header{"X-A", "1"}, Header{"X-B", "a, b"}, Header{"X-C", ""}));
  auto line = "*,header=X-A:1,header=X-B:2,header=x-a:3 a:1";
  EXPECT_THAT(warnings_of(line), ElementsAre(HasSubstr("header=x-a: is given more than once")));
  EXPECT_THAT(parse(line).routes[0].headers, ElementsAre(Header{"X-B", "2"}, Header{"x-a", "3"}));
}

TEST(RoutesFile, Req3BadHeader) {
  EXPECT_THAT(error_of("*,header=\"Authorization s3cret\" a:1"),
              AllOf(HasSubstr("no colon"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(error_of("*,header=\"X A:1\" a:1"), HasSubstr("'X A' is not a header name"));
  EXPECT_THAT(error_of("*,header=:1 a:1"), HasSubstr("'' is not a header name"));
  EXPECT_THAT(error_of("*,header=\"X-A:1\rX-B:2\" a:1"), HasSubstr("control character (0x0d)"));
  EXPECT_THAT(error_of("*,header a:1"), HasSubstr("'header' needs a value"));
}

TEST(RoutesFile, Req3FieldsOfTheProxyItselfAreNotSet) {
  EXPECT_THAT(warnings_of("*,header=Host:x a:1"), ElementsAre(HasSubstr("use as_host=")));
  EXPECT_THAT(warnings_of("*,header=content-length:3 a:1"), ElementsAre(HasSubstr("has no effect")));
  EXPECT_THAT(warnings_of("*,header=Connection:close a:1"), ElementsAre(HasSubstr("has no effect")));
  EXPECT_THAT(parse("*,header=Transfer-Encoding:chunked a:1").routes[0].headers, IsEmpty());
}

TEST(RoutesFile, HostIsKeptLowerCaseWithoutBracketsAndFinalDot) {
  EXPECT_EQ(good("WWW.Example.COM. a:1").host, "www.example.com");
  EXPECT_EQ(good("[2001:DB8::1] a:1").host, "2001:db8::1");
}

TEST(RoutesFile, BadHost) {
  EXPECT_THAT(error_of("*.example.com a:1"), HasSubstr("only a '*' alone stands for any host"));
  EXPECT_THAT(error_of("example.com:80 a:1"), HasSubstr("a port is not part of the condition, write 'example.com'"));
  EXPECT_THAT(error_of("example.com: a:1"), HasSubstr("write 'example.com'"));
  EXPECT_THAT(error_of("[::1]:80 a:1"), HasSubstr("write '[::1]'"));
  EXPECT_THAT(error_of("http://example.com a:1"), HasSubstr("is not a host"));
  EXPECT_THAT(error_of("b\xc3\xbc"
                       "cher.test a:1"),
              HasSubstr("is not a host"));
  EXPECT_THAT(error_of(". a:1"), HasSubstr("is not a host"));
  EXPECT_THAT(error_of("::1 a:1"), HasSubstr("is not a host"));
}

TEST(RoutesFile, Conditions) {
  auto route = good("a.test,proto=http,ssl=yes,path_beg=/x%20y,id=news a:1");
  EXPECT_EQ(route.proto, Route::Proto::http);
  EXPECT_EQ(route.transport, Route::Transport::tls);
  EXPECT_EQ(route.path_beg, "/x%20y");
  EXPECT_EQ(route.id, "news");
  EXPECT_EQ(good("a.test,ssl=no a:1").transport, Route::Transport::plain);
  EXPECT_EQ(good("a.test a:1").transport, Route::Transport::any);
  EXPECT_EQ(good("a.test a:1").proto, Route::Proto::any);
}

TEST(RoutesFile, BadConditions) {
  EXPECT_THAT(error_of("*,proto=https a:1"), HasSubstr("proto: 'https' is neither 'http' nor 'ws'"));
  EXPECT_THAT(error_of("*,ssl=true a:1"), HasSubstr("ssl: 'true' is neither 'yes' nor 'no'"));
  EXPECT_THAT(error_of("*,ssl a:1"), HasSubstr("'ssl' needs a value"));
  EXPECT_THAT(error_of("*,path_beg=x a:1"), HasSubstr("does not begin with '/'"));
  EXPECT_THAT(error_of("*,path_beg= a:1"), HasSubstr("'path_beg' needs a value"));
  EXPECT_THAT(error_of("*,path_beg=/a?b a:1"), HasSubstr("write it as %HH"));
  EXPECT_THAT(error_of("*,path_beg=/\xc3\xbc a:1"), HasSubstr("write it as %HH"));
  EXPECT_THAT(error_of("*,id= a:1"), HasSubstr("'id' needs a value"));
}

TEST(RoutesFile, Behaviours) {
  auto route = good(
      "*,as_host=other.test:81,path_rem=4,replace_beg=/new,sig_iss=me,sig_key=base64:YQ==,no_grip,prefix=p-,"
      "orig_headers,debug,log_level=3 a:1");
  EXPECT_EQ(route.as_host, "other.test:81");
  EXPECT_EQ(route.path_rem, 4u);
  EXPECT_EQ(route.replace_beg, "/new");
  EXPECT_EQ(route.sig_iss, "me");
  EXPECT_EQ(route.sig_key, "base64:YQ==");
  EXPECT_TRUE(route.no_grip);
  EXPECT_EQ(route.prefix, "p-");
  EXPECT_TRUE(route.orig_headers);
  EXPECT_TRUE(route.debug);
  EXPECT_EQ(route.log_level, 3);

  auto plain = good("* a:1");
  EXPECT_EQ(plain.replace_beg, std::nullopt);
  EXPECT_EQ(plain.sig_key, std::nullopt);
  EXPECT_EQ(plain.log_level, std::nullopt);
  EXPECT_EQ(good("*,path_beg=/a,replace_beg= a:1").replace_beg, "");
}

TEST(RoutesFile, BadBehaviours) {
  EXPECT_THAT(error_of("*,as_host=a/b a:1"), HasSubstr("as_host: 'a/b' is not a host"));
  EXPECT_THAT(error_of("*,path_rem=-1 a:1"), HasSubstr("path_rem: '-1' is not a number"));
  EXPECT_THAT(error_of("*,path_rem=99999999999999999999 a:1"), HasSubstr("is not a number"));
  EXPECT_THAT(error_of("*,replace_beg=\"/a b\" a:1"), HasSubstr("replace_beg: '/a b' has a character"));
  EXPECT_THAT(error_of("*,replace_beg a:1"), HasSubstr("'replace_beg' needs a value"));
  EXPECT_THAT(error_of("*,log_level=5 a:1"), HasSubstr("log_level: '5' is not a log level"));
  EXPECT_THAT(error_of("*,sig_key= a:1"), HasSubstr("'sig_key' needs a value"));
  EXPECT_THAT(error_of("*,sig_iss a:1"), HasSubstr("'sig_iss' needs a value"));
}

TEST(RoutesFile, FlagsCanBeTurnedOff) {
  for (auto off : {"false", "no", "0", "False", "NO"}) {
    EXPECT_FALSE(good("*,debug=" + std::string(off) + " a:1").debug) << off;
  }
  for (auto on : {"true", "yes", "1", "TRUE"}) {
    EXPECT_TRUE(good("*,debug=" + std::string(on) + " a:1").debug) << on;
  }
  EXPECT_THAT(warnings_of("*,debug=off a:1"), ElementsAre(HasSubstr("'off' is taken as on")));
  EXPECT_TRUE(parse("*,debug=off a:1").routes[0].debug);
  EXPECT_THAT(warnings_of("*,debug= a:1"), ElementsAre(HasSubstr("write debug=true or debug=false")));
}

TEST(RoutesFile, FeaturesToComeWarn) {
  EXPECT_THAT(warnings_of("*,aco a:1"),
              ElementsAre("'aco' is not yet supported: requests that need it are answered 501"));
  EXPECT_TRUE(parse("*,aco a:1").routes[0].aco);
  EXPECT_THAT(warnings_of("*,aco=false a:1"), IsEmpty());
  EXPECT_THAT(warnings_of("*,jsonp_mode=basic,jsonp_cb=c,jsonp_body=b,jsonp_defcb=d,jsonp_defmethod=GET,session,"
                          "sockjs=/s,sockjs_as_path=/p a:1"),
              SizeIs(8));
  EXPECT_THAT(warnings_of("*,proto=ws a:1"),
              ElementsAre("'proto=ws' is not yet supported: WebSocket requests are answered 501"));
  EXPECT_THAT(warnings_of("* a:1,insecure,trust_connect_host,client_cert=c,client_key=k,one_event,ipc_file_mode=660"),
              SizeIs(3))
      << "insecure and its like are one warning: they do nothing without ssl";
  EXPECT_THAT(warnings_of("* a:1,ssl,insecure,trust_connect_host,client_cert=c,client_key=k"), IsEmpty());
  EXPECT_THAT(error_of("*,jsonp_mode=odd a:1"), HasSubstr("jsonp_mode: 'odd'"));
  EXPECT_THAT(error_of("*,sockjs=s a:1"), HasSubstr("sockjs: the path 's' does not begin with '/'"));
  EXPECT_THAT(error_of("* a:1,ipc_file_mode=888"), HasSubstr("ipc_file_mode: '888' is not a file mode"));
}

TEST(RoutesFile, AWarningIsSaidOnceALine) {
  EXPECT_THAT(warnings_of("* a:1,over_http b:2,over_http"), SizeIs(1));
  EXPECT_THAT(parse("a.test a:1,over_http\nb.test b:2,over_http\n").issues, SizeIs(2));
}

TEST(RoutesFile, TargetProperties) {
  auto target = good_target("a:1,host=h.test:2,untrusted,sub=x,sub=,sub=y");
  EXPECT_EQ(target.host_override, "h.test:2");
  EXPECT_TRUE(target.untrusted);
  EXPECT_THAT(target.sub, ElementsAre("x", "y"));
  EXPECT_THAT(error_of("* a:1,host=a/b"), HasSubstr("host: 'a/b' is not a host"));
}

TEST(RoutesFile, TargetsOfOneLineDoNotShareProperties) {
  auto route = good("* a:1,untrusted,sub=x b:2");
  EXPECT_FALSE(route.targets[1].untrusted);
  EXPECT_THAT(route.targets[1].sub, IsEmpty());
}

TEST(RoutesFile, TcpTargets) {
  EXPECT_EQ(good_target("127.0.0.1:65535").port, 65535);
  auto v6 = good_target("[2001:db8::1]:80");
  EXPECT_EQ(v6.host, "2001:db8::1");
  EXPECT_EQ(v6.port, 80);
  EXPECT_EQ(v6.text, "[2001:db8::1]:80");
}

TEST(RoutesFile, BadTargets) {
  for (auto line : {"* localhost", "* :80", "* a:", "* a:+1", "* a:1/x", "* [::1]", "* demo"}) {
    EXPECT_THAT(error_of(line), HasSubstr("a target is host:port, e.g. localhost:8080")) << line;
  }
  EXPECT_THAT(error_of("* a:0"), HasSubstr("1-65535"));
  EXPECT_THAT(error_of("* a:65536"), HasSubstr("1-65535"));
  EXPECT_THAT(error_of("* ::1:80"), HasSubstr("in brackets"));
  EXPECT_THAT(error_of("* [::g]:80"), HasSubstr("IPv6 address"));
  EXPECT_THAT(error_of("* [127.0.0.1]:80"), HasSubstr("IPv6 address"));
  EXPECT_THAT(error_of("* [::1:80"), HasSubstr("IPv6 address"));
  EXPECT_THAT(error_of("* a*b:80"), HasSubstr("a name or an IP address"));
  EXPECT_THAT(error_of("* http://a:80"), HasSubstr("instead of a URL"));
  EXPECT_THAT(error_of("* a:80 over_http"), HasSubstr("with a comma and no space, e.g. localhost:8080,over_http"));
  EXPECT_THAT(error_of("* ,untrusted"), HasSubstr("a target begins with its host:port"));
}

TEST(RoutesFile, SpecialTargets) {
  EXPECT_EQ(good_target("test").kind, Target::Kind::test);
  EXPECT_EQ(good_target("test").text, "test");
  auto demo = parse("* demo", {.allow_demo = true});
  ASSERT_THAT(demo.routes, SizeIs(1));
  EXPECT_EQ(demo.routes[0].targets[0].kind, Target::Kind::demo);
}

TEST(RoutesFile, UnsupportedTargetsLoadWithAWarning) {
  for (auto line : {"* zhttp/tcp://127.0.0.1:10000", "* zhttpreq/ipc://x"}) {
    EXPECT_THAT(warnings_of(line), ElementsAre("zhttp targets are not supported: requests to it are answered 501"));
    auto target = parse(line).routes[0].targets[0];
    EXPECT_EQ(target.kind, Target::Kind::unsupported);
    EXPECT_EQ(target.unsupported, "zhttp targets");
  }
}

TEST(RoutesFile, TlsAndUnixTargets) {
  auto tls = good_target("a:443,ssl");
  EXPECT_EQ(tls.kind, Target::Kind::tcp);
  EXPECT_TRUE(tls.tls);
  EXPECT_EQ(tls.host, "a");
  EXPECT_FALSE(good_target("a:443,ssl=false").tls);
  auto local = good_target("unix:/run/app.sock,host=app.test");
  EXPECT_EQ(local.host, "/run/app.sock");
  EXPECT_EQ(local.port, 0);
  EXPECT_THAT(error_of("* unix:"), HasSubstr("unix:"));
  EXPECT_THAT(error_of("* unix:" + std::string(200, 'x')), HasSubstr("107"));
}

TEST(RoutesFile, Sel4SecondOfTwoEqualConditionsIsSkipped) {
  auto parsed = parse("a.test,id=x a:1\n\nA.test.,id=y b:2\na.test,path_beg=/p c:3\na.test,ssl=no d:4\n");
  ASSERT_THAT(parsed.routes, SizeIs(3));
  EXPECT_EQ(parsed.routes[0].targets[0].host, "a");
  EXPECT_EQ(parsed.routes[1].targets[0].host, "c");
  ASSERT_THAT(parsed.issues, SizeIs(1));
  EXPECT_EQ(parsed.issues[0].severity, Severity::warning);
  EXPECT_THAT(parsed.issues[0].text(), testing::StartsWith("routes:3: line 1 has the same condition"));
}

TEST(RoutesFile, Sel4ABadLineDoesNotTakeTheConditionOfAGoodOne) {
  auto parsed = parse("a.test a\na.test b:2\n");
  ASSERT_THAT(parsed.routes, SizeIs(1));
  EXPECT_EQ(parsed.routes[0].line, 2);
}

TEST(RoutesFile, Sel4LinesWithoutHostDifferByTheirId) {
  auto parsed = parse(",id=x a:1\n,id=y b:2\n,id=x c:3\n");
  ASSERT_THAT(parsed.routes, SizeIs(2));
  EXPECT_EQ(parsed.routes[1].id, "y");
  ASSERT_THAT(parsed.issues, SizeIs(1));
  EXPECT_EQ(parsed.issues[0].line, 3);
}

TEST(RoutesFile, Sel5RepeatedIdWarnsAndStays) {
  auto parsed = parse("a.test,id=x a:1\nb.test,id=x b:2\n");
  EXPECT_THAT(parsed.routes, SizeIs(2));
  ASSERT_THAT(parsed.issues, SizeIs(1));
  EXPECT_EQ(parsed.issues[0].severity, Severity::warning);
  EXPECT_THAT(parsed.issues[0].text(), testing::StartsWith("routes:2: the id 'x' is that of line 1 too"));
}

TEST(RoutesFile, LineThatNothingCanReachWarns) {
  EXPECT_THAT(warnings_of("path_beg=/a a:1"), ElementsAre(HasSubstr("neither a host nor an id")));
}

TEST(RoutesFile, ControlCharactersAndLongLinesAreRefused) {
  using namespace std::string_view_literals;
  auto parsed = parse("a.test a:1\0\nb.test b:2\n"sv);
  ASSERT_THAT(parsed.routes, SizeIs(1));
  EXPECT_EQ(parsed.routes[0].host, "b.test");
  EXPECT_EQ(parsed.issues[0].text(), "routes:1: a control character (0x00) at byte 11: remove it");

  auto line_of = [](std::size_t size) { return "* a:1 #" + std::string(size - 7, 'x'); };
  EXPECT_THAT(parse(line_of(65536)).issues, IsEmpty());
  EXPECT_EQ(error_of(line_of(65537)), "the line is longer than 65536 bytes: split it");
}

TEST(RoutesFile, WhatIsQuotedIsPrintable) {
  auto error = error_of("* \"a\tb\"");
  EXPECT_THAT(error, AllOf(HasSubstr("a\\x09b"), Not(HasSubstr("\t"))));
  EXPECT_LT(error_of("* " + std::string(60000, 'a')).size(), 400u);
  EXPECT_LT(warnings_of("*," + std::string(60000, 'a') + " a:1").at(0).size(), 400u);
}

TEST(RoutesFile, CommandLineNamesItself) {
  auto parsed = parse_routes("* nope", "--route", {});
  ASSERT_THAT(parsed.issues, SizeIs(1));
  EXPECT_THAT(parsed.issues[0].text(), testing::StartsWith("--route:1: "));
}

}  // namespace
}  // namespace holdfast::proxy
