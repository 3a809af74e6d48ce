// SPDX-License-Identifier: Apache-2.0
#include "admin/connections.h"

#include <deque>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "support/admin_bench.h"

namespace holdfast::admin {
namespace {

using test::AdminBench;

const std::string kGet = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";

class AdminConnections : public ::testing::Test {
 protected:
  std::vector<std::string> ids(const std::string& query) {
    std::vector<std::string> all;
    auto page = bench_.json("/connections" + query);
    for (const auto& connection : page["connections"]) all.push_back(connection["id"]);
    cursor_ = page["cursor"];
    return all;
  }
  void connect(unsigned core) { clients_.push_back(bench_.parts[core]->connect()); }

  AdminBench bench_;
  std::deque<test::FrontClient> clients_;
  base::Json cursor_;
};

TEST_F(AdminConnections, AnIdleOne) {
  connect(1);
  auto page = bench_.json("/connections");
  ASSERT_EQ(page["connections"].size(), 1u);
  auto& shown = page["connections"][0];
  EXPECT_EQ(shown["peer"], "192.0.2.1");
  for (auto member : {"route", "method", "host", "target", "hold"}) EXPECT_TRUE(shown[member].is_null()) << member;
  EXPECT_EQ(shown["channels"].size() + shown["meta"].size(), 0u);
  EXPECT_EQ(shown["queued_bytes"], 0);
  EXPECT_EQ(bench_.json("/connections/" + shown["id"].get<std::string>()), shown);
}

TEST_F(AdminConnections, OneWithARequest) {
  connect(2);
  clients_[0].send(kGet);
  bench_.settle();
  auto shown = bench_.json("/connections")["connections"][0];
  EXPECT_EQ(shown["method"], "GET");
  EXPECT_EQ(shown["target"], "/1");
  EXPECT_EQ(shown["route"], "scripted");
  EXPECT_EQ(ids("?route=scripted").size(), 1u);
  EXPECT_EQ(ids("?route=other").size(), 0u);
  EXPECT_EQ(ids("?channel=c").size(), 0u);
}

TEST_F(AdminConnections, PagesGoFromCoreToCore) {
  for (unsigned core : {2u, 0u, 1u, 0u, 2u, 2u, 1u}) connect(core);
  auto all = ids("");
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 7u);
  EXPECT_TRUE(cursor_.is_null());
  for (std::size_t limit : {1u, 2u, 3u, 6u}) {
    std::vector<std::string> seen;
    std::string query = "?limit=" + std::to_string(limit);
    do {
      auto page = ids(query + (seen.empty() ? "" : "&cursor=" + seen.back()));
      EXPECT_LE(page.size(), limit);
      seen.insert(seen.end(), page.begin(), page.end());
    } while (!cursor_.is_null());
    EXPECT_EQ(seen, all) << limit;
  }
  EXPECT_EQ(ids("?limit=7"), all);
  EXPECT_TRUE(cursor_.is_null());
}

TEST_F(AdminConnections, ACursorOutlivesItsConnection) {
  for (int i = 0; i < 4; ++i) connect(0);
  auto all = ids("");
  auto first = ids("?limit=2");
  clients_[1].close();  // the cursor's
  bench_.settle();
  EXPECT_EQ(ids("?cursor=" + first.back()), std::vector<std::string>(all.begin() + 2, all.end()));
}

TEST_F(AdminConnections, ManyInSlices) {
  for (int i = 0; i < 600; ++i) connect(1);
  EXPECT_EQ(ids("?limit=1000").size(), 600u);
  EXPECT_EQ(ids("?route=nobody").size(), 0u);
}

TEST_F(AdminConnections, ClosingOne) {
  connect(0);
  connect(0);
  auto all = ids("");
  EXPECT_EQ(bench_.answer("DELETE", "/connections/" + all[0]), "200 {\"closed\":1}\n");
  clients_[0].receive();
  EXPECT_TRUE(clients_[0].ended());
  EXPECT_EQ(bench_.answer("DELETE", "/connections/" + all[0]), "404 {\"error\":\"no such connection\"}\n");
  EXPECT_EQ(ids(""), std::vector<std::string>{all[1]});
}

TEST_F(AdminConnections, OneWhoseRequestIsUnderWayIsCutOff) {
  connect(0);
  clients_[0].send(kGet);
  bench_.settle();
  EXPECT_EQ(bench_.answer("DELETE", "/connections/" + ids("").at(0)), "200 {\"closed\":1}\n");
  bench_.settle();
  EXPECT_EQ(clients_[0].receive(), "");
  EXPECT_TRUE(clients_[0].ended());
  EXPECT_TRUE(bench_.parts[0]->acceptor.requests[0]->gone);
}

TEST_F(AdminConnections, IdsThatAreNone) {
  connect(0);
  auto id = ids("").at(0);
  for (const std::string& bad :
       std::vector<std::string>{id + "0", "0" + id, id.substr(0, id.size() - 1), std::string("x"), std::string(":"),
                                id.substr(0, id.find(':')) + ":ffffffffffffffff"}) {
    EXPECT_TRUE(bench_.answer("GET", "/connections/" + bad).starts_with("404 ")) << bad;
  }
}

}  // namespace
}  // namespace holdfast::admin
