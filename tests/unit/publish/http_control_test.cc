// SPDX-License-Identifier: Apache-2.0
#include "publish/http_control.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "channel/table.h"
#include "support/core_turns.h"
#include "support/fake_exchange.h"
#include "support/messages.h"
#include "support/recorder.h"

namespace holdfast::publish {
namespace {

using test::FakeExchange;
using Texts = std::vector<std::string>;

class HttpControl : public ::testing::Test {
 protected:
  HttpControl() {
    hub_.add_core(core_, table_);
    listener_.join({"a", "b"});
  }

  /// Status, form and text of the answer.
  std::string ask(std::string_view method, std::string_view target, std::string_view body = "",
                  const std::vector<Field>& fields = {}) {
    FakeExchange exchange;
    endpoint_.on_request(exchange, {.method = method, .target = target, .host = "h", .fields = fields}, body, End::yes);
    return answer(exchange);
  }
  std::string answer(FakeExchange& exchange) {
    EXPECT_TRUE(exchange.over());
    if (!exchange.head()) return "none";
    const auto& head = *exchange.head();
    EXPECT_EQ(head.body_kind, BodyKind::sized);
    EXPECT_EQ(head.body_size, exchange.body().size());
    exchange.end_turn();
    std::string text = std::to_string(head.status);
    for (const auto& field : head.fields)
      text += " " + (field.name == "Content-Type" ? "" : field.name + "=") + field.value;
    return text + " " + exchange.body();
  }
  const Texts& delivered() {
    test::settle(core_);
    return listener_.received;
  }
  static std::string item(std::string_view channel, std::string_view content) {
    return R"({"items":[{"channel":")" + std::string(channel) + R"(","http-stream":{"content":")" +
           std::string(content) + R"("}}]})";
  }

  channel::Hub hub_{channel::HubOptions{.backlog_max_bytes = 1000000}};
  net::Core core_{0};
  channel::ChannelTable table_{core_, hub_, channel::TableOptions{0}, nullptr};
  test::Recorder listener_{table_};
  ControlEndpoint endpoint_{hub_, core_.counters()};
};

const std::string kPublished = "200 text/plain Published\n";

TEST_F(HttpControl, Publishes) {
  EXPECT_EQ(ask("POST", "/publish/", item("a", "1")), kPublished);
  EXPECT_EQ(ask("POST", "/publish", R"({"items":[
      {"channel":"a","formats":{"http-stream":{"content":"2"}}},
      {"channel":"b","formats":{"http-stream":{"content":"3"}}}]})"),
            kPublished);
  EXPECT_EQ(ask("POST", "/publish/", R"({"items":[]})"), kPublished);
  EXPECT_EQ(delivered(), (Texts{"1", "2", "3"}));
}

TEST_F(HttpControl, AnyPrefixAndQueryAndOneSlashBehind) {
  for (auto target : {"/publish", "/publish/", "/realm/x/publish/", "/service/x/publish", "/publish/?a=b", "/publish?x",
                      "//publish"}) {
    EXPECT_EQ(ask("POST", target, item("a", "x")), kPublished) << target;
  }
  for (auto target : {"/publish//", "/publishes", "/xpublish", "/publish/x", "/Publish", "/", "*"}) {
    EXPECT_NE(ask("POST", target, item("a", "x")), kPublished) << target;
  }
  EXPECT_EQ(delivered().size(), 7u);
}

TEST_F(HttpControl, OtherResources) {
  EXPECT_EQ(ask("GET", "/"), "200 text/plain Holdfast\n");
  EXPECT_EQ(ask("GET", "/healthz"), "200 text/plain OK\n");
  EXPECT_EQ(ask("POST", "/recover"), "501 text/plain recover is not yet supported.\n");
  EXPECT_EQ(ask("GET", "/nowhere"), "404 text/plain Not Found\n");
  EXPECT_EQ(ask("OPTIONS", "*"), "404 text/plain Not Found\n");
}

TEST_F(HttpControl, OtherMethods) {
  EXPECT_EQ(ask("GET", "/publish/"), "405 text/plain Allow=POST Method not allowed: GET.\n");
  EXPECT_EQ(ask("post", "/publish/", item("a", "x")), "405 text/plain Allow=POST Method not allowed: post.\n");
  EXPECT_TRUE(delivered().empty());
}

TEST_F(HttpControl, WhatIsNotSupportedYetIsSaid) {
  EXPECT_EQ(ask("POST", "/publish/?receipt=1", item("a", "x")), "400 text/plain 'receipt' is not yet supported.\n");
  EXPECT_EQ(ask("POST", "/publish/?a&receipt", item("a", "x")), "400 text/plain 'receipt' is not yet supported.\n");
  EXPECT_TRUE(delivered().empty());
}

