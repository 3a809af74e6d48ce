// SPDX-License-Identifier: Apache-2.0
// Selection of routes (SEL) and the rewriting of paths (REQ-2).
#include "proxy/route_table.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "proxy/routes_file.h"

namespace holdfast::proxy {
namespace {

std::vector<Route> parse(std::string_view text) {
  auto parsed = parse_routes(text, "routes");
  EXPECT_FALSE(parsed.has_errors());
  return parsed.routes;
}

/// The line of the route that was found; 0: none.
int line_of(const RouteRef& route) {
  return route ? route->line : 0;
}

class Routes {
 public:
  explicit Routes(std::string_view text) : table_(parse(text)) {}

  int http(std::string_view host, std::string_view path = "/") const {
    return line_of(table_.match({.host = host, .path = path}));
  }
  int https(std::string_view host, std::string_view path = "/") const {
    return line_of(table_.match({.host = host, .tls = true, .path = path}));
  }
  int ws(std::string_view host, std::string_view path = "/") const {
    return line_of(table_.match({.host = host, .websocket = true, .path = path}));
  }
  int id(std::string_view id, std::string_view path = "/") const { return line_of(table_.by_id(id, path)); }
  std::size_t size() const { return table_.size(); }

 private:
  RouteTable table_;
};

TEST(RouteTable, Err1EmptyTableMatchesNothing) {
  Routes routes("");
  EXPECT_EQ(routes.size(), 0u);
  EXPECT_EQ(routes.http("a.test"), 0);
  EXPECT_EQ(routes.id("x"), 0);
}

TEST(RouteTable, Sel1HostBeatsWildcard) {
  Routes routes("* a:1\nb.test b:1\n");
  EXPECT_EQ(routes.size(), 2u);
  EXPECT_EQ(routes.http("a.test"), 1);
  EXPECT_EQ(routes.http("b.test"), 2);
  EXPECT_EQ(routes.http("sub.b.test"), 1);
}

TEST(RouteTable, Sel1NamedHostNeverFallsBackToWildcard) {
  Routes routes("* a:1\nb.test,path_beg=/yes b:1\nc.test,proto=ws c:1\nd.test,ssl=yes d:1\n");
  EXPECT_EQ(routes.http("b.test", "/yes/sir"), 2);
  EXPECT_EQ(routes.http("b.test", "/no"), 0);
  EXPECT_EQ(routes.http("c.test"), 0);
  EXPECT_EQ(routes.http("d.test"), 0);
}

TEST(RouteTable, Sel1LineWithoutHostIsNotMatched) {
  Routes routes(",id=x a:1\n");
  EXPECT_EQ(routes.http("a.test"), 0);
  EXPECT_EQ(routes.http(""), 0);
  EXPECT_EQ(routes.http("."), 0);
  EXPECT_EQ(routes.id("x"), 1);
}

TEST(RouteTable, HostWithoutCasePortAndFinalDot) {
  Routes routes("Example.test. a:1\n[2001:db8::a] b:1\n");
  for (auto host :
       {"example.test", "EXAMPLE.Test", "example.test:8080", "example.test.", "example.test.:80", "example.test:"}) {
    EXPECT_EQ(routes.http(host), 1) << host;
  }
  for (auto host : {"[2001:db8::a]", "[2001:DB8::A]:443"}) EXPECT_EQ(routes.http(host), 2) << host;
  for (auto host : {"example.tes", "example.testt", "example.test..", "2001", "[", "[]", "", ":80"}) {
    EXPECT_EQ(routes.http(host), 0) << host;
  }
}

TEST(RouteTable, PathIsAPlainPrefix) {
  Routes routes("*,path_beg=/a a:1\n");
  EXPECT_EQ(routes.http("x", "/a"), 1);
  EXPECT_EQ(routes.http("x", "/abc"), 1);
  EXPECT_EQ(routes.http("x", "/a?q"), 1);
  EXPECT_EQ(routes.http("x", "/"), 0);
  EXPECT_EQ(routes.http("x", "/A"), 0);
  EXPECT_EQ(routes.http("x", "/b?/a"), 0);
  EXPECT_EQ(routes.http("x", "*"), 0);
}

TEST(RouteTable, Sel2LongestPathWins) {
  Routes routes("* a:1\n*,path_beg=/beg/ b:1\n*,path_beg=/beg/longer/ c:1\n");
  EXPECT_EQ(routes.http("x", "/beg/x"), 2);
  EXPECT_EQ(routes.http("x", "/beg/longer/x"), 3);
  EXPECT_EQ(routes.http("x", "/be"), 1);
  EXPECT_EQ(routes.http("x", "*"), 1);
}

TEST(RouteTable, Sel2ProtoBeatsPath) {
  Routes routes("*,path_beg=/long a:1\n*,proto=http b:1\n*,proto=ws c:1\n");
  EXPECT_EQ(routes.http("x", "/long"), 2);
  EXPECT_EQ(routes.ws("x", "/long"), 3);
}

TEST(RouteTable, Sel2PathBeatsTransport) {
  // Pushpin lets a later line with ssl win whatever its path (SEL-3).
  Routes routes("*,path_beg=/long a:1\n*,ssl=yes b:1\n");
  EXPECT_EQ(routes.https("x", "/long"), 1);
  EXPECT_EQ(routes.https("x", "/"), 2);
}

TEST(RouteTable, Sel2TransportBeatsNone) {
  Routes routes("* a:1\n*,ssl=yes b:1\n*,ssl=no c:1\n");
  EXPECT_EQ(routes.https("x"), 2);
  EXPECT_EQ(routes.http("x"), 3);
}

TEST(RouteTable, Sel2DoesNotDependOnTheOrderOfLines) {
  std::vector<std::string> lines = {"* a:1", "*,path_beg=/p b:1", "*,path_beg=/p,ssl=yes c:1", "*,proto=http d:1",
                                    "*,ssl=yes e:1"};
  std::sort(lines.begin(), lines.end());
  do {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    RouteTable table(parse(text));
    auto target = [&](RouteQuery query) { return table.match(query)->targets[0].host; };
    ASSERT_EQ(target({.host = "x", .tls = true, .path = "/p"}), "d") << text;
    ASSERT_EQ(target({.host = "x", .websocket = true, .tls = true, .path = "/p"}), "c") << text;
    ASSERT_EQ(target({.host = "x", .websocket = true, .path = "/p"}), "b") << text;
    ASSERT_EQ(target({.host = "x", .websocket = true, .tls = true, .path = "/"}), "e") << text;
    ASSERT_EQ(target({.host = "x", .websocket = true, .path = "/"}), "a") << text;
  } while (std::next_permutation(lines.begin(), lines.end()));
}

TEST(RouteTable, Sel2FileOrderDecidesLast) {
  // The parser lets no two equal conditions through, but a table may be built without it.
  auto routes = parse("*,path_beg=/aa a:1\n*,path_beg=/bb b:1\n");
  routes[1].path_beg = "/aa";
  EXPECT_EQ(line_of(RouteTable(routes).match({.host = "x", .path = "/aa"})), 1);
}

TEST(RouteTable, Sel5RepeatedIdIsOfNoUse) {
  Routes routes("a.test,id=x a:1\nb.test,id=x b:1\nc.test,id=y c:1\nd.test,id=x d:1\n");
  EXPECT_EQ(routes.id("x"), 0);
  EXPECT_EQ(routes.id("y"), 3);
  EXPECT_EQ(routes.http("a.test"), 1);
  EXPECT_EQ(routes.http("b.test"), 2);
}

TEST(RouteTable, Sel6IdNeedsThePathOnly) {
  Routes routes("a.test,id=x,proto=ws,ssl=yes,path_beg=/p a:1\n* b:1\n");
  EXPECT_EQ(routes.id("x", "/p/q"), 1);
  EXPECT_EQ(routes.id("x", "/q"), 0);
  EXPECT_EQ(routes.id("X", "/p"), 0);
  EXPECT_EQ(routes.id("", "/p"), 0);
}

TEST(RouteTable, RouteOutlivesItsTable) {
  auto table = std::make_unique<RouteTable>(parse("*,id=x a:1\n"));
  auto route = table->match({.host = "x", .path = "/"});
  table.reset();
  EXPECT_EQ(route->targets[0].text, "a:1");
}

TEST(RouteTable, TablesOfTheSameRoutesShareNothing) {
  auto routes = parse("* a:1\n");
  RouteTable one(routes);
  RouteTable other(routes);
  EXPECT_NE(one.match({.host = "x", .path = "/"}).get(), other.match({.host = "x", .path = "/"}).get());
}

std::string rewritten(std::string_view condition, std::string_view target) {
  auto routes = parse("*," + std::string(condition) + " a:1");
  std::string out = "GET ";
  append_rewritten_target(out, routes.at(0), target);
  return out.substr(4);
}

TEST(RewrittenTarget, Req2NothingToDo) {
  EXPECT_EQ(rewritten("path_beg=/a", "/a/b?c=/d?e"), "/a/b?c=/d?e");
  EXPECT_EQ(rewritten("debug", "/"), "/");
}

TEST(RewrittenTarget, Req2PathRem) {
  EXPECT_EQ(rewritten("path_rem=4", "/cut/x?q=1"), "/x?q=1");
  EXPECT_EQ(rewritten("path_rem=5", "/cut/x?q=1"), "/x?q=1");
  EXPECT_EQ(rewritten("path_rem=4", "/cut?q=1"), "/?q=1");
  EXPECT_EQ(rewritten("path_rem=400", "/cut?q=1"), "/?q=1");
  EXPECT_EQ(rewritten("path_rem=18446744073709551615", "/cut"), "/");
  EXPECT_EQ(rewritten("path_rem=0", "/cut"), "/cut");
}

TEST(RewrittenTarget, Req2ReplaceBeg) {
  EXPECT_EQ(rewritten("path_beg=/old/,replace_beg=/new/", "/old/x?q=1"), "/new/x?q=1");
  EXPECT_EQ(rewritten("path_beg=/old,replace_beg=", "/old/x"), "/x");
  EXPECT_EQ(rewritten("path_beg=/old,replace_beg=", "/old?q"), "/?q");
  EXPECT_EQ(rewritten("path_beg=/old,replace_beg=new", "/old/x"), "/new/x");
  EXPECT_EQ(rewritten("replace_beg=/pre", "/x"), "/pre/x");
}

TEST(RewrittenTarget, Req2ReplaceBegOverridesPathRem) {
  EXPECT_EQ(rewritten("path_beg=/a,path_rem=3,replace_beg=/b", "/a/x/y"), "/b/x/y");
}

TEST(RewrittenTarget, Req2AsteriskStays) {
  EXPECT_EQ(rewritten("path_rem=1", "*"), "*");
  EXPECT_EQ(rewritten("replace_beg=/x", "*"), "*");
}

}  // namespace
}  // namespace holdfast::proxy