TEST_F(HttpControl, ABadItemPublishesNothing) {
  auto answer =
      ask("POST", "/publish/", R"({"items":[{"channel":"a","http-stream":{"content":"1"}},{"channel":"a"}]})");
  EXPECT_TRUE(answer.starts_with("400 text/plain ")) << answer;
  EXPECT_NE(answer.find("item 1"), std::string::npos) << answer;
  EXPECT_TRUE(ask("POST", "/publish/", "no JSON").starts_with("400 text/plain "));
  EXPECT_TRUE(ask("POST", "/publish/").starts_with("400 text/plain "));
  EXPECT_TRUE(delivered().empty());
}

TEST_F(HttpControl, BodiesThatComeInParts) {
  FakeExchange exchange;
  auto body = item("a", "in parts");
  endpoint_.on_request(exchange, {.method = "POST", .target = "/publish/"}, body.substr(0, 5), End::no);
  ASSERT_FALSE(exchange.over());
  for (char c : body.substr(5)) exchange.handler()->on_request_body({&c, 1}, End::no);
  EXPECT_FALSE(exchange.over());
  EXPECT_TRUE(delivered().empty());
  exchange.handler()->on_request_body({}, End::yes);
  EXPECT_EQ(answer(exchange), kPublished);
  EXPECT_EQ(delivered(), Texts{"in parts"});
}

TEST_F(HttpControl, AClientThatLeavesInTheMiddlePublishesNothing) {
  FakeExchange exchange;
  endpoint_.on_request(exchange, {.method = "POST", .target = "/publish/"}, item("a", "x"), End::no);
  exchange.handler()->on_client_gone();
  exchange.set_handler(nullptr);
  exchange.end_turn();
  EXPECT_TRUE(delivered().empty());
}

TEST_F(HttpControl, DescribesItself) {
  FakeExchange exchange;
  endpoint_.on_request(exchange, {.method = "POST", .target = "/publish/", .host = "h"}, "", End::no);
  AccessNote note;
  exchange.handler()->describe(note);
  EXPECT_EQ(note.method, "POST");
  EXPECT_EQ(note.target, "/publish/");
  EXPECT_EQ(note.host, "h");
  EXPECT_EQ(note.route, "control");
}

TEST_F(HttpControl, AnswersInTheFormThatIsAskedFor) {
  const auto body = item("a", "x");
  EXPECT_EQ(ask("POST", "/publish/", body, {{"Accept", "application/json"}}),
            "200 application/json {\"message\":\"Published\"}\n");
  EXPECT_EQ(ask("POST", "/publish/", body, {{"accept", "text/plain"}}), kPublished);
  EXPECT_EQ(ask("POST", "/publish/", body, {{"Accept", "image/png"}}),
            "406 text/plain Not Acceptable. Supported formats are text/plain and application/json.\n");
  EXPECT_EQ(ask("GET", "/nowhere", "", {{"Accept", "image/png"}}).substr(0, 3), "406") << "before anything else";
  EXPECT_EQ(delivered().size(), 2u);
}

TEST_F(HttpControl, OverTheBacklogPublishersAreToldToComeBack) {
  net::Core asleep(1);
  channel::ChannelTable table(asleep, hub_, channel::TableOptions{0}, nullptr);
  hub_.add_core(asleep, table);
  EXPECT_EQ(ask("POST", "/publish/", item("a", std::string(1000000, 'x'))), kPublished) << "one is always taken";
  auto refused = ask("POST", "/publish/", item("a", "x"));
  EXPECT_TRUE(refused.starts_with("503 text/plain Retry-After=1 ")) << refused;
  EXPECT_EQ(ask("GET", "/healthz").substr(0, 3), "200");
  delivered();
  test::settle(asleep);
  EXPECT_EQ(ask("POST", "/publish/", item("a", "x")), kPublished);
}

class ProtectedControl : public HttpControl {
 protected:
  ProtectedControl() { set_tokens({"sesame"}); }
  void set_tokens(const std::vector<std::string>& tokens) {
    endpoint_.set_credentials(std::make_shared<front::Credentials>(tokens, std::vector<front::Credentials::Issuer>()));
  }
  std::uint64_t refused() { return core_.counters().get(base::Counter::unauthorized); }
};

TEST_F(ProtectedControl, EveryResourceNeedsACredential) {
  const std::vector<Field> wrong{{"Authorization", "Bearer wrong"}};
  for (auto method : {"GET", "POST", "PUT", "OPTIONS", "post"}) {
    for (auto target : {"/", "/publish", "/publish/", "/realm/x/publish/?a=b", "/recover", "/nowhere", "*"}) {
      for (const auto& fields : {std::vector<Field>{}, wrong}) {
        auto answer = ask(method, target, item("a", "x"), fields);
        EXPECT_TRUE(
            answer.starts_with("401 text/plain WWW-Authenticate=Bearer realm=\"holdfast\" "
                               "WWW-Authenticate=Basic realm=\"holdfast\" Unauthorized: "))
            << method << target << answer;
      }
    }
  }
  EXPECT_EQ(refused(), 70u);
  EXPECT_TRUE(delivered().empty());
}

TEST_F(ProtectedControl, HealthIsForEverybody) {
  EXPECT_EQ(ask("GET", "/healthz").substr(0, 3), "200");
  EXPECT_EQ(ask("HEAD", "/healthz").substr(0, 3), "200");
  EXPECT_EQ(ask("POST", "/healthz").substr(0, 3), "401");
}

TEST_F(ProtectedControl, WithACredentialEverythingIsAsBefore) {
  const std::vector<Field> good{{"Authorization", "Bearer sesame"}};
  EXPECT_EQ(ask("POST", "/publish/", item("a", "1"), good), kPublished);
  EXPECT_EQ(ask("GET", "/", "", good), "200 text/plain Holdfast\n");
  EXPECT_EQ(ask("GET", "/nowhere", "", good), "404 text/plain Not Found\n");
  EXPECT_EQ(delivered(), Texts{"1"});
  EXPECT_EQ(refused(), 0u);
}

TEST_F(ProtectedControl, IsRefusedBeforeTheBodyArrives) {
  FakeExchange exchange;
  endpoint_.on_request(exchange, {.method = "POST", .target = "/publish/", .host = "h"}, "{", End::no);
  EXPECT_TRUE(answer(exchange).starts_with("401 ")) << "and not 406, whatever is accepted";
  EXPECT_EQ(ask("POST", "/publish/", item("a", "x"), {{"Accept", "image/png"}}).substr(0, 3), "401");
}

TEST_F(ProtectedControl, CredentialsAreSwappedForTheNextRequest) {
  const std::vector<Field> old{{"Fastly-Key", "sesame"}};
  const std::vector<Field> fresh{{"Fastly-Key", "simsim"}};
  set_tokens({"sesame", "simsim"});
  EXPECT_EQ(ask("GET", "/", "", old).substr(0, 3), "200");
  EXPECT_EQ(ask("GET", "/", "", fresh).substr(0, 3), "200");
  set_tokens({"simsim"});
  EXPECT_EQ(ask("GET", "/", "", old).substr(0, 3), "401");
  EXPECT_EQ(ask("GET", "/", "", fresh).substr(0, 3), "200");
  endpoint_.set_credentials(nullptr);
  EXPECT_EQ(ask("GET", "/").substr(0, 3), "200");
}

AnswerForm form(const std::vector<Field>& fields) {
  return choose_form(fields);
}

TEST(ChooseForm, ByTheWeights) {
  EXPECT_EQ(form({}), AnswerForm::text);
  EXPECT_EQ(form({{"Content-Type", "application/json"}}), AnswerForm::text);
  for (auto accept : {"*/*", "text/*", "text/plain", "TEXT/Plain", "*", "application/json, text/plain",
                      "application/json;q=0.5, text/plain;q=0.6", "text/html, */*;q=0.1", "application/json, */*"}) {
    EXPECT_EQ(form({{"Accept", accept}}), AnswerForm::text) << accept;
  }
  for (auto accept :
       {"application/json", "application/*", "text/plain;q=0.5, application/json",
        "text/*;q=0.1,application/json;q=0.2;x=y", "text/html, application/json", "application/json, text/plain;q=0"}) {
    EXPECT_EQ(form({{"Accept", accept}}), AnswerForm::json) << accept;
  }
  for (auto accept : {"", "text/html", "image/*, text/html", "text/plain;q=0", "*/*;q=0", "text/plain;q=x",
                      "text/plain;q=2", "text/plain;q=nan", "text/plainx"}) {
    EXPECT_EQ(form({{"Accept", accept}}), AnswerForm::not_acceptable) << accept;
  }
}

TEST(ChooseForm, SeveralFieldsAreOneList) {
  EXPECT_EQ(form({{"Accept", "text/plain;q=0.1"}, {"Accept", "application/json"}}), AnswerForm::json);
}

TEST(ChooseForm, TheMostSpecificRangeCounts) {
  EXPECT_EQ(form({{"Accept", "text/plain;q=0, */*"}}), AnswerForm::json);
  EXPECT_EQ(form({{"Accept", "*/*, text/plain;q=0.1"}}), AnswerForm::json);
  EXPECT_EQ(form({{"Accept", "text/plain;q=0, text/*;q=1, application/json;q=0, */*"}}), AnswerForm::not_acceptable);
  EXPECT_EQ(form({{"Accept", "text/*;q=0.3, */*;q=0.5, application/json;q=0.4"}}), AnswerForm::json);
}

}  // namespace
}  // namespace holdfast::publish
